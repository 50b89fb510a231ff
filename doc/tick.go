package doc

import (
	"slices"
	"time"
)

// Presence goes out at ticks, at most so often, and never because somebody has moved: a crowd that moves would have each of its members
// woken, and written to, for each of its moves. Between ticks presence goes along with what is written anyway.

// untilTick is how long presence waits, at a time, for the next tick. mu is held.
func (d *Document) untilTick(now time.Time) time.Duration {
	return d.thinning.interval - now.Sub(d.ticked)
}

// awaitTick has a tick come. mu is held.
func (d *Document) awaitTick(now time.Time) {
	if !d.ticking {
		d.ticking = true
		d.knockAfter(&d.tick, d.untilTick(now))
	}
}

// takeTick reports whether it is time for a tick. mu is held.
func (d *Document) takeTick(now time.Time) bool {
	crowd := d.leaving >= leftKept/2 // more, and not all of them would be remembered until the next tick
	if !d.ticking && !crowd {
		return false
	}
	if wait := d.untilTick(now); wait > 0 && !crowd {
		d.knockAfter(&d.tick, wait)
		return false
	}
	d.ticking, d.ticked, d.leaving = false, now, 0
	return true
}

// takeMoves takes what has moved since the last tick. mu is held.
func (d *Document) takeMoves() []Move {
	moves := make([]Move, len(d.moved))
	for i, s := range d.moved {
		moves[i], s.move = *s.move, nil
	}
	d.shown(len(moves))
	clear(d.moved)
	d.moved = d.moved[:0]
	return moves
}

// takeMove takes what one session has moved, ahead of its tick: it names the user, and what is submitted behind it is committed under
// that name. mu is held.
func (d *Document) takeMove(s *Session) Move {
	m := *s.move
	s.move = nil
	d.shown(1)
	d.moved = slices.DeleteFunc(d.moved, func(o *Session) bool { return o == s })
	return m
}
