package doc

import (
	"errors"
	"time"
)

// When the store has no space, submissions are refused before they reach it: sessions live, and nothing is in doubt.

// spaceEvery is how often a document that refused submissions for lack of space asks whether there is some.
const spaceEvery = time.Second

// awaitSpace notes that a session is to hear when there is space again.
func (d *Document) awaitSpace(n SessionNumber, refusal error) {
	if !errors.Is(refusal, ErrNoSpace) {
		return
	}
	if d.noSpace == nil {
		d.noSpace = map[SessionNumber]struct{}{}
	}
	if len(d.noSpace) == 0 {
		d.log.Warn("submissions are refused", "err", refusal)
		d.awaitNextAsk()
	}
	d.noSpace[n] = struct{}{}
}

// awaitNextAsk has the store asked after a while.
func (d *Document) awaitNextAsk() {
	d.spaceAsked = time.Now()
	d.knockAfter(&d.spaceTimer, spaceEvery)
}

// tellOfSpace asks those who were refused to try again, once there is space. It asks the store now and then.
func (d *Document) tellOfSpace() {
	switch {
	case len(d.noSpace) == 0 || time.Since(d.spaceAsked) < spaceEvery:
		return
	case d.store.Ready() != nil:
		d.awaitNextAsk()
		return
	}
	d.log.Info("there is space again")
	for n := range d.noSpace {
		if s := d.sessions[n]; s != nil {
			s.tryAgain()
		}
	}
	clear(d.noSpace)
}
