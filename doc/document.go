package doc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config is how documents are run. The zero value works.
type Config struct {
	StateConfig
	// PresenceEvery is how often presence goes out at most: 50 ms by default.
	PresenceEvery time.Duration
	// SnapshotEvery is how often a document is stored as a whole at most, however fast it is written to: 1 s by default. Each snapshot
	// takes a transaction of its own, and to replay a second's commits takes a load milliseconds.
	SnapshotEvery time.Duration
	// LatencyBudget is how long an edit may take from when its frame was read to when others are written to: 50 ms by default. While
	// it takes longer, presence goes out less often, down to every 2 s. Negative: it always goes out every PresenceEvery.
	LatencyBudget time.Duration
	// Observer hears how long things take: nobody by default.
	Observer Observer
	// UnloadAfter is how long a document stays in memory without a session: 30 s by default.
	UnloadAfter time.Duration
	// MaxDocuments is how many documents are in memory at a time: 10,000 by default.
	MaxDocuments int
	// Retention is how much of their past documents keep: all of it by default. It needs a store that is an Archive.
	Retention Retention
	// RetentionEvery is how often documents are trimmed to it, about: every hour by default.
	RetentionEvery time.Duration
	// Logger is where documents report: slog.Default() by default.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	c.StateConfig = c.StateConfig.withDefaults()
	c.PresenceEvery = cmp.Or(c.PresenceEvery, 50*time.Millisecond)
	c.SnapshotEvery = cmp.Or(c.SnapshotEvery, time.Second)
	c.LatencyBudget = cmp.Or(c.LatencyBudget, latencyBudget)
	c.MaxDocuments = cmp.Or(c.MaxDocuments, 10_000)
	c.RetentionEvery = cmp.Or(c.RetentionEvery, retentionEvery)
	c.UnloadAfter = cmp.Or(c.UnloadAfter, 30*time.Second)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Document runs one State: a goroutine with one inbox, which takes turns.
type Document struct {
	// Immutable after newDocument.
	name     string
	kind     Kind
	chain    chain
	store    Store
	composer *composer
	cfg      Config
	log      *slog.Logger
	wake     chan struct{} // has room for one: there is something to do
	saved    chan error    // has room for one: what became of the batch at the store
	gone     chan struct{} // closed when the goroutine has ended

	// Published; read by anyone.
	view    atomic.Pointer[View]
	recents recents      // what submissions were moved over before their turns
	present atomic.Int64 // sessions
	slowest peak         // the longest way of an edit to a session since the last turn

	// Guarded by mu: the inbox.
	mu       sync.Mutex
	leaves   []SessionNumber
	opens    []*openCall
	tasks    []*task
	queued   []*Session // with a submission
	moved    []*Session // with presence, which waits for its tick
	ticking  bool       // a tick is due when tick fires
	leaving  int        // sessions that left since the last tick, or may have made room for another
	ticked   time.Time  // when the last one was
	closed   bool       // nothing is taken in any more
	stopped  error      // not nil: unload at once, and what whoever is attached hears
	thinning thinning   // of presence

	// Owned by loop.
	state        *State
	sessions     map[SessionNumber]*Session
	calls        map[*OpenRequest]*openCall
	atStore      bool
	handed       Instant     // when the batch at the store was handed to it; with an observer only
	snapshotted  time.Time   // when one was taken last
	snapshotting chan error  // not nil: a snapshot is on its way; it has room for one
	tick         *time.Timer // set under mu; a timer is nil until it is needed
	idleTimer    *time.Timer
	idleSince    time.Time // zero: in use
	spaceTimer   *time.Timer
	spaceAsked   time.Time                  // when the store was asked for space last
	noSpace      map[SessionNumber]struct{} // who was refused for lack of space; nil: nobody was yet
	grown        Revision                   // up to which spans were asked for
	rest         rest
}

// openCall is an open in the inbox.
type openCall struct {
	// Immutable.
	request *OpenRequest
	session *Session
	done    chan error // has room for one

	// Guarded by Document.mu.
	abandoned bool // nobody waits for it any more
}

// newDocument is a document as the store has it. Its loop ends by itself when idle, by stop, or when its store fails it.
func newDocument(name string, stored *Stored, store Store, composer *composer, cfg Config) (*Document, error) {
	state, err := NewState(stored, cfg.StateConfig)
	if err != nil {
		return nil, fmt.Errorf("document %q: %w", name, err)
	}
	d := &Document{
		name: name, kind: stored.Kind, chain: chain{name, stored.Snapshot.Place.ID, stored.Snapshot.Place.Epoch},
		store: store, composer: composer, cfg: cfg, log: cfg.Logger.With("doc", name),
		wake: make(chan struct{}, 1), saved: make(chan error, 1), gone: make(chan struct{}),
		state: state, sessions: map[SessionNumber]*Session{}, calls: map[*OpenRequest]*openCall{},
		thinning: newThinning(cfg.LatencyBudget, cfg.PresenceEvery),
	}
	d.knockAfter(&d.idleTimer, cfg.UnloadAfter)
	d.view.Store(state.View())
	composer.enter(d.chain, &d.view)
	d.grow() // what was missed, if anything
	return d, nil
}

// View is what is durable of the document.
func (d *Document) View() *View { return d.view.Load() }

// stop has the document unload once what is in the inbox is durable, and tells its sessions why. Nothing more is taken in: its clients
// type on, and would keep it busy for ever.
func (d *Document) stop(why error) {
	d.mu.Lock()
	d.stopped, d.closed = why, true
	d.mu.Unlock()
	d.knock()
}

// knock tells the loop that there is something to do: in the inbox, from the store, or because it is time. It is the only thing that the
// loop waits for: a select over a channel for each, three of them timers', took a tenth of a turn.
func (d *Document) knock() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// knockAfter knocks after a time, by a timer that is made when it is needed first.
func (d *Document) knockAfter(timer **time.Timer, wait time.Duration) {
	if *timer == nil {
		*timer = time.AfterFunc(wait, d.knock)
		return
	}
	(*timer).Reset(wait)
}

// live takes turns until the document is to go, and calls ended then. When nothing has come for a while, a fresh goroutine goes on.
func (d *Document) live(ended func()) {
	if d.loop() {
		go d.live(ended) // ends when the document has
		return
	}
	d.composer.leave(d.chain)
	close(d.gone)
	ended()
}

// loop takes turns until the document is to go, or rests. A panic, which is a broken invariant, ends this document and no other.
func (d *Document) loop() (rests bool) {
	defer func() {
		if r := recover(); r != nil {
			d.log.Error("document stopped: broken invariant", "err", r, "stack", string(debug.Stack()))
			d.end(fmt.Errorf("%w: internal error", ErrOpenAgain))
			rests = false
		}
	}()
	for {
		<-d.wake
		d.rest.woken(time.Now())
		select {
		case err := <-d.snapshotting:
			d.snapshotDone(err)
		default:
		}
		select {
		case err := <-d.saved:
			d.atStore = false
			if err != nil {
				d.log.Warn("commit failed: sessions end, the document is loaded again", "err", err)
				d.end(fmt.Errorf("%w: %w", ErrOpenAgain, err))
				return false
			}
			d.committed()
		default:
		}
		d.tellOfSpace()
		if d.atStore {
			continue
		}
		d.turn()
		switch {
		case d.atStore:
		case d.unload():
			return false
		case d.rest.begins(d.knock):
			return true
		}
	}
}

// committed shows the batch that has become durable.
func (d *Document) committed() {
	d.stamp(d.state.batch)
	if len(d.state.batch) < 2 {
		d.recents.drop()
	}
	for _, s := range d.sessions { // before it can be read
		s.learn(d.state.batch)
	}
	d.publish(d.state.Committed(), false)
}

// turn takes what waits, and hands what is to be committed to the store. A snapshot is taken first, if one is due: between
// turns everything is durable, also in a document that is never quiet.
func (d *Document) turn() {
	now := time.Now()
	if d.snapshotting == nil && now.Sub(d.snapshotted) >= d.cfg.SnapshotEvery {
		d.snapshot(false)
	}
	d.runTasks()
	in, tick := d.take(now)
	in.Refuse = d.store.Ready()
	batch, effects := d.state.Turn(in)
	d.publish(effects, tick)
	if batch != nil {
		d.atStore = true
		d.store.Append(batch, func(err error) {
			d.saved <- err
			d.knock()
		})
	}
	d.turned(At(now), in)
}

// batchBytes is how much of submissions one turn takes, about: 1 MiB. The rest waits for the next.
const batchBytes = 1 << 20

// take empties the inbox. Presence is left in it until its tick, and what is too much for one batch.
func (d *Document) take(now time.Time) (in *Inbox, tick bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	in = &Inbox{Leaves: d.leaves, Now: now.UnixMilli()}
	d.leaving += len(d.leaves) + len(d.opens)
	size := 0 // of what may be committed
	opens := d.opens
	for len(opens) > 0 && size < batchBytes {
		call := opens[0]
		d.calls[call.request] = call
		in.Opens = append(in.Opens, call.request)
		if out := call.request.Outstanding; out != nil {
			size += len(out.Bytes)
		}
		opens = opens[1:]
	}
	left := d.queued[:0]
	for _, s := range d.queued {
		if size >= batchBytes {
			left = append(left, s)
			continue
		}
		if s.move != nil && s.move.User != nil {
			in.Moves = append(in.Moves, d.takeMove(s))
		}
		size += len(s.submission.Bytes)
		in.Submissions = append(in.Submissions, s.submission)
		s.submission = nil
	}
	clear(d.queued[len(left):])
	d.leaves, d.opens, d.queued = nil, slices.Clone(opens), left
	if len(left) > 0 || len(opens) > 0 {
		d.knock()
	}
	d.thin(now)
	if tick = d.takeTick(now); tick {
		in.Moves = append(in.Moves, d.takeMoves()...)
	}
	return in, tick
}

// publish shows what is durable, and tells sessions what the turn answered. News of presence alone waits for a tick.
func (d *Document) publish(effects []Effect, tick bool) {
	before := d.view.Load()
	view := d.state.View()
	d.view.Store(view)
	for _, e := range effects {
		d.carryOut(e)
	}
	if view == before && !tick {
		return
	}
	if d.growthDue(view) {
		d.grow()
	}
	for n := range d.sessions { // whoever left is gone from the view
		if !d.state.Attached(n) {
			delete(d.sessions, n)
		}
	}
	d.present.Store(int64(len(d.sessions)))
	for _, s := range d.sessions {
		if s.behind(view, tick) {
			s.wake()
		}
	}
	if !tick && view.Presence.Version != before.Presence.Version && view.Place.Rev == before.Place.Rev {
		d.mu.Lock()
		d.awaitTick(time.Now())
		d.mu.Unlock()
	}
}

func (d *Document) carryOut(e Effect) {
	switch {
	case e.Open != nil:
		call := d.calls[e.Open]
		delete(d.calls, e.Open)
		if e.Open.Err == nil {
			call.session.begin(e.Open)
			d.sessions[e.Open.Session] = call.session
			d.awaitSpace(e.Open.Session, e.Open.Opened.Refusal)
		}
		d.answer(call, e.Open.Err)
	case e.Ended:
		// A session whose open is not answered yet has no one to tell but its caller.
		for request, call := range d.calls {
			if request.Session == e.Session {
				delete(d.calls, request)
				call.done <- e.Err
				return
			}
		}
		if s := d.sessions[e.Session]; s != nil {
			delete(d.sessions, e.Session)
			s.finish(e.Err)
		}
	default:
		if s := d.sessions[e.Session]; s != nil {
			s.refuse(Refusal{e.Seq, e.Err})
			d.awaitSpace(e.Session, e.Err)
		}
	}
}

// answer answers an open. The session of one that nobody waits for leaves at once.
func (d *Document) answer(call *openCall, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !call.abandoned:
		call.done <- err
	case err == nil:
		d.leaves = append(d.leaves, call.session.number)
		d.knock()
	}
}

// post puts something into the inbox. False: it is closed.
func (d *Document) post(put func()) bool {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return false
	}
	put()
	d.mu.Unlock()
	d.knock()
	return true
}

// errUnloaded: this Document takes nothing in any more, the next one will.
var errUnloaded = errors.New("the document is not in memory any more")

// open attaches a session; wake is called from the document's goroutine whenever there is something to read, and must not block.
// The request is the document's from here on.
func (d *Document) open(ctx context.Context, o *OpenRequest, wake func()) (*Session, error) {
	for {
		if err := d.lookUp(ctx, o); err != nil {
			return nil, err
		}
		call := &openCall{request: o, session: &Session{doc: d, wake: wake}, done: make(chan error, 1)}
		if !d.post(func() { d.opens = append(d.opens, call) }) {
			return nil, errUnloaded
		}
		select {
		case err := <-call.done:
			if err == nil {
				return call.session, nil
			}
			if err != ErrBehind { // history in memory moved on meanwhile
				return nil, err
			}
		case <-ctx.Done():
			d.abandon(call)
			return nil, ctx.Err()
		}
	}
}

// abandon takes an open back, so that those of connections that are gone do not gather in the inbox while the store is slow.
func (d *Document) abandon(call *openCall) {
	d.mu.Lock()
	call.abandoned = true
	d.opens = slices.DeleteFunc(d.opens, func(c *openCall) bool { return c == call })
	d.mu.Unlock()
	select {
	case err := <-call.done:
		if err == nil { // it was answered in the same moment
			call.session.Close()
		}
	default:
	}
}
