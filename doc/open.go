package doc

import (
	"errors"
	"fmt"

	"tandem/ot"
)

// Outcome is what became of an outstanding submission.
type Outcome uint8

// The outcomes. What is Refused is not decided: it stays outstanding.
const (
	NoOutcome        Outcome = iota // none was named
	OutcomeCommitted                // at a revision
	OutcomeVoid                     // it is not committed, and cannot be any more
	OutcomeUnknown                  // nobody can tell any more
	OutcomeRefused                  // it is not committed, and not taken now
)

func (o Outcome) String() string {
	return [...]string{"none", "committed", "void", "unknown", "refused"}[o]
}

// An OpenRequest attaches a session, and decides what became of the client's outstanding submission, in one turn.
type OpenRequest struct {
	Client      ClientID
	ReadOnly    bool
	User        User
	Held        *Place       // what the client has; nil: nothing
	Outstanding *Outstanding // what it sent and heard nothing of; nil: nothing
	// HeldLineage and BaseLineage are what the store has at Held and at the outstanding's base, where history in memory does
	// not reach. Nil: not looked up, or gone.
	HeldLineage, BaseLineage *Lineage

	// ahead is what leads the client from Held to a revision near the head, where that was composed already. Nil: it was not, or
	// it is larger than the content, which is sent instead (contentSmaller).
	ahead          *stretch
	contentSmaller bool

	// The answer, filled in by the turn.
	Session SessionNumber
	Opened  Opened
	Err     error // not opened
}

// Outstanding is a submission with the place that it was made on.
type Outstanding struct {
	Base       Place
	Submission // Session is not used
}

// Opened is how a session begins.
type Opened struct {
	Place      Place // where the catch-up ends
	Outcome    Outcome
	OutcomeRev Revision // of the commit; 0: not known
	Refusal    error
	LastSeq    Seq // the last sequence known of the client
	// Resume: the client gets what lies behind the place it holds. Otherwise it gets Content, and Place is its revision.
	Resume  bool
	Content *ot.Text
	Cursor  Cursor
}

// open attaches a session, and answers it unless its outstanding is to be committed first: that happens once all opens of
// the turn have seen the document as it is durable.
func (s *State) open(o *OpenRequest) (effects []Effect, commit bool) {
	// All of it: an open that is asked again, of this State or of the next, has a number from before.
	o.Opened, o.Err, o.Session = Opened{LastSeq: s.records[o.Client].Seq}, nil, 0
	o.Opened.Resume, o.Err = s.reaches(o.Held, o.HeldLineage)
	switch {
	case o.Err != nil:
	case o.Outstanding != nil:
		commit, o.Err = s.decide(o)
	case o.contentSmaller:
		o.Opened.Resume = false
	}
	if o.Err != nil {
		return []Effect{{Open: o}}, false
	}
	effects = s.attach(o)
	if commit {
		return effects, true
	}
	s.answer(o)
	return append(effects, Effect{Open: o, Session: o.Session}), false
}

// commitOutstanding takes the outstanding submission of an open into the batch; the open is answered by Committed. Where it
// is refused, it stays undecided, and the open is answered now.
func (s *State) commitOutstanding(o *OpenRequest, now int64) []Effect {
	if s.sessions[o.Session] == nil { // replaced in this very turn
		return nil
	}
	out := &o.Outstanding.Submission
	out.Session = o.Session
	err, ended := s.submit(out, now)
	switch {
	case err == nil:
		o.Opened.Outcome, o.Opened.OutcomeRev = OutcomeCommitted, s.records[out.Client].Rev
		s.waiting = append(s.waiting, o)
		return nil
	case ended || errors.Is(err, ErrBehind) || !o.Opened.Resume:
		// A snapshot must not reach a client whose submission is undecided.
		s.leave(o.Session)
		o.Err = err
		return []Effect{{Open: o}}
	}
	o.Opened.Outcome, o.Opened.Refusal = OutcomeRefused, err
	s.answer(o)
	return []Effect{{Open: o, Session: o.Session}}
}

// decide finds the outcome of the outstanding submission; commit says that it is to be committed now.
func (s *State) decide(o *OpenRequest) (commit bool, err error) {
	out := o.Outstanding
	rec, known := s.records[out.Client]
	switch {
	case s.beingForgotten(out.Client):
		return false, fmt.Errorf("%w: records are being forgotten", ErrOpenAgain)
	case known && rec.Seq >= out.Seq:
		o.Opened.Outcome = OutcomeCommitted
		if rec.Seq == out.Seq {
			if !rec.Digest.matches(out.Base.Rev, out.Bytes) {
				return false, fmt.Errorf("%w: sequence %d", ErrRepeat, out.Seq)
			}
			o.Opened.OutcomeRev = rec.Rev
		}
		// The ack stands in the stream at its place; where that is not ahead of the client, the content tells.
		if o.Held == nil || o.Opened.OutcomeRev <= o.Held.Rev {
			o.Opened.Resume = false
		}
		return false, nil
	case !known && out.Base.Rev < s.recordsFloor:
		o.Opened.Outcome, o.Opened.Resume = OutcomeUnknown, false
		return false, nil
	}
	ours, err := s.reaches(&out.Base, o.BaseLineage)
	switch {
	case err != nil:
		return false, err
	case !ours:
		o.Opened.Outcome = OutcomeVoid
		return false, nil
	case s.fault == SnapshotUndecided:
		o.Opened.Resume = false
		return false, nil
	}
	return true, nil
}

// reaches reports whether a place is one of this history's, from which everything up to the head can be told. stored is its
// lineage in the store; ErrBehind, where that has to be looked up first.
func (s *State) reaches(p *Place, stored *Lineage) (bool, error) {
	v := s.view
	if p == nil || p.ID != v.Place.ID || p.Epoch != v.Place.Epoch || p.Rev < s.floor || p.Rev > v.Place.Rev {
		return false, nil
	}
	lineage, inMemory := v.LineageAt(p.Rev)
	switch {
	case inMemory:
		return lineage == p.Lineage, nil
	case stored == nil:
		return false, ErrBehind
	}
	return *stored == p.Lineage, nil
}

// attach makes the session. An earlier one of the same client is a ghost: it ends.
func (s *State) attach(o *OpenRequest) (effects []Effect) {
	for n, a := range s.sessions {
		if a.client == o.Client {
			effects = append(effects, Effect{Session: n, Err: ErrReplaced, Ended: true})
			s.leave(n)
		}
	}
	s.lastSession++
	s.version++
	o.Session = s.lastSession
	s.sessions[o.Session] = &attached{client: o.Client, readOnly: o.ReadOnly}
	s.peers = append(s.peers, Presence{Session: o.Session, User: o.User, version: s.version}) // numbers grow
	return effects
}

// answer fills in what is known once everything that the session will be told is durable.
func (s *State) answer(o *OpenRequest) {
	s.wantCheck = true
	o.Opened.Place = s.view.Place
	o.Opened.LastSeq = max(o.Opened.LastSeq, s.records[o.Client].Seq)
	o.Opened.Cursor = Cursor{fault: s.fault, checked: Check{Rev: -1}}
	if o.Outstanding != nil {
		o.Opened.Cursor.Own = o.Outstanding.Name
	}
	if o.Opened.Resume {
		o.Opened.Cursor.Rev = o.Held.Rev
		return
	}
	o.Opened.Cursor.Rev = s.view.Place.Rev
	o.Opened.Content = s.text.Snapshot()
}
