package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"tandem/cmd/tandem/bench/load"
)

// ErrVolatile is a data directory in memory (M5).
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
	chosen, err := c.check()
	if err != nil {
		return report, err
	}
	if c.children() {
		done, err := c.prepare(report)
		if err != nil {
			return report, err
		}
		defer done()
	}
	for _, w := range chosen {
		p := w.plan(&c)
		report.plans[w.name] = p
		for run := range p.runs {
			if c.children() {
				if err := fsyncs(c.Data, syncs); err != nil {
					return report, err
				}
			}
			if err := report.round(ctx, &c, w, p, run); err != nil {
				return report, err
			}
		}
	}
	return report, nil
}

// prepare finds the directory of the children, and what it is on.
func (c *Config) prepare(report *Report) (done func(), err error) {
	done = func() {}
	if c.Data == "" {
		if c.Data, err = os.MkdirTemp("", "tandem-bench-"); err != nil {
			return nil, fmt.Errorf("make a directory for the servers: %w", err)
		}
		done = func() { _ = os.RemoveAll(c.Data) }
	} else if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the servers' directory: %w", err)
	}
	name, volatile, err := filesystem(c.Data)
	report.Filesystem = name
	if err == nil && volatile {
		err = fmt.Errorf("%s is on %s: %w, and figures from there mean nothing; name a directory on a disk with --data", c.Data, name, ErrVolatile)
	}
	if err != nil {
		done()
		return nil, err
	}
	return done, nil
}

// round measures each target once. An error of a run goes into its result; what is returned is why ctx has ended.
func (r *Report) round(ctx context.Context, c *Config, w *workload, p plan, run int) error {
	for _, name := range c.targetsOf(w) {
		j := &job{
			config: c, plan: p, workload: w, seed: c.Seed + uint64(run),
			result: Result{Workload: w.name, Target: name, Run: run + 1},
		}
		err := j.do(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
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
	dir := filepath.Join(j.config.Data, j.result.Target)
	t, err := startTarget(ctx, j.config, j.result.Target, dir, cancel)
	if err != nil {
		return err
	}
	defer t.stop()
	j.target = t
	watch := sample(ctx, t.pid())
	err = j.workload.run(ctx, j)
	watch.stop()
	j.result.RSSAnonPeak = watch.peak
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
