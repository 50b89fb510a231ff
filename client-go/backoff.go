package client

import "time"

// backoff is how the pauses between attempts grow: each is random, up to a ceiling that doubles.
type backoff struct {
	min, max time.Duration
	eager    bool // the first attempt is made without a pause
	tries    int
}

// ceiling is the longest that the next pause can be.
func (b *backoff) ceiling() time.Duration {
	d := b.min
	for n := b.tries; n > 0 && d < b.max; n-- {
		d *= 2
	}
	return min(d, b.max)
}

// next is the pause after something that failed, or that lasted so long and then ended. What lasted as long as the pause could be
// was good, and the pauses begin anew.
func (b *backoff) next(lasted time.Duration, jitter func() float64) time.Duration {
	if lasted >= b.ceiling() {
		b.tries = 0
	}
	wait := time.Duration(jitter() * float64(b.ceiling()))
	if b.eager && b.tries == 0 {
		wait = 0
	}
	b.tries++
	return wait
}

// alarm calls a function at a time that can be moved and cleared for next to nothing, as it is with every submission: the
// timer behind it is left running, and looks at the time when it fires. Guarded by the Conn's mutex.
type alarm struct {
	ring  func() // takes the mutex, and asks rung
	timer *time.Timer
	at    time.Time // zero: not set
	fires time.Time // when the timer does; zero: it does not run
}

// set has the alarm ring after a while, and then only.
func (a *alarm) set(after time.Duration) {
	a.at = time.Now().Add(after)
	a.start()
}

func (a *alarm) start() {
	switch {
	case a.timer == nil:
		a.timer = time.AfterFunc(time.Until(a.at), a.ring)
	case a.fires.IsZero() || a.at.Before(a.fires):
		a.timer.Reset(time.Until(a.at))
	default:
		return
	}
	a.fires = a.at
}

// clear has the alarm not ring.
func (a *alarm) clear() { a.at = time.Time{} }

// isSet reports whether the alarm will ring.
func (a *alarm) isSet() bool { return !a.at.IsZero() }

// stop ends the timer as well.
func (a *alarm) stop() {
	a.clear()
	if a.timer != nil {
		a.timer.Stop()
	}
	a.fires = time.Time{}
}

// rung reports, to ring, whether it is time; the alarm is then no longer set.
func (a *alarm) rung() bool {
	if a.fires.IsZero() || time.Now().Before(a.fires) { // stopped, or set anew, while ring waited for the mutex
		return false
	}
	a.fires = time.Time{}
	if a.at.IsZero() {
		return false
	}
	if time.Now().Before(a.at) {
		a.start()
		return false
	}
	a.clear()
	return true
}
