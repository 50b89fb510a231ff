package server

import (
	"log/slog"
	"sync"
	"time"
)

// alarmEvery is how often it is logged, at most, that one bound was reached: whoever is refused comes again every few seconds.
const alarmEvery = time.Minute

// An alarm tells the operator that people are refused at a bound that a flag sets.
type alarm struct {
	flag string // immutable

	// Guarded by mu.
	mu    sync.Mutex
	rung  time.Time
	quiet int // refusals since then that were not logged
}

// ring logs a refusal, unless one was logged less than alarmEvery ago.
func (a *alarm) ring(log *slog.Logger, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if !a.rung.IsZero() && now.Sub(a.rung) < alarmEvery {
		a.quiet++
		return
	}
	log.Warn("people are refused: a bound is reached", "raise", a.flag, "err", err, "refused before", a.quiet)
	a.rung, a.quiet = now, 0
}
