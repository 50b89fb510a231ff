package server

import (
	"sync"
	"time"
)

// Writers are the goroutines that write. A connection has one only while there is something to write; then it goes on to the next
// connection that has, or waits for one. A goroutine that is made for each write starts on a small stack, which grows by copying on its
// way to the network: about 4 µs, where the write itself takes 5; one that waits is woken in 1.
type writers struct {
	// Guarded by mu. A conn's mu may be held when it is taken, never the reverse.
	mu    sync.Mutex
	idle  []*writer   // the one that wrote last at the end: its stack is still in the cache
	least int         // idle at all times since the last trim: nobody needs them
	trim  *time.Timer // not nil while there are idle ones
	ended bool
}

// trimEvery is how often writers that were not needed meanwhile end.
const trimEvery = 5 * time.Second

// A writer is one of the goroutines.
type writer struct {
	next chan *conn // has room for one; nil: it is to end
	framer
}

// write has a writer write to a connection, until nothing waits there. It does not block.
func (p *writers) write(c *conn) {
	p.mu.Lock()
	var w *writer
	if last := len(p.idle) - 1; last >= 0 {
		w = p.idle[last]
		p.idle = p.idle[:last]
		p.least = min(p.least, last)
	}
	p.mu.Unlock()
	if w == nil {
		w = &writer{next: make(chan *conn, 1)}
		go p.run(w) // ends when it is trimmed; while it writes, Shutdown waits for the connection
	}
	w.next <- c
}

func (p *writers) run(w *writer) {
	for c := range w.next {
		if c == nil {
			return
		}
		c.write(&w.framer)
		w.framer.rest()
		if !p.rest(w) {
			return
		}
	}
}

// rest has a writer wait for more. False: nothing more comes.
func (p *writers) rest(w *writer) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return false
	}
	p.idle = append(p.idle, w)
	if p.trim == nil {
		p.trim = time.AfterFunc(trimEvery, p.trimIdle)
	}
	return true
}

// trimIdle ends the writers that were idle all the time since it was called last.
func (p *writers) trimIdle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.endIdle(p.least)
	p.least = len(p.idle)
	p.trim = nil
	if p.least > 0 {
		p.trim = time.AfterFunc(trimEvery, p.trimIdle)
	}
}

// endIdle ends so many, those first that wrote longest ago. mu is held.
func (p *writers) endIdle(n int) {
	for _, w := range p.idle[:n] {
		w.next <- nil
	}
	left := copy(p.idle, p.idle[n:])
	clear(p.idle[left:])
	p.idle = p.idle[:left]
}

// end ends all of them, each when it has written what it is writing.
func (p *writers) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.endIdle(len(p.idle))
	if p.trim != nil {
		p.trim.Stop()
	}
}
