package stack

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// network is a network in memory, from clients to one server at a time.
type network struct {
	mu       sync.Mutex
	rng      *rand.Rand
	listener *listener // nil: connection refused
	links    map[*link]struct{}
	pumps    sync.WaitGroup
}

func newNetwork(seed uint64) *network {
	return &network{rng: rand.New(rand.NewPCG(seed, 2)), links: map[*link]struct{}{}}
}

// between is a random duration.
func (n *network) between(lo, hi time.Duration) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return lo + time.Duration(n.rng.Int64N(int64(hi-lo)))
}

// link is one connection: two pipes, and between them two pumps that delay what passes.
type link struct {
	network        *network
	client, server net.Conn // the pumps' ends
	owner          string
	mu             sync.Mutex
	silent         bool
}

var errRefused = errors.New("connection refused")

// dial is for client.Options. owner says whose the connection is.
func (n *network) dial(ctx context.Context, owner string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listener
	n.mu.Unlock()
	if l == nil {
		return nil, errRefused
	}
	near, clientEnd := net.Pipe()
	far, serverEnd := net.Pipe()
	k := &link{network: n, client: clientEnd, server: serverEnd, owner: owner}
	select {
	case l.accept <- far:
	case <-l.closed:
		return nil, errRefused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	n.mu.Lock()
	n.links[k] = struct{}{}
	n.mu.Unlock()
	n.pumps.Go(func() { k.pump(k.client, k.server) }) // end when either end is closed
	n.pumps.Go(func() { k.pump(k.server, k.client) })
	return near, nil
}

// chunk is bytes on their way.
type chunk struct {
	due  time.Time
	data []byte
}

// pump carries bytes one way, in order, each with a delay of its own. The bytes under way are as many as the sender likes:
// it is a network with large buffers.
func (k *link) pump(from, to net.Conn) {
	chunks := make(chan chunk, 10_000)
	go func() { // ends with from
		defer close(chunks)
		for {
			buf := make([]byte, 16<<10)
			n, err := from.Read(buf)
			if err != nil {
				return
			}
			chunks <- chunk{time.Now().Add(k.network.between(100*time.Microsecond, 20*time.Millisecond)), buf[:n]}
		}
	}()
	for c := range chunks {
		time.Sleep(time.Until(c.due))
		if k.isSilent() {
			continue
		}
		if _, err := to.Write(c.data); err != nil {
			break
		}
	}
	if !k.isSilent() {
		k.cut()
	}
	for range chunks { // until the reader has ended
	}
}

func (k *link) isSilent() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.silent
}

// hush makes the link half open: nothing arrives any more, and nobody is told.
func (k *link) hush() {
	k.mu.Lock()
	k.silent = true
	k.mu.Unlock()
}

// cut ends the link; what is under way is lost.
func (k *link) cut() {
	_ = k.client.Close()
	_ = k.server.Close()
	k.network.mu.Lock()
	delete(k.network.links, k)
	k.network.mu.Unlock()
}

// of are the links of an owner; "" is everybody.
func (n *network) of(owner string) (out []*link) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for k := range n.links {
		if owner == "" || k.owner == owner {
			out = append(out, k)
		}
	}
	return out
}

// listen makes l the server; nil: there is none.
func (n *network) listen(l *listener) {
	n.mu.Lock()
	n.listener = l
	n.mu.Unlock()
}

// listener is a net.Listener for the server's ends.
type listener struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newListener() *listener {
	return &listener{accept: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accept:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
