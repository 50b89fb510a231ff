package doc

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"tandem/ot"
)

// StateConfig bounds what a document keeps. The zero value works.
type StateConfig struct {
	// HistoryBytes is how much of its history a document keeps in memory: 1 MiB by default.
	HistoryBytes int
	// SnapshotCommits and SnapshotBytes are after how many commits, or bytes of them, a snapshot is due: 1,000 and 256 KiB by default;
	// and not before as many bytes as the content has.
	SnapshotCommits, SnapshotBytes int
	// CheckEvery is after how many commits a check is due: 200 by default.
	CheckEvery int
}

func (c StateConfig) withDefaults() StateConfig {
	c.HistoryBytes = cmp.Or(c.HistoryBytes, 1<<20)
	c.SnapshotCommits = cmp.Or(c.SnapshotCommits, 1000)
	c.SnapshotBytes = cmp.Or(c.SnapshotBytes, 256<<10)
	c.CheckEvery = cmp.Or(c.CheckEvery, 200)
	return c
}

// State is the rules of one document, and PURE: no goroutine, no clock, no I/O. Whoever drives it calls Turn, hands the batch
// to the store, and calls Committed when that is durable; a batch whose append failed takes the whole State with it, which
// is then loaded anew. Between Turn and Committed nothing but View may be called.
type State struct {
	cfg   StateConfig
	kind  Kind
	fault Fault

	// The head: what is durable, and the batch at the store.
	head    Place
	text    *ot.Text
	history []*Committed // revisions view.Base+1 up to head.Rev
	records map[ClientID]Record
	batch   []*Committed
	sinces  sinces
	waiting []*OpenRequest // their outstanding is in the batch
	refuse  error          // of this turn: why nothing is committed

	floor, recordsFloor Revision
	forgetting          map[ClientID]Record // forgotten here, and not yet by the store: see RaiseFloor

	// Sessions and their presence.
	sessions    map[SessionNumber]*attached
	peers       []Presence // of the same, by number; their carets are at the revision settled
	settled     Revision
	lastSession SessionNumber
	version     int64     // of the presences: grows with every change
	left        []leaving // the last leftKept

	// What is durable.
	view          *View
	historyBytes  int
	snapshotRev   Revision // of the newest snapshot handed out
	snapshotBytes int      // of commits since
	wantCheck     bool
}

// attached is a session as its document knows it.
type attached struct {
	client   ClientID
	readOnly bool
}

// NewState is a document as a store has it. It is ErrDamaged where that does not fit together.
func NewState(stored *Stored, cfg StateConfig) (*State, error) {
	s := &State{
		cfg: cfg.withDefaults(), kind: stored.Kind,
		head: stored.Snapshot.Place, text: stored.Snapshot.Content.Snapshot(), records: stored.Clients,
		floor: stored.Floor, recordsFloor: stored.RecordsFloor,
		sessions: map[SessionNumber]*attached{}, snapshotRev: stored.Snapshot.Place.Rev, version: 1,
	}
	if s.records == nil {
		s.records = map[ClientID]Record{}
	}
	end := stored.Place().Rev
	for client, r := range s.records {
		if r.Rev > end {
			return nil, fmt.Errorf("%w: the record of client %s has revision %d, history ends at %d", ErrDamaged, client, r.Rev, end)
		}
	}
	if h := s.text.Hash(); h != stored.Snapshot.Hash {
		return nil, fmt.Errorf("%w: the snapshot of revision %d has the hash %d, recorded is %d",
			ErrDamaged, s.head.Rev, h, stored.Snapshot.Hash)
	}
	s.view = &View{Place: s.head, Base: s.head.Rev, BaseLineage: s.head.Lineage}
	for _, c := range stored.Commits {
		if err := s.replay(c); err != nil {
			return nil, err
		}
	}
	joinBursts(slices.Clone(s.history))
	s.wantCheck, s.settled = true, s.head.Rev
	s.publish()
	return s, nil
}

// replay takes in a commit from the store.
func (s *State) replay(c Commit) error {
	if want := s.head.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes); c.Rev != s.head.Rev+1 || c.Lineage != want {
		return fmt.Errorf("%w: revision %d (lineage %s) does not follow revision %d (lineage %s leads to %s)",
			ErrDamaged, c.Rev, c.Lineage, s.head.Rev, s.head.Lineage, want)
	}
	commit, err := decode(c)
	if err != nil {
		return err
	}
	if err := s.text.Apply(commit.Op); err != nil {
		return fmt.Errorf("%w: revision %d does not fit: %w", ErrDamaged, c.Rev, err)
	}
	s.push(commit)
	return nil
}

// push makes a commit the head.
func (s *State) push(c *Committed) {
	s.head = s.head.at(c)
	s.history = append(s.history, c)
	s.historyBytes += c.cost()
	s.snapshotBytes += len(c.Bytes)
}

// cost is about what a commit takes in memory, with its parts of what its burst is encoded and composed to.
func (c *Committed) cost() int { return 320 + 3*len(c.Bytes) + 128*len(c.Op) }

// View is what is durable. Only this method may be called at any time.
func (s *State) View() *View { return s.view }

// Kind is the document's kind.
func (s *State) Kind() Kind { return s.kind }

// Sessions is how many sessions are attached.
func (s *State) Sessions() int { return len(s.sessions) }

// An Inbox is what one turn takes.
type Inbox struct {
	Leaves      []SessionNumber
	Opens       []*OpenRequest
	Moves       []Move
	Submissions []*Submission
	Refuse      error // not nil: nothing can be committed for now, and why
	Now         int64 // milliseconds since 1970 UTC
}

// A Move is new presence of a session.
type Move struct {
	Session SessionNumber
	Rev     Revision // of the Range
	Shown   bool
	Range   ot.Range
	User    *User // nil: as before
}

// An Effect is what a turn answers.
type Effect struct {
	Open    *OpenRequest // its answer is in there
	Session SessionNumber
	Err     error // why the session ended, or its submission was refused
	Ended   bool
	Seq     Seq // of the refused submission
}

// Turn takes everything that waits, and returns the batch for the store: nil where there is nothing to commit.
func (s *State) Turn(in *Inbox) (*Batch, []Effect) {
	var effects []Effect
	if s.batch != nil {
		panic("doc: a turn while a batch is at the store")
	}
	s.refuse = in.Refuse
	for _, n := range in.Leaves {
		s.leave(n)
	}
	for _, m := range in.Moves {
		s.move(m)
	}
	var outstanding []*OpenRequest
	for _, o := range in.Opens {
		answers, commit := s.open(o)
		effects = append(effects, answers...)
		if commit {
			outstanding = append(outstanding, o)
		}
	}
	for _, o := range outstanding {
		effects = append(effects, s.commitOutstanding(o, in.Now)...)
	}
	if len(in.Submissions) < 2 {
		s.sinces = sinces{} // nobody else comes from there, and it may be long
	}
	for _, sub := range in.Submissions {
		err, ended := s.submit(sub, in.Now)
		if errors.Is(err, ErrBehind) { // history moved on since it was brought up; an open looks it up anew
			err, ended = fmt.Errorf("%w: %w", ErrOpenAgain, err), true
		}
		if err != nil {
			effects = append(effects, Effect{Session: sub.Session, Err: err, Ended: ended, Seq: sub.Seq})
			if ended {
				s.leave(sub.Session)
			}
		}
	}
	if len(s.batch) > 0 {
		batch := &Batch{Prev: s.view.Place, Commits: make([]Commit, len(s.batch))}
		for i, c := range s.batch {
			batch.Commits[i] = c.Commit
		}
		joinBursts(s.batch)
		return batch, effects
	}
	s.publish()
	return nil, effects
}

// Committed makes the batch durable: it is published, and the opens that waited for it are answered.
func (s *State) Committed() []Effect {
	for _, c := range s.batch {
		s.noteCaret(c)
	}
	s.batch = nil
	s.publish()
	effects := make([]Effect, 0, len(s.waiting))
	for _, o := range s.waiting {
		if s.sessions[o.Session] != nil {
			s.answer(o)
			effects = append(effects, Effect{Open: o, Session: o.Session})
		}
	}
	s.waiting = nil
	return effects
}

// publish makes the head what everybody may see.
func (s *State) publish() {
	p := s.view.Presence
	if p != nil && p.Version == s.version && s.head.Rev == s.view.Place.Rev && s.floor == s.view.Floor && !s.wantCheck {
		return // it is
	}
	v := &View{
		Place: s.head, Base: s.view.Base, BaseLineage: s.view.BaseLineage, Check: s.view.Check,
		Floor: s.floor, Size: s.text.Size(),
	}
	if s.wantCheck || s.head.Rev-v.Check.Rev >= Revision(s.cfg.CheckEvery) {
		s.wantCheck = false
		v.Check = Check{s.head.Rev, s.text.Hash()}
	}
	v.Presence = s.view.Presence
	if v.Presence == nil || v.Presence.Version != s.version || v.Presence.Rev != s.head.Rev {
		v.Presence = s.presences()
	}
	s.trim(v)
	v.Commits = s.history[:len(s.history):len(s.history)]
	s.view = v
}

// trim keeps history in memory within its bound, forgetting an eighth more, so that it is not copied at every turn.
func (s *State) trim(v *View) {
	if s.historyBytes <= s.cfg.HistoryBytes {
		return
	}
	n := 0
	for n < len(s.history) && s.historyBytes > s.cfg.HistoryBytes*7/8 {
		s.historyBytes -= s.history[n].cost()
		n++
	}
	v.Base, v.BaseLineage = s.history[n-1].Rev, s.history[n-1].Lineage
	s.history = slices.Clone(s.history[n:])
}

// historyHalfFull reports whether history in memory takes half of its bound: some of it is going to leave.
func (s *State) historyHalfFull() bool { return s.historyBytes >= s.cfg.HistoryBytes/2 }

// SnapshotDue is a snapshot of what is durable, where one is due; always: also where only a single commit came since the last.
// It is called between turns, without a batch at the store.
func (s *State) SnapshotDue(always bool) *Snapshot {
	since := int(s.head.Rev - s.snapshotRev)
	// A snapshot is written for what was committed at least as many bytes as it has.
	bytes := max(s.cfg.SnapshotBytes, s.text.Size())
	if s.batch != nil || since == 0 || !always && since < s.cfg.SnapshotCommits && s.snapshotBytes < bytes {
		return nil
	}
	s.snapshotRev, s.snapshotBytes = s.head.Rev, 0
	text := s.text.Snapshot()
	return &Snapshot{Place: s.head, Content: text, Hash: text.Hash()}
}

// Content is the content at the head: between turns, without a batch at the store, what is durable. It must not be changed.
func (s *State) Content() *ot.Text { return s.text }
