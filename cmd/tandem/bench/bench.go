package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tandem/cmd/tandem/bench/baseline"
	"tandem/cmd/tandem/bench/load"
)

// Tandem is the target that is measured; the others are baselines.
const Tandem = "tandem"

// Targets are all that there are.
func Targets() []string {
	return []string{Tandem, string(baseline.Durable), string(baseline.Burst), string(baseline.Hub)}
}

// What a Config says where it says nothing.
const (
	DefaultDuration = 15 * time.Second
	DefaultRuns     = 3
)

// Config is what to measure. The numbers are each workload's usual ones where they are 0.
type Config struct {
	Workloads []string // one at least
	Targets   []string // Tandem by default
	URL       string   // of the socket of a Tandem server; empty: a child
	Data      string   // where the children's data is; must be there

	Docs, People  int
	Rate          float64 // a second
	Conns         int
	Size          int // UTF-16 code units
	Missed        int
	Stopped       int
	Duration      time.Duration
	Runs          int
	Seed          uint64
	Progress      io.Writer // a line for each run
	BaselineWords []string  // the command that runs a baseline, before its name
	ServeWords    []string  // the command that runs the server
}

// ErrUsage is a Config that asks for what cannot be.
var ErrUsage = errors.New("usage")

// check refuses what cannot be, and finds the workloads with their targets.
func (c *Config) check() ([]*workload, error) {
	if len(c.Targets) == 0 {
		c.Targets = []string{Tandem}
	}
	for i, t := range c.Targets {
		if !slices.Contains(Targets(), t) {
			return nil, fmt.Errorf("%w: no target is called %q: there are %s", ErrUsage, t, strings.Join(Targets(), ", "))
		}
		if slices.Contains(c.Targets[:i], t) {
			return nil, fmt.Errorf("%w: the target %s is named twice", ErrUsage, t)
		}
	}
	for what, n := range map[string]int{
		"docs": c.Docs, "people": c.People, "conns": c.Conns, "size": c.Size, "missed": c.Missed, "stopped": c.Stopped, "runs": c.Runs,
	} {
		if n < 0 {
			return nil, fmt.Errorf("%w: --%s %d: it is at least 1", ErrUsage, what, n)
		}
	}
	switch {
	case !(c.Rate >= 0 && c.Rate <= maxRate):
		return nil, fmt.Errorf("%w: --rate %v: want up to %d edits a second", ErrUsage, c.Rate, maxRate)
	case c.Duration < 0:
		return nil, fmt.Errorf("%w: --duration %v: want more than 0", ErrUsage, c.Duration)
	case len(c.Workloads) == 0:
		return nil, fmt.Errorf("%w: no workload is named", ErrUsage)
	}
	var found []*workload
	for _, name := range c.Workloads {
		w, err := workloadOf(name)
		if err != nil {
			return nil, err
		}
		if len(c.targetsOf(w)) == 0 {
			if len(c.Workloads) > 1 {
				continue
			}
			return nil, fmt.Errorf("%w: %s needs a server with documents, which %s is not", ErrUsage, name, strings.Join(c.Targets, ", "))
		}
		if w.child && c.URL != "" {
			if len(c.Workloads) > 1 {
				continue
			}
			return nil, fmt.Errorf("%w: %s needs a server that bench starts: leave --url out", ErrUsage, name)
		}
		if err := w.plan(c).check(w.name); err != nil {
			return nil, err
		}
		found = append(found, w)
	}
	return found, nil
}

const (
	maxRate = 10_000 // edits a second of one person
	// minConns is for the three steps of idle.
	minConns = 4
)

func (p plan) check(name string) error {
	switch {
	case name == "slow" && p.stopped >= p.people:
		return fmt.Errorf("%w: --stopped %d of --people %d: somebody must go on reading", ErrUsage, p.stopped, p.people)
	case p.conns > 0 && p.conns < minConns*p.docs:
		return fmt.Errorf("%w: --conns %d on --docs %d: want %d for each document at least", ErrUsage, p.conns, p.docs, minConns)
	case name != "idle" && name != "storm" && p.people < 2:
		return fmt.Errorf("%w: --people %d: want 2 at least, so that somebody sees what another types", ErrUsage, p.people)
	case name == "slow" && p.size < replacedPieces, name == "big" && p.size < pieceLetters:
		return fmt.Errorf("%w: --size %d is too small for %s", ErrUsage, p.size, name)
	}
	return nil
}

// targetsOf are those of a workload.
func (c *Config) targetsOf(w *workload) (names []string) {
	for _, t := range c.Targets {
		if t == Tandem || w.bare {
			names = append(names, t)
		}
	}
	return names
}

// ErrVolatile is a data directory in memory (M5).
var ErrVolatile = errors.New("nothing is synced there")

// Run measures. The error is that it could not; whether what was measured is good, the Report says. The Report is never nil.
func Run(ctx context.Context, c Config) (*Report, error) {
	report := &Report{Machine: machine(), Seed: c.Seed, Results: []Result{}, plans: map[string]plan{}}
	report.conclude()
	chosen, err := c.check()
	if err != nil {
		return report, err
	}
	volatile := false
	if report.Filesystem, volatile, err = filesystem(c.Data); err != nil {
		return report, err
	}
	if volatile && (c.URL == "" || slices.Contains(c.Targets, string(baseline.Durable))) {
		return report, fmt.Errorf("%s is on %s: %w, and figures from there mean nothing; name a directory on a disk with --data",
			c.Data, report.Filesystem, ErrVolatile)
	}
	syncs := load.NewDurations()
	defer func() {
		report.FsyncMs = syncs.Spread()
		report.conclude()
	}()
	for _, w := range chosen {
		p := w.plan(&c)
		report.plans[w.name] = p
		for run := range p.runs {
			if err := fsyncs(c.Data, syncs); err != nil {
				return report, err
			}
			for _, name := range c.targetsOf(w) {
				j := &job{
					config: &c, plan: p, workload: w, seed: c.Seed + uint64(run),
					result: Result{Workload: w.name, Target: name, Run: run + 1},
				}
				err := j.do(ctx)
				if ctx.Err() != nil {
					return report, context.Cause(ctx)
				}
				j.result.Identical = err == nil
				if err != nil {
					j.result.Error = err.Error()
				}
				report.Results = append(report.Results, j.result)
				fmt.Fprintf(c.Progress, "bench: %s\n", j.line())
			}
		}
	}
	return report, nil
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
