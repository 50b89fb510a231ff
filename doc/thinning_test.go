package doc

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestThinning: what the rule answers to latencies, each told so long after the one before.
func TestThinning(t *testing.T) {
	const ms = time.Millisecond
	type step struct{ after, latency, want time.Duration }
	for _, row := range []struct {
		name          string
		budget, every time.Duration
		steps         []step
	}{
		{"within the budget", 50 * ms, 50 * ms, []step{{0, 50 * ms, 50 * ms}, {50 * ms, 26 * ms, 50 * ms}, {50 * ms, 0, 50 * ms}}},
		{"one late edit doubles it at once", 50 * ms, 50 * ms, []step{{0, 51 * ms, 100 * ms}}},
		{"each step has time to show", 50 * ms, 50 * ms, []step{
			{0, time.Second, 100 * ms},
			{50 * ms, time.Second, 100 * ms},
			{50 * ms, time.Second, 200 * ms},
			{199 * ms, time.Second, 200 * ms},
			{ms, time.Second, 400 * ms},
		}},
		{"up to the most", 50 * ms, 400 * ms, []step{
			{0, 60 * ms, 800 * ms},
			{time.Second, 60 * ms, 1600 * ms},
			{2 * time.Second, 60 * ms, 2 * time.Second},
			{2 * time.Second, 60 * ms, 2 * time.Second},
		}},
		{"back after a second each", 50 * ms, 50 * ms, []step{
			{0, 60 * ms, 100 * ms},
			{100 * ms, 60 * ms, 200 * ms},
			{999 * ms, 10 * ms, 200 * ms},
			{ms, 10 * ms, 100 * ms},
			{999 * ms, 0, 100 * ms},
			{ms, 25 * ms, 50 * ms},
			{time.Hour, 0, 50 * ms},
		}},
		{"back by several steps where nothing went out", 50 * ms, 50 * ms, []step{
			{0, 60 * ms, 100 * ms}, {100 * ms, 60 * ms, 200 * ms}, {200 * ms, 60 * ms, 400 * ms}, {2 * time.Second, 0, 100 * ms},
		}},
		{"neither way between half of the budget and all of it", 50 * ms, 50 * ms, []step{
			{0, 60 * ms, 100 * ms}, {time.Second, 40 * ms, 100 * ms}, {time.Second, 40 * ms, 100 * ms}, {999 * ms, 0, 100 * ms}, {ms, 0, 50 * ms},
		}},
		{"late after a long calm", 50 * ms, 50 * ms, []step{{time.Hour, 60 * ms, 100 * ms}, {999 * ms, 0, 100 * ms}, {ms, 0, 50 * ms}}},
		{"an interval that divides unevenly", 50 * ms, 1500 * ms, []step{{0, 60 * ms, 2 * time.Second}, {time.Second, 0, 1500 * ms}}},
		{"an interval that is long by itself", 50 * ms, 3 * time.Second, []step{{0, time.Minute, 3 * time.Second}, {time.Hour, time.Minute, 3 * time.Second}}},
		{"never", -1, 50 * ms, []step{{0, time.Hour, 50 * ms}, {time.Hour, time.Hour, 50 * ms}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			rule := newThinning(row.budget, row.every)
			now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			for i, s := range row.steps {
				now = now.Add(s.after)
				require.Equal(t, s.want, rule.observe(s.latency, now), "step %d", i)
				require.Equal(t, s.want > row.every, rule.thinned(), "step %d", i)
			}
		})
	}
}

func TestPeak(t *testing.T) {
	var p peak
	require.Zero(t, p.take())
	p.raise(3)
	p.raise(5)
	p.raise(4)
	require.EqualValues(t, 5, p.take())
	require.Zero(t, p.take())
}
