package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/disk"
	"tandem/ot"
	"tandem/server"
	"tandem/server/wire"
)

// BenchmarkResume is what a client waits for that missed so many single letters in a document of 100 KB: from its open to the last byte
// that brings it up to date, over loopback; and how much came. With "pending" it names an edit that it had not sent. The first one to
// come back after a restart is reported apart: what it reads is not in memory.
func BenchmarkResume(b *testing.B) {
	for _, missed := range []int{10_000, 100_000} {
		for _, pending := range []string{"", ", pending"} {
			b.Run(fmt.Sprint(missed, " missed", pending), func(b *testing.B) { benchmarkResume(b, missed, pending != "") })
		}
	}
}

func benchmarkResume(b *testing.B, missed int, pending bool) {
	dir, quiet := b.TempDir(), slog.New(slog.DiscardHandler)
	store, err := disk.Open(dir, disk.Config{})
	require.NoError(b, err)
	held := writeBook(b, store, 100_000, missed)
	require.NoError(b, store.Close())

	store, err = disk.Open(dir, disk.Config{})
	require.NoError(b, err)
	s, err := server.New(server.Config{Store: store, Documents: doc.Config{Logger: quiet}, Logger: quiet})
	require.NoError(b, err)
	listener := httptest.NewServer(s)
	b.Cleanup(func() {
		require.NoError(b, s.Shutdown(context.Background()))
		listener.Close()
		require.NoError(b, store.Close())
	})
	var took []time.Duration
	bytes := int64(0)
	n := byte(0)
	first := time.Duration(0)
	again := func() {
		n++
		t, size := comeBack(b, listener.URL, held, pending, clientID(n))
		bytes = size
		if first == 0 {
			first = t
			return
		}
		took = append(took, t)
	}
	again()
	for b.Loop() {
		again()
	}
	b.ReportMetric(0, "ns/op")
	report(b, "resume", took)
	b.ReportMetric(float64(first.Microseconds())/1e3, "first-ms")
	b.ReportMetric(float64(bytes), "wire-B")
}

// writeBook writes a document of so many letters, and then single letters as somebody types them, a fifth of them deleted again.
func writeBook(b *testing.B, store doc.Store, letters, typed int) (held doc.Place) {
	stored, err := store.Load(b.Context(), "book", doc.Text)
	require.NoError(b, err)
	place := stored.Place()
	seq := doc.Seq(0)
	var batch *doc.Batch
	flush := func() {
		done := make(chan error, 1)
		store.Append(batch, func(err error) { done <- err })
		require.NoError(b, <-done)
		batch = nil
	}
	commit := func(op ot.Op) {
		if batch == nil {
			batch = &doc.Batch{Prev: place}
		}
		seq++
		c := doc.Commit{Rev: place.Rev + 1, Client: doc.ClientID{255}, Seq: seq, Time: int64(seq), Bytes: ot.AppendOp(nil, op)}
		c.Lineage = place.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		place.Rev, place.Lineage = c.Rev, c.Lineage
		if batch.Commits = append(batch.Commits, c); len(batch.Commits) == 100 {
			flush()
		}
	}
	line := strings.Repeat("the quick brown fox jumps over the lazy dog, and then some more words\n", 10)
	length := 0
	for length < letters {
		commit(insert(length, line))
		length += len(line)
	}
	held = place
	random := rand.New(rand.NewPCG(1, 0))
	at := length / 2
	for range typed {
		switch {
		case random.IntN(50) == 0:
			at = random.IntN(length + 1)
			fallthrough
		default:
			commit(insert(at, string(rune('a'+random.IntN(26)))))
			at++
			length++
		case random.IntN(5) == 0 && at > 0:
			at--
			length--
			op := ot.Op{{Kind: ot.Retain, N: at}, {Kind: ot.Delete, N: 1}}
			if at == 0 {
				op = op[1:]
			}
			commit(op)
		}
	}
	if batch != nil {
		flush()
	}
	return held
}

// comeBack opens the document from a place, and reads until it is at the place that the server names.
func comeBack(b *testing.B, url string, held doc.Place, pending bool, id doc.ClientID) (time.Duration, int64) {
	dialer := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}}
	var conn *counting
	dialer.NetDial = func(network, address string) (net.Conn, error) {
		c, err := net.Dial(network, address)
		conn = &counting{Conn: c}
		return conn, err
	}
	ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/ws", nil)
	require.NoError(b, err)
	defer ws.Close()
	open := wire.Open{Channel: 1, Document: "book", DocKind: doc.Text, Client: id, Held: wire.Some(held)}
	if pending {
		open.Outstanding = wire.Some(wire.Outstanding{Client: id, Seq: 1, Base: held, Op: insert(5, "pending")})
	}
	require.NoError(b, ws.WriteMessage(websocket.BinaryMessage, wire.Hello{Software: "bench"}.Append(nil)))
	_, _, err = ws.ReadMessage()
	require.NoError(b, err)
	conn.read = 0
	began := time.Now()
	require.NoError(b, ws.WriteMessage(websocket.BinaryMessage, open.Append(nil)))
	at, goal := held.Rev, doc.Revision(-1)
	for at != goal {
		_, frame, err := ws.ReadMessage()
		require.NoError(b, err)
		require.NoError(b, wire.DecodeServer(frame, wire.ServerLimits(), func(m wire.Message) error {
			switch m := m.(type) {
			case wire.Opened:
				require.True(b, m.Resume)
				goal = m.Place.Rev
			case wire.Commits:
				at += doc.Revision(m.Count)
			case wire.Ack:
				at = m.Place.Rev
			case wire.Error:
				require.Fail(b, "the server says", "%v", m)
			}
			return nil
		}))
	}
	return time.Since(began), conn.read
}

// counting counts what is read.
type counting struct {
	net.Conn
	read int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read += int64(n)
	return n, err
}
