package load

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"tandem/server/wire"
)

// A Site is a server, as people reach it.
type Site struct {
	URL string // of its socket: ws://HOST:PORT/ws
	// Bare is a server without documents: it moves nothing, and nobody can join later.
	Bare bool
	// Spread has connections behind the first perSource come from 127.0.0.2, and so on: an address has 28,000 ports at most. Of use on
	// the same machine only.
	Spread bool

	dialed atomic.Int64
	hashes hashes
}

// perSource is how many connections come from one address.
const perSource = 10_000

// dialWithin is how long a connection may take.
const dialWithin = 30 * time.Second

var writeBuffers sync.Pool

// dial connects. What is read is counted.
func (s *Site) dial(ctx context.Context) (*websocket.Conn, *counting, error) {
	var counted *counting
	dialer := websocket.Dialer{
		Subprotocols: []string{wire.Subprotocol}, HandshakeTimeout: dialWithin,
		ReadBufferSize: 4096, WriteBufferSize: 1024, WriteBufferPool: &writeBuffers,
		NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			var d net.Dialer
			if source := (s.dialed.Add(1) - 1) / perSource; s.Spread && source > 0 {
				d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+source%200))}
			}
			c, err := d.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			counted = &counting{Conn: c}
			return counted, nil
		},
	}
	ws, _, err := dialer.DialContext(ctx, s.URL, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to %s: %w", s.URL, err)
	}
	return ws, counted, nil
}

// counting counts the bytes that are read.
type counting struct {
	net.Conn
	read atomic.Int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}
