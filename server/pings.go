package server

import (
	"sync"
	"time"
)

// Pings are when connections are pinged: all in the order in which they are due, since all wait for the same time. A timer for each takes
// a quarter of a kilobyte.
type pings struct {
	every time.Duration

	// Guarded by mu. No other lock is taken under it.
	mu          sync.Mutex
	first, last *conn // the next ones due; linked by pingNext and pingPrev
	timer       *time.Timer
	ended       bool
}

// add has a connection pinged from now on, until remove.
func (p *pings) add(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.pingAt = time.Now().Add(p.every)
	p.push(c)
	if p.first == c {
		p.arm()
	}
}

// remove has a connection not pinged any more. It may have been removed before.
func (p *pings) remove(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unlink(c)
}

// push puts a connection behind all others. mu is held.
func (p *pings) push(c *conn) {
	if c.pingPrev = p.last; p.last == nil {
		p.first = c
	} else {
		p.last.pingNext = c
	}
	p.last, c.pinged = c, true
}

// unlink takes one out. mu is held.
func (p *pings) unlink(c *conn) {
	if !c.pinged {
		return
	}
	if c.pingPrev == nil {
		p.first = c.pingNext
	} else {
		c.pingPrev.pingNext = c.pingNext
	}
	if c.pingNext == nil {
		p.last = c.pingPrev
	} else {
		c.pingNext.pingPrev = c.pingPrev
	}
	c.pingPrev, c.pingNext, c.pinged = nil, nil, false
}

// arm sets the timer for whoever is due first. mu is held.
func (p *pings) arm() {
	switch wait := time.Until(p.first.pingAt); {
	case p.ended:
	case p.timer == nil:
		p.timer = time.AfterFunc(wait, p.send)
	default:
		p.timer.Reset(wait)
	}
}

// send pings whoever is due, each on a goroutine of its own: who does not read holds up no other.
func (p *pings) send() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for p.first != nil && !p.first.pingAt.After(now) {
		c := p.first
		p.unlink(c)
		go c.sendPing() // ends with its write, which has a deadline
		c.pingAt = now.Add(p.every)
		p.push(c)
	}
	if p.first != nil {
		p.arm()
	}
}

// end ends them.
func (p *pings) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	if p.timer != nil {
		p.timer.Stop()
	}
}
