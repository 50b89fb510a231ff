package bench

import (
	"context"
	"fmt"
	"slices"

	"tandem/cmd/tandem/bench/load"
)

const (
	// typists is how many type beside those who do something else.
	typists = 5
	// typistRate is how many edits a second each of them makes.
	typistRate = 10
)

// runPresence has some type: first while the others are silent, and then while the others move their carets.
func runPresence(ctx context.Context, j *job) error {
	movers := j.plan.people
	j.plan.docs, j.plan.people = 1, movers+typists
	crew, err := j.gather(ctx, 1)
	if err != nil {
		return err
	}
	defer crew.Close()
	all := crew.All()
	warm := min(warmUp, j.plan.duration/4)
	load.Pace(ctx, crew.Clock, load.Schedule(j.seed, typists, typistRate, crew.Clock.Now()+int64(lead), warm), func(b load.Beat) {
		_ = all[b.Who].Due(b.At) // what fails shows in the next
	})
	silent, _, err := j.typeAmong(ctx, crew, 0)
	if err != nil {
		return err
	}
	j.result.BeforeMs = silent.Visible.Spread()
	for i, r := range all {
		if err := r.Name(fmt.Sprintf("Person %d", i+1), "#3366cc"); err != nil {
			return err
		}
	}
	m, seen, began := j.begin(crew), carets(all), crew.Clock.Now()
	l, late, err := j.typeAmong(ctx, crew, movers)
	if err != nil {
		return err
	}
	took := crew.Clock.Now() - began
	m.end(l.Edits, took)
	j.result.AckMs, j.result.VisibleMs, j.result.LateMs = l.Ack.Spread(), l.Visible.Spread(), late.Spread()
	j.result.CaretsPerSecond = some(float64(carets(all)-seen) / (float64(took) / 1e9))
	return crew.Compare(ctx)
}

// typeAmong has the first people type while so many behind them move their carets.
func (j *job) typeAmong(ctx context.Context, crew *load.Crew, movers int) (l load.Latencies, late *load.Durations, err error) {
	all := crew.All()
	from := crew.Clock.Now() + int64(lead)
	beats := load.Schedule(j.seed+1, typists, typistRate, from, j.plan.duration)
	scheduled := len(beats)
	moves := load.Schedule(j.seed+2, movers, j.plan.rate, from, j.plan.duration)
	for i := range moves {
		moves[i].Who += typists
	}
	beats = append(beats, moves...)
	slices.SortStableFunc(beats, func(a, b load.Beat) int { return int(a.At - b.At) })
	failed, steps := newFailure(), 0
	late = load.Pace(ctx, crew.Clock, beats, func(b load.Beat) {
		if b.Who < typists {
			failed.note(all[b.Who].Due(b.At))
			return
		}
		steps++
		failed.note(all[b.Who].Move(b.Who*lettersEach + steps%lettersEach))
	})
	if err := failed.or(crew.Settle(ctx)); err != nil {
		return l, nil, err
	}
	l = crew.Latencies(from, crew.Clock.Now(), load.Anybody, load.Anybody)
	if l.Edits != scheduled {
		return l, nil, fmt.Errorf("%d edits were scheduled, %d were acknowledged", scheduled, l.Edits)
	}
	return l, late, nil
}

func carets(all []*load.Replica) (n int) {
	for _, r := range all {
		n += r.Peers()
	}
	return n
}
