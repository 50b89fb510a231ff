package client_test

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
)

// gated is a connection that is not read from while its gate is closed.
type gated struct {
	net.Conn
	gate *atomic.Pointer[chan struct{}]
}

func (g *gated) Read(p []byte) (int, error) {
	if wait := g.gate.Load(); wait != nil {
		<-*wait
	}
	return g.Conn.Read(p)
}

// Who does not read while a text is replaced again and again opens again and gets the text; what was typed meanwhile is in it once.
func TestOpeningAgainWhenFarBehind(t *testing.T) {
	const length, piece = 300_000, 60_000
	url := serve(t)
	_, busy := join(t, url, "replaced", doc.Text)
	edit := func(d *client.Doc, op ot.Op) {
		require.NoError(t, d.Update(func(tx *client.Tx) error { return tx.Edit(op, -1) }))
	}
	edit(busy, ot.Op{{Kind: ot.Insert, N: length, Text: strings.Repeat("x", length)}})
	require.NoError(t, busy.WaitSaved(within(t)))

	var gate atomic.Pointer[chan struct{}]
	var reopened atomic.Int64
	slow, err := client.Connect(url, client.Options{
		Logger: slog.New(slog.DiscardHandler), BackoffMin: 10 * time.Millisecond, BackoffMax: 50 * time.Millisecond,
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err == nil {
				err = c.(*net.TCPConn).SetReadBuffer(64 << 10)
			}
			return &gated{c, &gate}, err
		},
		OnEvent: func(e client.Event) {
			switch e.Kind {
			case client.EventReopening:
				reopened.Add(1)
			case client.EventProblem:
				t.Errorf("a problem: %v", e.Err)
			}
		},
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, slow.Close()) }()
	d, err := slow.Open("replaced", doc.Text)
	require.NoError(t, err)
	require.NoError(t, d.WaitReady(within(t)))
	closed := make(chan struct{})
	gate.Store(&closed)

	replace := func(times int) {
		for i := range times {
			var b ot.Builder
			b.Retain(100+i%4*piece, nil)
			b.InsertText(strings.Repeat(string(rune('a'+i%26)), piece), nil)
			b.Delete(piece)
			edit(busy, b.Op())
			require.NoError(t, busy.WaitSaved(within(t)))
		}
	}
	replace(100)
	rev := busy.Revision()
	edit(d, ot.Op{{Kind: ot.Insert, N: 5, Text: "[one]"}}) // it is committed, far ahead of what is read
	reach(t, busy, rev+1)
	edit(d, ot.Op{{Kind: ot.Insert, N: 5, Text: "[two]"}}) // it waits for the ack
	replace(100)
	gate.Store(nil)
	close(closed)

	require.NoError(t, d.WaitSaved(within(t)))
	reach(t, busy, d.Revision())
	reach(t, d, busy.Revision())
	require.True(t, busy.Text() == d.Text(), "they differ")
	require.Equal(t, 1, strings.Count(d.Text(), "[one]"))
	require.Equal(t, 1, strings.Count(d.Text(), "[two]"))
	require.Positive(t, reopened.Load())
}
