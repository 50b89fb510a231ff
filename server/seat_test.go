//go:build unix

package server_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/disk"
	"tandem/ot"
	"tandem/server"
	"tandem/server/wire"
)

// A host is a server in this process whose memory is measured. Documents stay in memory, and nobody is pinged, or thrown out for silence or for pings.
type host struct {
	b        testing.TB
	server   *server.Server
	store    *disk.Store
	listener *httptest.Server
	buf      []byte // of whoever reads: nothing of it stays with a seat
}

func newHost(b testing.TB, dir string) *host {
	quiet := slog.New(slog.DiscardHandler)
	store, err := disk.Open(dir, disk.Config{Logger: quiet})
	require.NoError(b, err)
	s, err := server.New(server.Config{
		Store: store, Documents: doc.Config{Logger: quiet, UnloadAfter: time.Hour}, Logger: quiet,
		Limits: server.Limits{Idle: time.Hour, PingEvery: time.Hour, PingGap: time.Nanosecond},
	})
	require.NoError(b, err)
	return &host{b: b, server: s, store: store, listener: httptest.NewServer(s)}
}

func (h *host) close(seats []*seat) {
	for _, s := range seats {
		require.NoError(h.b, s.stand())
	}
	require.NoError(h.b, h.server.Shutdown(context.Background()))
	h.listener.Close()
	require.NoError(h.b, h.store.Close())
}

// name is that of a document.
func name(i int) string { return fmt.Sprintf("costs/%d", i) }

// write writes so many documents with a line of text into the store.
func (h *host) write(documents int) {
	written := make(chan error, documents)
	for i := range documents {
		stored, err := h.store.Load(h.b.Context(), name(i), doc.Text)
		require.NoError(h.b, err)
		prev := stored.Place()
		c := doc.Commit{Rev: prev.Rev + 1, Client: doc.ClientID{255}, Seq: 1, Time: 1, Bytes: ot.AppendOp(nil, insert(0, prose))}
		c.Lineage = prev.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		h.store.Append(&doc.Batch{Prev: prev, Commits: []doc.Commit{c}}, func(err error) { written <- err })
	}
	for range documents {
		require.NoError(h.b, <-written)
	}
}

// A seat is a client of which nothing is in memory but the number of a socket: no goroutine, no buffer, and nothing in Go's poller.
type seat struct {
	host     *host
	fd       int
	channels wire.Channel
}

// sit connects, and says hello.
func (h *host) sit() *seat {
	at := h.listener.Listener.Addr().(*net.TCPAddr)
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.NoError(h.b, err)
	require.NoError(h.b, syscall.Connect(fd, &syscall.SockaddrInet4{Port: at.Port, Addr: [4]byte(at.IP.To4())}))
	s := &seat{host: h, fd: fd}
	s.put([]byte("GET /ws HTTP/1.1\r\nHost: " + at.String() + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: " + wire.Subprotocol + "\r\n\r\n"))
	var head strings.Builder
	for !strings.HasSuffix(head.String(), "\r\n\r\n") {
		head.Write(s.get(1))
	}
	require.Contains(h.b, head.String(), " 101 ")
	s.say(wire.Hello{Software: "seat"})
	s.await(func(m wire.Message) bool { _, ok := m.(wire.Welcome); return ok })
	return s
}

// stand ends the connection.
func (s *seat) stand() error { return syscall.Close(s.fd) }

// open opens a document on the next channel, and waits for its content.
func (s *seat) open(i int) wire.Channel {
	s.channels++
	m := wire.Open{Channel: s.channels, Document: name(i), DocKind: doc.Text}
	rand.Read(m.Client[:]) // it never fails
	s.say(m)
	s.await(func(m wire.Message) bool {
		snapshot, ok := m.(wire.Snapshot)
		return ok && snapshot.Channel == s.channels && !snapshot.More
	})
	return s.channels
}

// submit puts a line at the start of a channel's document.
func (s *seat) submit(ch wire.Channel, seq doc.Seq, base doc.Revision) {
	s.say(wire.Submit{Channel: ch, Seq: seq, Base: base, Op: insert(0, prose)})
	s.await(func(m wire.Message) bool { ack, ok := m.(wire.Ack); return ok && ack.Seq == seq })
}

// leave ends a channel's session, and waits until the server has heard it.
func (s *seat) leave(ch wire.Channel) {
	s.say(wire.Close{Channel: ch})
	s.say(wire.Ping{N: int64(ch)})
	s.await(func(m wire.Message) bool { return m == wire.Message(wire.Pong{N: int64(ch)}) })
}

// say sends a message in a frame that is masked with zeros.
func (s *seat) say(m wire.Message) {
	payload := m.Append(nil)
	frame := binary.BigEndian.AppendUint16([]byte{0x82, 0x80 | 126}, uint16(len(payload)))
	if len(payload) < 126 {
		frame = []byte{0x82, 0x80 | byte(len(payload))}
	}
	s.put(append(append(frame, 0, 0, 0, 0), payload...))
}

// await reads until a message is the one.
func (s *seat) await(is func(wire.Message) bool) {
	for done := false; !done; {
		head := s.get(2)
		require.Equal(s.host.b, byte(0x82), head[0], "a whole binary frame")
		size := int(head[1])
		switch size {
		case 126:
			size = int(binary.BigEndian.Uint16(s.get(2)))
		case 127:
			size = int(binary.BigEndian.Uint64(s.get(8)))
		}
		require.NoError(s.host.b, wire.DecodeServer(s.get(size), wire.ServerLimits(), func(m wire.Message) error {
			if refused, ok := m.(wire.Error); ok {
				return fmt.Errorf("the server says %s: %s", refused.Code, refused.Text)
			}
			done = done || is(m)
			return nil
		}))
	}
}

func (s *seat) put(all []byte) {
	for len(all) > 0 {
		n, err := syscall.Write(s.fd, all)
		require.NoError(s.host.b, err)
		all = all[n:]
	}
}

// get reads so many bytes. They are there until the next get.
func (s *seat) get(n int) []byte {
	h := s.host
	if len(h.buf) < n {
		h.buf = make([]byte, n)
	}
	for at := 0; at < n; {
		got, err := syscall.Read(s.fd, h.buf[at:n])
		if err == syscall.EINTR {
			continue
		}
		require.NoError(h.b, err)
		require.Positive(h.b, got, "the server has ended the connection")
		at += got
	}
	return h.buf[:n]
}
