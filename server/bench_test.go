package server_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/doc/disk"
	"tandem/ot"
	"tandem/server"
)

// BenchmarkKeystroke is the way of one letter over loopback: from the edit to its acknowledgement, and to another client's
// replica. The store is on disk, and syncs before either. What one fsync of the same disk takes is measured beside it.
func BenchmarkKeystroke(b *testing.B) {
	quiet := slog.New(slog.DiscardHandler)
	store, err := disk.Open(b.TempDir(), disk.Config{})
	require.NoError(b, err)
	s, err := server.New(server.Config{Store: store, Documents: doc.Config{Logger: quiet}, Logger: quiet})
	require.NoError(b, err)
	listener := httptest.NewServer(s)
	b.Cleanup(func() {
		require.NoError(b, s.Shutdown(context.Background()))
		listener.Close()
		require.NoError(b, store.Close())
	})
	acked, seen := make(chan time.Time, 1), make(chan time.Time, 1)
	author := join(b, listener.URL, client.Options{Logger: quiet, OnEvent: func(e client.Event) {
		if e.Kind == client.EventAck {
			acked <- time.Now()
		}
	}})
	reader := join(b, listener.URL, client.Options{Logger: quiet})
	reader.OnChange(func(ot.Op, bool) { seen <- time.Now() })
	var letter ot.Builder
	letter.InsertText("a", nil)
	op := letter.Op()

	var ack, visible []time.Duration
	for b.Loop() {
		began := time.Now()
		require.NoError(b, author.Edit(op, -1))
		ack = append(ack, (<-acked).Sub(began))
		visible = append(visible, (<-seen).Sub(began))
	}
	b.ReportMetric(0, "ns/op") // the distributions say more
	report(b, "ack", ack)
	report(b, "visible", visible)
	report(b, "fsync", fsyncs(b, len(ack)))
}

func join(b *testing.B, url string, o client.Options) *client.Doc {
	conn, err := client.Connect(url, o)
	require.NoError(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	d, err := conn.Open("bench", doc.Text)
	require.NoError(b, err)
	require.NoError(b, d.WaitReady(b.Context()))
	return d
}

// report gives the median and the 99th percentile.
func report(b *testing.B, what string, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e6, what+"-p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1e6, what+"-p99-ms")
}

// fsyncs is how long it takes to write a little and sync it.
func fsyncs(b *testing.B, n int) (took []time.Duration) {
	file, err := os.Create(filepath.Join(b.TempDir(), "fsync"))
	require.NoError(b, err)
	defer file.Close()
	for range min(n, 1000) {
		began := time.Now()
		_, err := file.WriteAt(make([]byte, 100), 0)
		require.NoError(b, err)
		require.NoError(b, file.Sync())
		took = append(took, time.Since(began))
	}
	return took
}
