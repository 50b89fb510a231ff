package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"tandem/cmd/tandem/bench/load"
)

// ErrVolatile is a data directory in memory (M6).
var ErrVolatile = errors.New("nothing is synced there")

// Run measures. The error is that it could not: ErrUsage, ErrVolatile, or what the system says. Whether what was measured is good, the
// Report says, which is there also beside an error.
func Run(ctx context.Context, c Config) (report *Report, err error) {
	report = &Report{Machine: machine(), Seed: c.Seed, Results: []Result{}, plans: map[string]plan{}}
	syncs := load.NewDurations()
	defer func() {
		report.FsyncMs = syncs.Spread()
		report.conclude()
	}()
	named, err := c.named()
	if err != nil {
		return report, err
	}
	chosen, err := c.check(named)
	if err != nil {
		return report, err
	}
	for _, w := range named {
		report.plans[w.name] = w.plan(&c)
	}
	place := &place{}
	if c.children() {
		if place, err = c.prepare(report); err != nil {
			return report, err
		}
		defer place.remove()
	}
	for _, w := range chosen {
		for run := range report.plans[w.name].runs {
			if c.children() {
				err = errors.Join(err, fsyncs(place.work, syncs)) // the others are measured all the same
			}
			if stop := report.round(ctx, &c, place, w, run); stop != nil {
				return report, stop
			}
		}
	}
	return report, err
}

// A place is where children have their data.
type place struct {
	data string // of the server, kept; empty: in work, anew for each run
	work string // of all else; removed in the end
}

// prepare makes the directories, and finds out what they are on.
func (c *Config) prepare(report *Report) (p *place, err error) {
	p = &place{data: c.Data}
	beside := os.TempDir()
	if c.Data != "" {
		if err := os.MkdirAll(c.Data, 0o700); err != nil {
			return nil, fmt.Errorf("make the servers' directory: %w", err)
		}
		if beside, err = filepath.Abs(filepath.Join(c.Data, "..")); err != nil {
			return nil, fmt.Errorf("find what is above %s: %w", c.Data, err)
		}
		if !sameDisk(c.Data, beside) {
			return nil, fmt.Errorf("%s is where another disk begins, and %s, where the baselines are, is not on it: name a directory in it", c.Data, beside)
		}
	}
	if p.work, err = os.MkdirTemp(beside, "tandem-bench-"); err != nil {
		return nil, fmt.Errorf("make a directory for the servers: %w", err)
	}
	name, volatile, err := filesystem(p.work)
	report.Filesystem = name
	if err == nil && volatile {
		err = fmt.Errorf("%s is on %s: %w, and figures from there mean nothing; name a directory on a disk with --data", beside, name, ErrVolatile)
	}
	if err != nil {
		p.remove()
		return nil, err
	}
	return p, nil
}

func (p *place) remove() { _ = os.RemoveAll(p.work) } // what is left of it is in the way of nothing

// of is a target's directory for one run; done removes what nobody keeps.
func (p *place) of(target string) (dir string, done func()) {
	if target == Tandem && p.data != "" {
		return p.data, func() {}
	}
	dir = filepath.Join(p.work, target)
	return dir, func() { _ = os.RemoveAll(dir) }
}

// round measures each target once, each time beginning with another one. An error of a run goes into its result; what is returned is that
// there are to be no more.
func (r *Report) round(ctx context.Context, c *Config, place *place, w *workload, run int) error {
	targets := r.plans[w.name].targets
	for i := range targets {
		j := &job{
			config: c, place: place, plan: r.plans[w.name], workload: w, seed: c.Seed + uint64(run),
			result: Result{Workload: w.name, Target: targets[(run+i)%len(targets)], Run: run + 1},
		}
		err := j.do(ctx)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		j.result.Identical = err == nil
		if err != nil {
			j.result.Error = err.Error()
		}
		r.Results = append(r.Results, j.result)
		fmt.Fprintf(c.Progress, "bench: %s\n", j.line())
	}
	return nil
}

// A job is one run.
type job struct {
	config   *Config
	place    *place
	plan     plan
	workload *workload
	seed     uint64
	target   *target
	result   Result
}

// do starts the target, runs the workload, and stops the target.
func (j *job) do(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	dir, done := j.place.of(j.result.Target)
	defer done()
	t, err := startTarget(ctx, j.config, j.result.Target, dir, cancel)
	if err != nil {
		return err
	}
	defer t.stop()
	j.target = t
	watch := sample(ctx, t.pid())
	err = j.workload.run(ctx, j)
	watch.stop()
	if j.result.RSSAnonPeak == nil { // storm has another process
		j.result.RSSAnonPeak = watch.peak
	}
	j.result.RSSPeak = usageOf(t.pid()).rssPeak
	if ended := context.Cause(ctx); ended != nil {
		err = ended
	}
	if err != nil && t.server != nil {
		if log := t.server.Log(); log != "" {
			fmt.Fprintf(j.config.Progress, "bench: %s logged at last:\n%s\n", t.name, log)
		}
	}
	return err
}

// line says for people how a run went.
func (j *job) line() string {
	r := &j.result
	s := fmt.Sprintf("%s, %s, run %d", r.Workload, r.Target, r.Run)
	if r.Error != "" {
		return s + ": " + r.Error
	}
	if r.EditsPerSecond != nil {
		s += fmt.Sprintf(": %.0f edits/s", *r.EditsPerSecond)
	}
	if r.VisibleMs != nil {
		s += fmt.Sprintf(", visible %v", r.VisibleMs)
	}
	if r.LateMs != nil {
		s += fmt.Sprintf(" (sent late: %v)", r.LateMs)
	}
	return s
}
