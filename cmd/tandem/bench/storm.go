package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"tandem/cmd/tandem/bench/load"
)

const (
	// backWithin is how long somebody tries to come back.
	backWithin = 60 * time.Second
	// backPause is the longest pause between two attempts.
	backPause = 200 * time.Millisecond
)

// runStorm kills the server under everybody, and has them come back as soon as it is there again.
func runStorm(ctx context.Context, j *job) error {
	crew, err := load.Gather(ctx, j.target.site, names(j.plan.docs), 1, 1)
	if err != nil {
		return err
	}
	defer crew.Close()
	if err := j.fill(ctx, crew, lettersEach); err != nil {
		return err
	}
	if err := crew.Add(ctx, j.plan.conns/j.plan.docs-1, 1); err != nil {
		return err
	}
	if err := j.target.server.Kill(); err != nil {
		return err
	}
	for _, r := range crew.All() {
		<-r.Lost()
	}
	if err := j.target.server.Restart(ctx); err != nil {
		return err
	}
	watch := sample(ctx, j.target.pid())
	defer watch.stop()
	began := time.Now()
	if err := crew.Each(func(r *load.Replica) error { return comeBack(ctx, r) }); err != nil {
		return err
	}
	j.result.BackMs = some(ms(time.Since(began)))
	for _, people := range crew.Docs {
		people[0].Take(0, letters())
		if err := people[0].Due(crew.Clock.Now()); err != nil {
			return err
		}
	}
	if err := crew.Settle(ctx); err != nil {
		return err
	}
	err = crew.Compare(ctx)
	watch.stop()
	j.result.RSSAnonPeak = watch.peak
	return err
}

// comeBack tries until it works.
func comeBack(ctx context.Context, r *load.Replica) error {
	ctx, cancel := context.WithTimeout(ctx, backWithin)
	defer cancel()
	for {
		err := r.Return(ctx)
		if err == nil {
			return nil
		}
		if pause(ctx, rand.N(backPause)) != nil {
			return fmt.Errorf("not back within %v: %w", backWithin, err)
		}
	}
}
