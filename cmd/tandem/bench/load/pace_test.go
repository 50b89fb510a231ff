package load

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSchedule(t *testing.T) {
	const people, rate, from = 7, 20.0, int64(1e9)
	beats := Schedule(3, people, rate, from, 2*time.Second)
	require.Len(t, beats, people*40)
	require.True(t, slices.IsSortedFunc(beats, func(a, b Beat) int { return int(a.At - b.At) }))
	require.Equal(t, beats, Schedule(3, people, rate, from, 2*time.Second))
	require.NotEqual(t, beats, Schedule(4, people, rate, from, 2*time.Second))
	type slot struct {
		who int
		n   int64
	}
	seen := map[slot]bool{}
	for _, b := range beats {
		s := slot{b.Who, (b.At - from) / int64(time.Second/rate)}
		require.False(t, seen[s], "person %d has two edits in interval %d", s.who, s.n)
		require.True(t, s.n >= 0 && s.n < 40)
		seen[s] = true
	}
}

// TestPace: nothing happens before its time, and everything in order.
func TestPace(t *testing.T) {
	clock := NewClock()
	beats := Schedule(1, 3, 500, clock.Now(), 100*time.Millisecond)
	var kept []Beat
	late := Pace(t.Context(), clock, beats, func(b Beat) {
		require.GreaterOrEqual(t, clock.Now(), b.At)
		kept = append(kept, b)
	})
	require.Equal(t, beats, kept)
	require.NotNil(t, late.Spread())
}

func TestPaceEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	clock := NewClock()
	calls := 0
	Pace(ctx, clock, []Beat{{At: 0}, {At: int64(time.Hour)}}, func(Beat) {
		calls++
		cancel()
	})
	require.Equal(t, 1, calls)
}

func TestDurations(t *testing.T) {
	d := NewDurations()
	require.Nil(t, d.Spread(), "of nothing there is no distribution")
	for i := range 1000 {
		d.Add(int64(i+1) * int64(time.Millisecond))
	}
	s := d.Spread()
	require.InEpsilon(t, 500, s.P50, 0.01)
	require.InEpsilon(t, 950, s.P95, 0.01)
	require.InEpsilon(t, 990, s.P99, 0.01)
	require.InEpsilon(t, 1000, s.Max, 0.01)
	d.Add(int64(time.Hour))
	d.Add(-1)
	require.InEpsilon(t, 120_000, d.Spread().Max, 0.01, "what is longer counts as two minutes")
}
