package server_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/server"
	"tandem/server/wire"
)

// lines is a log that is read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// with are the lines that have a text in them.
func (l *lines) with(text string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.buf.String()) {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// TestBoundsAreLogged: that people are refused is said with the flag to raise, once a minute.
func TestBoundsAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &lines{}
		r := newPipeRig(t, server.Config{
			Logger: slog.New(slog.NewTextHandler(log, nil)), Limits: server.Limits{Connections: 1}, Documents: doc.Config{MaxDocuments: 1},
		})
		p := r.join()
		p.open(1, "a", clientID(1))
		refused := func() {
			p.ask(wire.Open{Channel: 2, Document: "b", DocKind: doc.Text, Client: clientID(2)})
			require.Equal(t, wire.CodeBusy, next[wire.Error](p).Code)
			dialer := websocket.Dialer{NetDial: p.dialer(), Subprotocols: []string{wire.Subprotocol}}
			_, answer, err := dialer.Dial("ws://localhost/ws", nil)
			require.Error(t, err)
			require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
		}
		for range 3 {
			refused()
		}
		require.Len(t, log.with("raise=--max-documents"), 1)
		require.Len(t, log.with("raise=--max-connections"), 1)
		time.Sleep(time.Minute)
		refused()
		for _, flag := range []string{"raise=--max-documents", "raise=--max-connections"} {
			said := log.with(flag)
			require.Len(t, said, 2)
			require.Contains(t, said[1], `"refused before"=2`)
		}
	})
}
