package load

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"tandem/doc"
	"tandem/ot"
	"tandem/server/wire"
)

const (
	software = "tandem-bench"
	// channel is the only one that a connection has.
	channel wire.Channel = 1
)

// joinWithin is how long it may take from connecting until the content is there.
const joinWithin = 60 * time.Second

var errJoin = fmt.Errorf("the content was not there within %v", joinWithin)

// A Replica is one person's copy of a document.
type Replica struct {
	// Immutable after Join.
	site     *Site
	document string
	clock    Clock
	stride   doc.Revision // stamps are taken of revisions that it divides

	// Guarded by mu. The reader holds it while it takes a frame.
	mu     sync.Mutex
	link   *link // nil: not connected
	text   *ot.Text
	place  doc.Place
	client doc.ClientID
	goal   doc.Revision // of the open; below 0: not answered yet
	whole  bool         // the content of the open is there
	pieces *ot.Text     // of a snapshot that is not whole yet: what is held stays until then, or a return would resume from half of it
	opened doc.Place    // of that snapshot
	read   int64        // bytes, of earlier connections
	stamps []int64      // [i]: when revision (first+i)·stride was visible, ns of the clock
	first  doc.Revision
	peers  int // carets of others that came
	err    error
	author
}

// A link is one connection of a Replica.
type link struct {
	ws      *websocket.Conn
	counted *counting
	live    chan struct{} // closed when the content is there
	lost    chan struct{} // closed when the reader has ended
	asked   time.Time     // when the open was sent
	took    time.Duration // from then until it was live
	came    int64         // bytes, in that time
	gate    chan struct{} // not nil while nothing is to be read; closed to go on
}

// Join connects, opens the document, and returns when its content is there.
func Join(ctx context.Context, site *Site, clock Clock, document string, stride int) (*Replica, error) {
	r := &Replica{
		site: site, document: document, clock: clock, stride: doc.Revision(stride), text: ot.NewText(), author: author{caret: -1},
	}
	return r, r.connect(ctx)
}

// Return connects again, and resumes from what is held. The connection before must be Lost.
func (r *Replica) Return(ctx context.Context) error {
	r.mu.Lock()
	pending := r.outstanding.active || len(r.due) > 0
	r.mu.Unlock()
	if pending {
		return errors.New("load: a replica with something outstanding cannot return")
	}
	return r.connect(ctx)
}

func (r *Replica) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, joinWithin, errJoin)
	defer cancel()
	ws, counted, err := r.site.dial(ctx)
	if err != nil {
		return err
	}
	l := &link{ws: ws, counted: counted, live: make(chan struct{}), lost: make(chan struct{})}
	r.mu.Lock()
	if r.link != nil {
		r.read += r.link.counted.read.Load()
	}
	r.link, r.goal, r.whole, r.err = l, -1, false, nil
	rand.Read(r.client[:]) // it never fails
	r.author.seq = 0
	r.mu.Unlock()
	// Should it fail, reading does as well.
	_ = ws.WriteMessage(websocket.BinaryMessage, wire.Hello{Software: software}.Append(nil))
	go r.run(l) // ends with the connection, which Close closes
	select {
	case <-l.live:
		return nil
	case <-l.lost:
		select {
		case <-l.live: // it was, before it was lost
			return nil
		default:
		}
		err = r.Err()
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	r.Close()
	return fmt.Errorf("join %s: %w", r.document, err)
}

// run reads until the connection ends.
func (r *Replica) run(l *link) {
	err := r.readFrames(l)
	r.mu.Lock()
	r.err = err
	r.mu.Unlock()
	_ = l.ws.Close()
	close(l.lost)
}

func (r *Replica) readFrames(l *link) error {
	buf := make([]byte, 0, 1024)
	for {
		r.mu.Lock()
		gate := l.gate
		r.mu.Unlock()
		if gate != nil {
			<-gate // Close opens it
		}
		_, from, err := l.ws.NextReader()
		if err != nil {
			return err
		}
		buf = buf[:0]
		for err == nil {
			if len(buf) == cap(buf) {
				buf = append(buf, 0)[:len(buf)]
			}
			var n int
			n, err = from.Read(buf[len(buf):cap(buf)])
			buf = buf[:len(buf)+n]
		}
		if err != io.EOF {
			return err
		}
		if err := r.take(l, buf); err != nil {
			return err
		}
	}
}

// take takes a frame, stamps what it made visible, and types on.
func (r *Replica) take(l *link, frame []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.place.Rev
	var m letter
	for len(frame) > 0 {
		if n, size := readCarets(frame); size > 0 {
			r.peers += n
			frame = frame[size:]
			continue
		}
		if !readLetter(frame, &m) {
			break
		}
		if err := r.letter(&m); err != nil {
			return err
		}
		frame = frame[m.size:]
	}
	if len(frame) > 0 {
		if err := wire.DecodeServer(frame, wire.Limits{}, func(m wire.Message) error { return r.receive(l, m) }); err != nil {
			return err
		}
	}
	now := r.clock.Now()
	if r.place.Rev/r.stride > before/r.stride {
		r.stamp(before, now)
	}
	r.arrived(l)
	return r.typeOn(now)
}

// stamp notes when the revisions behind before became visible.
func (r *Replica) stamp(before doc.Revision, now int64) {
	if len(r.stamps) == 0 {
		r.first = before/r.stride + 1
	}
	for range r.place.Rev/r.stride - before/r.stride {
		r.stamps = append(r.stamps, now)
	}
}

// arrived notes that the content of the open is there.
func (r *Replica) arrived(l *link) {
	if !r.whole || r.place.Rev < r.goal {
		return
	}
	select {
	case <-l.live:
	default:
		l.took, l.came = time.Since(l.asked), l.counted.read.Load()-l.came
		r.stamps = nil // what came before others' typing
		close(l.live)
	}
}

// letter takes the messages that come most (L4).
func (r *Replica) letter(m *letter) error {
	if m.ack {
		return r.acked(m.seq, m.place)
	}
	if err := r.follows(m.place.Rev); err != nil {
		return err
	}
	op := [2]ot.Component{{Kind: ot.Retain, N: m.at}, {Kind: ot.Insert, N: 1, Text: single[m.text]}}
	from := 0
	if m.at == 0 {
		from = 1
	}
	if err := r.text.Apply(op[from:]); err != nil {
		return fmt.Errorf("%s: revision %d: %w", r.document, m.place.Rev, err)
	}
	r.place.Rev, r.place.Lineage = m.place.Rev, m.place.Lineage
	r.movedByLetter(m.at)
	return nil
}

func (r *Replica) follows(rev doc.Revision) error {
	if r.goal < 0 || rev != r.place.Rev+1 {
		return fmt.Errorf("%s: revision %d came after %d", r.document, rev, r.place.Rev)
	}
	return nil
}

// receive takes any other message.
func (r *Replica) receive(l *link, m wire.Message) error {
	switch m := m.(type) {
	case wire.Welcome:
		open := wire.Open{Channel: channel, Document: r.document, DocKind: doc.Text, Client: r.client}
		if r.place.ID != (doc.ID{}) {
			open.Held = wire.Some(r.place)
		}
		l.asked, l.came = time.Now(), l.counted.read.Load()
		return l.ws.WriteMessage(websocket.BinaryMessage, open.Append(nil))
	case wire.Opened:
		r.goal, r.whole = m.Place.Rev, m.Resume
		if r.pieces = nil; !m.Resume {
			r.pieces, r.opened = ot.NewText(), m.Place
		}
	case wire.Snapshot:
		return r.piece(&m)
	case wire.Commits:
		if err := r.follows(m.First); err != nil {
			return err
		}
		if err := r.text.Apply(m.Op); err != nil {
			return fmt.Errorf("%s: revision %d: %w", r.document, m.First, err)
		}
		r.place.Rev, r.place.Lineage = m.First+doc.Revision(m.Count)-1, m.Lineage.Value
		r.moved(m.Op)
	case wire.Ack:
		return r.acked(m.Seq, m.Place)
	case wire.PresenceUpdate:
		r.peers += len(m.Peers)
	case wire.Check:
		if m.Rev == r.place.Rev && m.Hash != r.site.hashes.of(r.place, r.text.Hash) {
			return fmt.Errorf("%s: the content differs from the server's at revision %d", r.document, m.Rev)
		}
	case wire.Ping:
		return l.ws.WriteMessage(websocket.BinaryMessage, wire.Pong(m).Append(nil))
	case wire.Error:
		return fmt.Errorf("%s: the server says %s: %s", r.document, m.Code, m.Text)
	}
	return nil
}

// piece takes a piece of a snapshot.
func (r *Replica) piece(m *wire.Snapshot) error {
	if r.pieces == nil {
		return fmt.Errorf("%s: a snapshot that nobody asked for", r.document)
	}
	op := m.Op
	if n := r.pieces.Len(); n > 0 {
		op = append(ot.Op{{Kind: ot.Retain, N: n}}, op...)
	}
	if err := r.pieces.Apply(op); err != nil {
		return fmt.Errorf("%s: a snapshot: %w", r.document, err)
	}
	if !m.More {
		r.text, r.place, r.caret, r.whole, r.pieces = r.pieces, r.opened, -1, true, nil
	}
	return nil
}

// Arrival is how long the last open took from when it was sent until the content was there, and how many bytes came for it.
func (r *Replica) Arrival() (took time.Duration, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.link.took, r.link.came
}

// Lost is closed when the connection has ended.
func (r *Replica) Lost() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.link.lost
}

// Err is why the connection has ended, once it has.
func (r *Replica) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// StopReading leaves what comes where it is, from the next frame on, until ReadOn.
func (r *Replica) StopReading() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.link.gate == nil {
		r.link.gate = make(chan struct{})
	}
}

// ReadOn takes StopReading back.
func (r *Replica) ReadOn() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.link.gate != nil {
		close(r.link.gate)
		r.link.gate = nil
	}
}

// Place is the place that is held.
func (r *Replica) Place() doc.Place {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.place
}

// Len is the content's length, in UTF-16 code units.
func (r *Replica) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Len()
}

// Peers is how many carets of others have come.
func (r *Replica) Peers() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.peers
}

// state is what Compare compares.
func (r *Replica) state() (doc.Revision, uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.place.Rev, r.text.Hash()
}

// BytesRead is how many bytes came over all connections.
func (r *Replica) BytesRead() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.link == nil {
		return r.read
	}
	return r.read + r.link.counted.read.Load()
}

// Close ends the connection, and waits until it has.
func (r *Replica) Close() {
	r.mu.Lock()
	l := r.link
	r.mu.Unlock()
	if l == nil {
		return
	}
	r.ReadOn()
	_ = l.counted.Close()
	<-l.lost
}
