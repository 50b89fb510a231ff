package load

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"
)

// A Clock counts nanoseconds from when it was made.
type Clock struct{ origin time.Time }

// NewClock begins at 0.
func NewClock() Clock { return Clock{time.Now()} }

// Now is the time.
func (c Clock) Now() int64 { return int64(time.Since(c.origin)) }

// A Beat is somebody's turn to do something.
type Beat struct {
	At  int64 // nanoseconds of the clock
	Who int
}

// Schedule has each of so many people do something rate times a second from a time on, each at a random moment of each interval.
// It is the same for the same seed.
func Schedule(seed uint64, people int, rate float64, from int64, during time.Duration) []Beat {
	random := rand.New(rand.NewPCG(seed, uint64(people)))
	interval := float64(time.Second) / rate
	each := int(during.Seconds()*rate + 0.5)
	beats := make([]Beat, 0, people*each)
	for who := range people {
		for k := range each {
			beats = append(beats, Beat{At: from + int64((float64(k)+random.Float64())*interval), Who: who})
		}
	}
	slices.SortStableFunc(beats, func(a, b Beat) int { return int(a.At - b.At) })
	return beats
}

// nap bounds how long Pace does not look whether it should end.
const nap = 50 * time.Millisecond

// Pace calls do at each beat, one after the other, on a thread of its own. It returns how late the calls were, and ends early when
// ctx is done. do must not wait.
func Pace(ctx context.Context, clock Clock, beats []Beat, do func(Beat)) *Durations {
	late := NewDurations()
	done := make(chan struct{})
	go func() { // ends with the beats or with ctx; Pace waits for it
		defer close(done)
		defer preciseThread()()
		for _, b := range beats {
			for ahead := b.At - clock.Now(); ahead > 0; ahead = b.At - clock.Now() {
				if ctx.Err() != nil {
					return
				}
				sleepPrecisely(min(time.Duration(ahead), nap))
			}
			late.Add(clock.Now() - b.At)
			do(b)
		}
	}()
	<-done
	return late
}
