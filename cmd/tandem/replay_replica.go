package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
)

// replica is one client with the document: an author's, a reader's, or the one that reads in the end.
type replica struct {
	// Immutable after newReplica.
	replay    *replay
	name      string
	conn      *client.Conn
	doc       *client.Doc
	woken     chan struct{} // holds one: look at the revision
	left      chan struct{} // closed by close
	following sync.WaitGroup

	cutAfterWrite atomic.Bool // the connection is to be cut behind the next bytes that are written

	// Guarded by the Conn's mutex, in functions that it calls; read after close.
	section     int // an author's: where it begins
	sent        map[doc.Seq]time.Duration
	acks        []acked
	connects    int
	submitted   int
	resubmitted int
	wrong       []string

	// Owned by follow; read after close.
	seen []time.Duration // by revision: when this replica had it
}

// acked is a submission that was acknowledged. Times are since replay.origin.
type acked struct {
	rev      doc.Revision
	sent, at time.Duration
}

// Pauses of a replay's clients before they connect again.
const (
	replayBackoffMin = 20 * time.Millisecond
	replayBackoffMax = 250 * time.Millisecond
)

// newReplica connects and opens; it does not wait.
func (r *replay) newReplica(name string) (*replica, error) {
	p := &replica{
		replay: r, name: name, woken: make(chan struct{}, 1), left: make(chan struct{}), sent: map[doc.Seq]time.Duration{},
	}
	var err error
	p.conn, err = client.Connect(r.url, client.Options{
		Dial: p.dial, OnEvent: p.event, Logger: r.logger,
		BackoffMin: replayBackoffMin, BackoffMax: replayBackoffMax,
	})
	if err != nil {
		return nil, usageError{fmt.Errorf("--url: %w", err)}
	}
	if p.doc, err = p.conn.Open(r.flags.doc, doc.Text); err != nil {
		return nil, errors.Join(fmt.Errorf("open the document: %w", err), p.conn.Close())
	}
	p.doc.OnChange(p.changed)
	p.following.Go(p.follow) // ends with close, which waits for it
	return p, nil
}

// dial connects with sockets that can be cut.
func (p *replica) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	socket, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &cuttable{socket, p}, nil
}

// cuttable is a TCP connection that can be cut between sending and the acknowledgement.
type cuttable struct {
	net.Conn
	replica *replica
}

func (c *cuttable) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if err == nil && c.replica.cutAfterWrite.CompareAndSwap(true, false) {
		_ = c.Close()
	}
	return n, err
}

// changed moves the section's place. Others insert neither at it nor right before it (see separators), so that the side decides
// about this author's own inserts at the section's start only: they are inside.
func (p *replica) changed(op ot.Op, _ bool) {
	p.section = ot.TransformOffset(op, p.section, ot.Left)
	p.wake()
}

// wake has follow look at the revision.
func (p *replica) wake() {
	p.replay.moved.Add(1)
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

// follow notes when revisions come. OnChange does not name them, and must not ask: so the time is that of a look right after.
func (p *replica) follow() {
	for {
		select {
		case <-p.woken:
		case <-p.left:
			return
		}
		rev := p.doc.Revision()
		for at := p.replay.clock(); doc.Revision(len(p.seen)) <= rev; {
			p.seen = append(p.seen, at)
		}
	}
}

// event counts.
func (p *replica) event(e client.Event) {
	r := p.replay
	switch e.Kind {
	case client.EventConnected:
		if p.connects++; p.connects > 1 {
			r.reconnects.Add(1)
		}
	case client.EventDisconnected:
		r.trouble.Store(&e.Err)
	case client.EventSubmitted:
		p.submitted++
		p.sent[e.Seq] = r.clock()
	case client.EventResubmitted:
		p.resubmitted++
	case client.EventAck:
		if sent, ok := p.sent[e.Seq]; ok {
			delete(p.sent, e.Seq)
			p.acks = append(p.acks, acked{e.Rev, sent, r.clock()})
		}
		r.acked.Add(1)
		p.wake()
	case client.EventReopening:
		if errors.Is(e.Err, client.ErrDiverged) || errors.Is(e.Err, client.ErrGap) || errors.Is(e.Err, client.ErrProtocol) {
			p.complain(e.Err)
		}
	case client.EventProblem:
		if !errors.Is(e.Err, client.ErrRefused) { // it is submitted again
			p.complain(e.Err)
		}
	}
}

// complain notes what must not happen, even where all is equal in the end.
func (p *replica) complain(err error) {
	if len(p.wrong) < maxErrors {
		p.wrong = append(p.wrong, fmt.Sprintf("%s: %v", p.name, err))
	}
}

// close ends the connection, and everything that is counted.
func (p *replica) close() {
	_ = p.conn.Close()
	close(p.left)
	p.following.Wait()
}
