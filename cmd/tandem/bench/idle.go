package bench

import (
	"context"

	"tandem/cmd/tandem/bench/load"
)

// idleSteps are how many connections there are, one step after the other. Up to 5,000 they are a tenth, two fifths and all.
func idleSteps(conns int) []int {
	if conns > 5000 {
		return []int{500, 2000, 5000, conns}
	}
	return []int{conns / 10, conns * 2 / 5, conns}
}

// runIdle has more and more people join documents that have a line of text, and looks at the server's memory.
func runIdle(ctx context.Context, j *job) error {
	crew, err := load.Gather(ctx, j.target.site, names(j.plan.docs), 1, 1)
	if err != nil {
		return err
	}
	defer crew.Close()
	if err := j.fill(ctx, crew, lettersEach); err != nil {
		return err
	}
	var last *Step
	for _, conns := range idleSteps(j.plan.conns) {
		if more := conns/j.plan.docs - len(crew.Docs[0]); more > 0 {
			if err := crew.Add(ctx, more, 1); err != nil {
				return err
			}
		}
		if err := pause(ctx, j.plan.duration); err != nil {
			return err
		}
		step := Step{Conns: len(crew.All()), RSS: usageOf(j.target.pid()).rss}
		if last != nil {
			step.RSSPerConn = per(step.RSS, last.RSS, float64(step.Conns-last.Conns), 1024)
		}
		j.result.Steps = append(j.result.Steps, step)
		j.result.RSSPerConn = step.RSSPerConn
		last = &step
	}
	// Whoever is idle is still there.
	for _, people := range crew.Docs {
		people[0].Take(0, letters())
		if err := people[0].Due(crew.Clock.Now()); err != nil {
			return err
		}
	}
	if err := crew.Settle(ctx); err != nil {
		return err
	}
	return crew.Compare(ctx)
}
