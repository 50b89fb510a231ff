package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"tandem/doc"
	"tandem/server/wire"
)

// Conn is a connection to a server, with any number of documents. It is made anew for as long as it takes, until Close or until
// the server says not to come back. Its methods may be called by any goroutine.
type Conn struct {
	// Immutable after Connect.
	url    string
	opt    Options
	ctx    context.Context // done when everything is to end
	cancel context.CancelFunc
	done   chan struct{} // closed when run has ended
	kick   chan struct{} // wakes run from a pause

	writers sync.WaitGroup

	// Guarded by mu, and so is everything in links, Docs and alarms that is not said to be otherwise (C3).
	mu      sync.Mutex
	token   string
	link    *link              // nil: there is none
	undial  context.CancelFunc // ends the attempt that is under way; nil: there is none
	again   backoff
	docs    []*Doc
	touched []*Doc // by the frame that is taken in
	closed  bool
	stopped *Problem // why there will be no link any more
}

// Connect begins to connect to a server: "https://host", "ws://host:8080/ws". It does not wait for the connection. The Conn has to
// be ended with Close.
func Connect(url string, o Options) (*Conn, error) {
	at, err := socketURL(url)
	if err != nil {
		return nil, err
	}
	if o, err = o.withDefaults(); err != nil {
		return nil, err
	}
	c := &Conn{
		url: at, opt: o, token: o.Token, done: make(chan struct{}), kick: make(chan struct{}, 1),
		again: backoff{min: o.BackoffMin, max: o.BackoffMax},
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	go c.run() // ends with Close, which waits for it
	return c, nil
}

// Open opens a document, which is created where it does not exist. It does not wait: see Doc.WaitReady.
func (c *Conn) Open(name string, kind doc.Kind) (*Doc, error) {
	if err := doc.CheckName(name); err != nil {
		return nil, err
	}
	if kind != doc.Text && kind != doc.Rich {
		return nil, fmt.Errorf("%w: %v", doc.ErrKind, kind)
	}
	var id doc.ClientID
	rand.Read(id[:]) // it never fails
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return nil, ErrClosed
	case c.stopped != nil:
		return nil, c.stopped
	}
	d := newDoc(c, name, kind, NewPending(id, kind))
	c.docs = append(c.docs, d)
	d.open()
	return d, nil
}

// SetToken brings a new token before the old one expires; it is also shown at every later connect.
func (c *Conn) SetToken(token string) error {
	if _, err := (Options{Token: token}).withDefaults(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token = token
	if c.usable() {
		c.link.push(wire.Refresh{Token: token})
	}
	return nil
}

// Cut ends the connection without a word, as a fault of the network would. It comes back after the first pause: for tests.
func (c *Conn) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.again.tries = 0
	for _, d := range c.docs {
		d.again.tries = 0
		d.retry.clear()
	}
	switch {
	case c.link != nil:
		c.link.fail(errCut)
	case c.undial != nil:
		c.undial()
	default:
		select {
		case c.kick <- struct{}{}:
		default:
		}
	}
}

// Close ends the connection and its documents, and every goroutine of theirs. What is not saved is gone: see Doc.WaitSaved.
func (c *Conn) Close() error {
	c.mu.Lock()
	l := c.link
	if !c.closed {
		c.closed = true
		for _, d := range slices.Clone(c.docs) {
			d.end()
		}
		if c.undial != nil {
			c.undial()
		}
	}
	c.mu.Unlock()
	if l != nil {
		l.leave(ErrClosed)
	} else {
		c.cancel()
	}
	<-c.done
	c.cancel()
	c.writers.Wait()
	return nil
}

// run connects, reads, pauses, and begins again.
func (c *Conn) run() {
	defer close(c.done)
	for {
		l, err := c.dial()
		if err == nil {
			err = l.read()
		}
		wait, comeBack := c.lost(l, err)
		if !comeBack || !c.pause(wait) {
			return
		}
	}
}

// pause waits, but not beyond Close. After a Cut it waits for the first pause only.
func (c *Conn) pause(wait time.Duration) bool {
	for {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			return true
		case <-c.ctx.Done():
			timer.Stop()
			return false
		case <-c.kick:
			timer.Stop()
			c.mu.Lock()
			wait = c.again.next(0, c.opt.Jitter)
			c.mu.Unlock()
		}
	}
}

// lost takes a link apart, or a failed attempt to make one (nil), and says after what pause to try again; false: never.
func (c *Conn) lost(l *link, err error) (wait time.Duration, comeBack bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lasted time.Duration
	if l != nil {
		c.link = nil
		err = l.end(err)
		if l.welcomed {
			lasted = time.Since(l.began)
		}
	}
	for _, d := range c.docs {
		d.detach()
	}
	if c.closed {
		return 0, false
	}
	wait, comeBack = c.comeBack(l, err, lasted)
	c.emit(Event{Kind: EventDisconnected, Wait: wait, Err: err})
	if !comeBack {
		c.opt.Logger.Warn("connection ended for good", "err", err)
		c.stopped = stopped(err)
		for _, d := range slices.Clone(c.docs) {
			d.stop(c.stopped.Err, c.stopped.Code)
		}
		return 0, false
	}
	c.opt.Logger.Debug("disconnected", "err", err, "wait", wait)
	return wait, true
}

// comeBack decides whether, and after what pause, a link is to follow one that ended with err.
func (c *Conn) comeBack(l *link, err error, lasted time.Duration) (time.Duration, bool) {
	var told *serverError
	var closing *websocket.CloseError
	switch {
	case errors.Is(err, errGoaway):
		c.again.tries = 0
		return 0, true
	case errors.As(err, &told):
		if !told.code.Close().ComeBack() {
			return 0, false
		}
		return told.retryAfter + c.again.next(lasted, c.opt.Jitter), true
	case errors.As(err, &closing) && !wire.CloseCode(closing.Code).ComeBack():
		return 0, false
	}
	wait := c.again.next(lasted, c.opt.Jitter)
	if refused := (*handshakeError)(nil); errors.As(err, &refused) {
		return refused.retryAfter + wait, true
	}
	if l != nil && l.move.isSet() { // the server has gone before the moment that was picked
		return min(max(0, time.Until(l.move.at)), c.opt.BackoffMax), true
	}
	return wait, true
}

// stopped is the Problem of a connection that ended for good.
func stopped(err error) *Problem {
	p := &Problem{Err: fmt.Errorf("%w: %w", ErrStopped, err)}
	if told := (*serverError)(nil); errors.As(err, &told) {
		p.Code = told.code
	}
	return p
}

// usable reports whether there is a link that documents can be opened on.
func (c *Conn) usable() bool { return c.link != nil && c.link.usable() }

func (c *Conn) emit(e Event) {
	if c.opt.OnEvent != nil {
		c.opt.OnEvent(e)
	}
}
