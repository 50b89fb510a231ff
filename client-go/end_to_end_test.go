package client_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
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

// serve runs the real server on a real socket.
func serve(t *testing.T) string {
	quiet := slog.New(slog.DiscardHandler)
	store, err := disk.Open(t.TempDir(), disk.Config{Logger: quiet})
	require.NoError(t, err)
	s, err := server.New(server.Config{Store: store, Logger: quiet})
	require.NoError(t, err)
	listener := httptest.NewServer(s)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, s.Shutdown(ctx))
		listener.Close()
		require.NoError(t, store.Close())
	})
	return listener.URL
}

func join(t *testing.T, url, name string, kind doc.Kind) (*client.Conn, *client.Doc) {
	c, err := client.Connect(url, client.Options{
		User: client.User{Name: "test", Color: "#123456"}, Logger: slog.New(slog.DiscardHandler),
		BackoffMin: 10 * time.Millisecond, BackoffMax: 50 * time.Millisecond,
		OnEvent: func(e client.Event) {
			if e.Kind == client.EventProblem || e.Kind == client.EventReopening {
				t.Errorf("%v: %v", e.Kind, e.Err)
			}
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	d, err := c.Open(name, kind)
	require.NoError(t, err)
	require.NoError(t, d.WaitReady(within(t)))
	return c, d
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// Three clients type at once, while their connections are cut: in the end all have the same, and every token once.
func TestTypingTogetherThroughCuts(t *testing.T) {
	url := serve(t)
	const edits = 150
	var typing sync.WaitGroup
	var docs []*client.Doc
	for n := range 3 {
		c, d := join(t, url, "notes/today", doc.Text)
		docs = append(docs, d)
		rng := rand.New(rand.NewPCG(1, uint64(n)))
		typing.Go(func() {
			for i := range edits {
				err := d.Update(func(tx *client.Tx) error {
					var b ot.Builder
					at := rng.IntN(tx.Text().Len() + 1)
					for tx.Text().Splits(at) || inToken(tx.Text().String(), at) {
						at--
					}
					b.Retain(at, nil)
					b.InsertText(fmt.Sprintf("[%d.%d]", n, i), nil)
					return tx.Edit(b.Op(), -1)
				})
				if err != nil {
					t.Error(err)
					return
				}
				switch {
				case rng.IntN(25) == 0:
					c.Cut()
				case rng.IntN(3) == 0:
					if err := d.WaitSaved(within(t)); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	typing.Wait()
	for _, d := range docs {
		require.NoError(t, d.WaitSaved(within(t)))
	}
	_, reader := join(t, url, "notes/today", doc.Text)
	want := reader.Text()
	for n := range 3 {
		for i := range edits {
			require.Equal(t, 1, strings.Count(want, fmt.Sprintf("[%d.%d]", n, i)), "[%d.%d]", n, i)
		}
	}
	for _, d := range docs {
		reach(t, d, reader.Revision())
		require.Equal(t, want, d.Text())
		require.Equal(t, reader.Place(), d.Place())
	}
}

// inToken reports whether an offset of an ASCII text lies inside a token.
func inToken(text string, at int) bool {
	return strings.LastIndexByte(text[:at], '[') > strings.LastIndexByte(text[:at], ']')
}

// reach waits until a revision is held.
func reach(t *testing.T, d *client.Doc, rev doc.Revision) {
	moved := make(chan struct{}, 1)
	d.OnChange(func(ot.Op, bool) {
		select {
		case moved <- struct{}{}:
		default:
		}
	})
	for d.Revision() < rev {
		select {
		case <-moved:
		case <-time.After(100 * time.Millisecond): // an op that has become empty does not show
			require.NoError(t, t.Context().Err())
		case <-within(t).Done():
			require.FailNow(t, "it does not catch up", "revision %d of %d", d.Revision(), rev)
		}
	}
}

// A paste of several limits' size goes in parts, and comes back in pieces.
func TestALargePaste(t *testing.T) {
	url := serve(t)
	_, d := join(t, url, "large", doc.Text)
	text := strings.Repeat("0123456789ü😀\n", 30_000)
	require.NoError(t, d.Update(func(tx *client.Tx) error {
		var b ot.Builder
		b.InsertText(text, nil)
		return tx.Edit(b.Op(), 0)
	}))
	require.NoError(t, d.WaitSaved(within(t)))
	require.Greater(t, d.Revision(), doc.Revision(4))
	_, reader := join(t, url, "large", doc.Text)
	require.True(t, text == reader.Text())
}

// Embeds count one code unit each, and as much text as they hold.
func TestALargePasteOfEmbeds(t *testing.T) {
	url := serve(t)
	_, d := join(t, url, "rich", doc.Rich)
	require.NoError(t, d.Update(func(tx *client.Tx) error {
		var b ot.Builder
		for range 40 {
			b.InsertEmbed(ot.Embed{Type: "image", Value: strings.Repeat("x", 16<<10)}, nil)
		}
		return tx.Edit(b.Op(), -1)
	}))
	require.NoError(t, d.WaitSaved(within(t)))
	require.NoError(t, d.Problem())
	_, reader := join(t, url, "rich", doc.Rich)
	require.Equal(t, 40, reader.Len())
}

func TestCaretsOfOthers(t *testing.T) {
	url := serve(t)
	_, a := join(t, url, "carets", doc.Text)
	_, b := join(t, url, "carets", doc.Text)
	require.NoError(t, a.Update(func(tx *client.Tx) error {
		var op ot.Builder
		op.InsertText("hello", nil)
		return tx.Edit(op.Op(), 5)
	}))
	require.NoError(t, a.WaitSaved(within(t)))
	a.SetPresence(&ot.Range{Anchor: 1, Head: 4})
	require.Eventually(t, func() bool {
		peers := b.Peers()
		return len(peers) == 1 && peers[0].User.Name == "test" && peers[0].Selection != nil && *peers[0].Selection == ot.Range{Anchor: 1, Head: 4}
	}, 10*time.Second, 5*time.Millisecond, "%+v", b.Peers())
}
