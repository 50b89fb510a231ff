package doc

import "time"

const (
	// latencyBudget is how long after its frame was read an edit may be on its way to others, by default.
	latencyBudget = 50 * time.Millisecond
	// thinnedMost is the longest interval to which presence is thinned. Carets that travel with edits do not wait for it.
	thinnedMost = 2 * time.Second
	// calmFor is how long latency has to be below half of the budget before presence goes out twice as often again.
	calmFor = time.Second
)

// thinning is the rule by which presence gives way to edits (I8), and PURE: while edits come later than the budget allows, presence
// goes out half as often, step by step; and twice as often again for each calmFor in which none takes more than half of the budget.
// The gap between the two keeps it from swinging.
type thinning struct {
	// Immutable.
	budget time.Duration // negative: presence is never thinned
	every  time.Duration // the interval without thinning

	// Owned by whoever calls observe.
	interval time.Duration
	raised   time.Time // when the interval was made longer: each step has the time of one interval to show
	calm     time.Time // since when latency is low
}

func newThinning(budget, every time.Duration) thinning {
	return thinning{budget: budget, every: every, interval: every}
}

// calmBelow is what latency need not be told of.
func (t *thinning) calmBelow() time.Duration {
	if t.budget < 0 {
		return 1<<63 - 1
	}
	return t.budget / 2
}

// observe takes the longest latency since it was called last, 0 where there was none, and returns how often presence is to go out.
func (t *thinning) observe(latency time.Duration, now time.Time) time.Duration {
	if latency > t.calmBelow() {
		t.calm = now
		if latency > t.budget && now.Sub(t.raised) >= t.interval {
			t.raised = now
			t.interval = max(t.interval, min(2*t.interval, thinnedMost))
		}
	}
	for t.interval > t.every && now.Sub(t.calm) >= calmFor {
		t.calm = t.calm.Add(calmFor)
		t.interval = max(t.interval/2, t.every)
	}
	return t.interval
}

// thinned reports whether presence goes out less often than it would.
func (t *thinning) thinned() bool { return t.interval > t.every }

// thin decides how often presence goes out for now. d.mu is held.
func (d *Document) thin(now time.Time) {
	before := d.thinning.thinned()
	d.thinning.observe(d.slowest.take(), now)
	if thinned := d.thinning.thinned(); thinned != before {
		d.log.Debug("presence is thinned, or not any more: edits took longer than the latency budget", "thinned", thinned, "budget", d.cfg.LatencyBudget)
	}
}

// shown tells the observer that moves went out.
func (d *Document) shown(n int) {
	if n > 0 && d.cfg.Observer != nil {
		d.cfg.Observer.Presence(n, 0)
	}
}

// replaced tells the observer of a move that is replaced before it went out, if thinning is to blame. d.mu is held.
func (d *Document) replaced() {
	if d.cfg.Observer != nil && d.thinning.thinned() {
		d.cfg.Observer.Presence(0, 1)
	}
}
