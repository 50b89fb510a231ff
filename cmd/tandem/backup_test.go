package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
)

// typist is an author who appends tokens, each once, and knows which of them are acknowledged.
type typist struct {
	number int
	conn   *client.Conn
	doc    *client.Doc

	// Guarded by mu.
	mu   sync.Mutex
	next int
	anew int // how often it had to load the document, and could not resume
}

// loaded reports whether it has loaded the document more than once.
func (y *typist) loaded() bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.anew > 1
}

func (y *typist) token(n int) string { return fmt.Sprintf("<%d.%d>", y.number, n) }

// typeOne appends a token.
func (y *typist) typeOne(t *testing.T) {
	y.mu.Lock()
	token := y.token(y.next)
	y.next++
	y.mu.Unlock()
	require.NoError(t, y.doc.Update(func(tx *client.Tx) error {
		var b ot.Builder
		b.Retain(tx.Text().Len(), nil)
		b.InsertText(token, nil)
		return tx.Edit(b.Op(), -1)
	}))
}

// meet connects typists to a server.
func meet(t *testing.T, url string, n int) []*typist {
	t.Helper()
	all := make([]*typist, n)
	for i := range all {
		y := &typist{number: i}
		var err error
		y.conn, err = client.Connect(url, client.Options{
			Logger: slog.New(slog.DiscardHandler),
			User:   client.User{Name: fmt.Sprint("author ", i)}, BackoffMin: 20e6, BackoffMax: 200e6, // ns
			OnEvent: func(e client.Event) {
				if e.Kind == client.EventOpened && !e.Resumed {
					y.mu.Lock()
					y.anew++
					y.mu.Unlock()
				}
			},
		})
		require.NoError(t, err)
		t.Cleanup(func() { _ = y.conn.Close() })
		y.doc, err = y.conn.Open("shared", doc.Text)
		require.NoError(t, err)
		require.NoError(t, y.doc.WaitReady(t.Context()))
		all[i] = y
	}
	return all
}

// together has each typist type until done, one token when the one before is acknowledged.
func together(t *testing.T, typists []*typist, done func(typed int) bool) (wait func()) {
	var typing sync.WaitGroup
	for _, y := range typists {
		typing.Go(func() {
			for typed := 0; !done(typed); typed++ {
				y.typeOne(t)
				_ = y.doc.WaitSaved(t.Context())
			}
		})
	}
	return typing.Wait
}

// requireTokens: each token is there at most once, and exactly once where it must be.
func requireTokens(t *testing.T, content string, typists []*typist, must func(token int) bool) {
	t.Helper()
	for _, y := range typists {
		for n := range y.next {
			times := strings.Count(content, y.token(n))
			require.LessOrEqual(t, times, 1, "%s was applied twice", y.token(n))
			if must(n) {
				require.Equal(t, 1, times, "%s is lost", y.token(n))
			}
		}
	}
}

// TestBackupUnderLoad: people type while a backup is taken, and go on typing at the server that is made of it.
func TestBackupUnderLoad(t *testing.T) {
	const before = 15 // tokens of each that are acknowledged before the backup begins
	data := filepath.Join(t.TempDir(), "data")
	old := newServer(t, data)
	require.NoError(t, old.Start(t.Context()))
	defer old.Stop()
	typists := meet(t, old.URL(), 3)
	together(t, typists, func(typed int) bool { return typed == before })()

	// Meanwhile they do not stop.
	ctx, enough := context.WithCancel(t.Context())
	wait := together(t, typists, func(int) bool { return ctx.Err() != nil })
	backup := filepath.Join(t.TempDir(), "backup")
	good(t, "backup", "--data", data, backup)
	good(t, "check", "--data", data)
	enough()
	wait()
	together(t, typists, func(typed int) bool { return typed == 1 })() // acknowledged, and behind the backup for certain
	old.Stop()

	// The server is gone: what they type now is pending.
	pending := map[*typist]int{}
	for _, y := range typists {
		pending[y] = y.next
		for range 3 {
			y.typeOne(t)
		}
		require.False(t, y.doc.Saved())
	}
	restored := filepath.Join(t.TempDir(), "restored")
	good(t, "restore", "--data", restored, backup)
	good(t, "check", "--data", restored)
	requireTokens(t, good(t, "export", "--data", restored, "shared"), typists, func(n int) bool { return n < before })

	// On the same port, it is the server that they knew.
	successor := newServer(t, restored)
	successor.Listen = old.Listen
	require.NoError(t, successor.Restart(t.Context()))
	defer successor.Stop()
	for _, y := range typists {
		require.NoError(t, y.doc.WaitSaved(t.Context()))
	}
	together(t, typists, func(typed int) bool { return typed == 1 })()
	content := good(t, "export", "--data", restored, "shared")
	for _, y := range typists {
		requireTokens(t, content, []*typist{y}, func(n int) bool { return n < before || n >= pending[y] })
		require.True(t, y.loaded(), "the client has noticed")
		require.ErrorIs(t, y.doc.Problem(), client.ErrRestored, "what the restored server does not have is offered back")
	}
}

// TestRestoreRefuses: a backup that is not whole, and a directory that is not empty, are refused, and nothing is made.
func TestRestoreRefuses(t *testing.T) {
	data, backup := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "backup")
	good(t, "import", "--data", data, "a", write(t, "text"))
	good(t, "backup", "--data", data, backup)
	whole, err := os.ReadFile(backup)
	require.NoError(t, err)
	fresh := filepath.Join(t.TempDir(), "restored")
	refused := func(name, file, says string) {
		t.Helper()
		require.Contains(t, bad(t, 1, "restore", "--data", fresh, file), says, name)
		require.Contains(t, bad(t, 1, "inspect", "--data", fresh), "no tandem store", name)
	}
	refused("empty", write(t, ""), "too short")
	refused("cut in the header", write(t, string(whole[:100])), "too short")
	refused("a text", write(t, strings.Repeat("something else ", 100)), "not written by tandem backup")
	harmed := write(t, string(whole))
	for _, size := range []int{len(whole) - 1, len(whole) / 2, len(whole) + 1} {
		require.NoError(t, os.Truncate(harmed, int64(size)))
		refused(fmt.Sprint(size, " bytes"), harmed, "and should have")
	}
	file, err := os.OpenFile(harmed, os.O_RDWR, 0)
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteAt(whole, 0)
	require.NoError(t, err)
	require.NoError(t, file.Truncate(int64(len(whole))))
	for _, at := range []int{0, 20, 600, len(whole) - 1} {
		_, err = file.WriteAt([]byte{whole[at] ^ 0x20}, int64(at))
		require.NoError(t, err)
		refused(fmt.Sprint("flipped at ", at), harmed, "not a whole backup")
		_, err = file.WriteAt(whole[at:at+1], int64(at))
		require.NoError(t, err)
	}

	require.Contains(t, bad(t, 1, "restore", "--data", data, backup), "not empty")
	require.Equal(t, "text", good(t, "export", "--data", data, "a"))
	other := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(other, "letter"), nil, 0o600))
	require.Contains(t, bad(t, 1, "restore", "--data", other, backup), `"letter"`)
	served(t, data)
	require.Contains(t, bad(t, 1, "restore", "--data", data, backup), "not empty", "of a running server")

	good(t, "restore", "--data", fresh, backup)
	require.Equal(t, "text", good(t, "export", "--data", fresh, "a"))
	empty := t.TempDir()
	good(t, "restore", "--data", empty, backup)
	require.Equal(t, "text", good(t, "export", "--data", empty, "a"))
}
