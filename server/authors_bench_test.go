package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/doc/disk"
	"tandem/ot"
	"tandem/server"
)

// BenchmarkAuthors is what authors of one document wait for, who each submit a letter when their last one is acknowledged: over loopback,
// each over a connection of its own, and each seeing what the others type. What one small write and sync of the same disk takes is
// measured in the same run.
func BenchmarkAuthors(b *testing.B) {
	for _, authors := range []int{1, 10, 200} {
		b.Run(fmt.Sprint(authors), func(b *testing.B) { benchmarkAuthors(b, authors) })
	}
}

func benchmarkAuthors(b *testing.B, authors int) {
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
	var letter ot.Builder
	letter.InsertText("a", nil)
	op := letter.Op()
	type author struct {
		doc   *client.Doc
		acked chan struct{}
		took  []time.Duration
	}
	all := make([]*author, authors)
	for i := range all {
		a := &author{acked: make(chan struct{}, 1)}
		a.doc = join(b, listener.URL, client.Options{Logger: quiet, OnEvent: func(e client.Event) {
			if e.Kind == client.EventAck {
				a.acked <- struct{}{}
			}
		}})
		all[i] = a
	}
	b.ResetTimer()
	var typing sync.WaitGroup
	for i, a := range all {
		n := b.N / authors
		if i < b.N%authors {
			n++
		}
		typing.Go(func() {
			for range n {
				began := time.Now()
				if err := a.doc.Edit(op, -1); err != nil {
					b.Error(err)
					return
				}
				<-a.acked
				a.took = append(a.took, time.Since(began))
			}
		})
	}
	typing.Wait()
	b.StopTimer()
	var took []time.Duration
	for _, a := range all {
		took = slices.Concat(took, a.took)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "commits/s")
	report(b, "ack", took)
	report(b, "fsync", fsyncs(b, 1000))
}
