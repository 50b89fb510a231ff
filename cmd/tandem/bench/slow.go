package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"tandem/cmd/tandem/bench/load"
)

const (
	// replacedPieces is what part of the document a replacement replaces.
	replacedPieces = 16
	// calmShare is what part of the time without reading the time before it is.
	calmShare = 5
)

// runSlow has some readers stop while a document is replaced again and again, and some type. What the others see is held against
// what they see while all read, of the same edits at the same rate.
func runSlow(ctx context.Context, j *job) error {
	crew, err := load.Gather(ctx, j.target.site, names(1), j.plan.people+typists+1, 1)
	if err != nil {
		return err
	}
	defer crew.Close()
	if err := j.fill(ctx, crew, j.plan.size); err != nil {
		return err
	}
	all := crew.All()
	replacer, typing, stopped := all[0], all[1:1+typists], all[len(all)-j.plan.stopped:]
	piece := j.plan.size / replacedPieces
	random, text := rand.New(rand.NewPCG(j.seed, 3)), prose(piece)
	replacer.Take(0, func(length int) (load.Edit, bool) {
		return load.Edit{At: random.IntN(max(1, length-piece)), Delete: min(piece, length), Text: text}, true
	})
	for i, r := range typing {
		r.Take(j.plan.size*i/typists, letters())
	}
	others := func(r *load.Replica) bool { return !slices.Contains(stopped, r) }
	calm, err := j.replace(ctx, crew, j.plan.duration/calmShare, typing, others)
	if err != nil {
		return err
	}
	j.result.BeforeMs = calm.Visible.Spread()
	before := usageOf(j.target.pid()).anon
	for _, r := range stopped {
		r.StopReading()
	}
	watch := sample(ctx, j.target.pid())
	began := crew.Clock.Now()
	l, err := j.replace(ctx, crew, j.plan.duration, typing, others)
	watch.stop()
	if err != nil {
		return err
	}
	j.result.RSSAnonGrowth = per(watch.peak, before, 1, 1)
	j.result.typed(l.Edits, crew.Clock.Now()-began) // and no more: what an edit takes says nothing beside replacements of 60 KB
	j.result.AckMs, j.result.VisibleMs = l.Ack.Spread(), l.Visible.Spread()
	if err := j.readAgain(ctx, crew, stopped, replacer); err != nil {
		return err
	}
	return crew.Compare(ctx)
}

// replace replaces one piece of the document after the other, while some type, and returns what those who read saw of the typing.
func (j *job) replace(
	ctx context.Context, crew *load.Crew, during time.Duration, typing []*load.Replica, others func(*load.Replica) bool,
) (l load.Latencies, err error) {
	all := crew.All()
	from := crew.Clock.Now() + int64(lead)
	beats := load.Schedule(j.seed+1, len(typing), typistRate, from, during)
	for i := range beats {
		beats[i].Who++ // the first one replaces
	}
	beats = append(beats, load.Schedule(j.seed+2, 1, j.plan.rate, from, during)...)
	slices.SortStableFunc(beats, func(a, b load.Beat) int { return int(a.At - b.At) })
	failed := newFailure()
	load.Pace(ctx, crew.Clock, beats, func(b load.Beat) { failed.note(all[b.Who].Due(b.At)) })
	reading := slices.DeleteFunc(slices.Clone(all), func(r *load.Replica) bool { return !others(r) })
	if err := failed.or(load.Settle(ctx, reading)); err != nil {
		return l, err
	}
	l = crew.Latencies(from, crew.Clock.Now(), func(r *load.Replica) bool { return slices.Contains(typing, r) }, others)
	return l, nil
}

// readAgain has those who stopped read on, or come back where the server has cut them off, until they are where the others are.
func (j *job) readAgain(ctx context.Context, crew *load.Crew, stopped []*load.Replica, other *load.Replica) error {
	began, goal := time.Now(), other.Place().Rev
	ctx, cancel := context.WithTimeoutCause(ctx, backWithin, fmt.Errorf("the slow ones were not back within %v", backWithin))
	defer cancel()
	for _, r := range stopped {
		r.ReadOn()
	}
	var cut atomic.Int64
	err := crew.Each(func(r *load.Replica) error {
		for r.Reach(ctx, goal) != nil { // it was cut off, or ctx is done
			cut.Add(1)
			if err := comeBack(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
	j.result.CutOff = some(float64(cut.Load()))
	if err == nil {
		j.result.BackMs = some(ms(time.Since(began)))
	}
	return err
}
