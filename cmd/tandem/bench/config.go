package bench

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tandem/cmd/tandem/bench/baseline"
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
	Workloads []string // none is needed with All
	All       bool     // all of them, with the baselines that their goals name, for so long that it takes less than 12 minutes
	Long      bool     // larger, longer, and with all targets: it takes about an hour with All
	Targets   []string // the workload's where it is empty: Tandem alone without All and Long
	URL       string   // of the socket of a Tandem server; empty: a child
	Data      string   // of the server that is started, kept over all runs; empty: a temporary one for each

	Docs, People int
	Rate         float64 // a second
	Conns        int
	Size         int // UTF-16 code units
	Missed       int
	Stopped      int
	Duration     time.Duration
	Runs         int
	Seed         uint64
	Progress     io.Writer // gets a line for each run
}

// ErrUsage is a Config that asks for what cannot be.
var ErrUsage = errors.New("usage")

func usagef(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUsage}, args...)...)
}

const (
	maxRate = 10_000 // edits a second of one person
	// minConns is how many connections a document has at least, for the three steps of idle.
	minConns = 4
)

// named are the workloads that are asked for.
func (c *Config) named() (all []*workload, err error) {
	for i, name := range c.Workloads {
		if slices.Contains(c.Workloads[:i], name) {
			return nil, usagef("the workload %s is named twice", name)
		}
		w, err := workloadOf(name)
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	for i := range workloads {
		if w := &workloads[i]; c.All && (c.Long || !w.extra) && !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	if len(all) == 0 {
		return nil, usagef("no workload is named")
	}
	return all, nil
}

// check refuses, with ErrUsage, what cannot be. What is named and can be comes back.
func (c *Config) check(named []*workload) (found []*workload, err error) {
	if err := c.checkTargets(); err != nil {
		return nil, err
	}
	for what, n := range map[string]int{
		"docs": c.Docs, "people": c.People, "conns": c.Conns, "size": c.Size, "missed": c.Missed, "stopped": c.Stopped, "runs": c.Runs,
	} {
		if n < 0 {
			return nil, usagef("--%s %d: it is at least 1", what, n)
		}
	}
	switch {
	case !(c.Rate >= 0 && c.Rate <= maxRate):
		return nil, usagef("--rate %v: want up to %d edits a second", c.Rate, maxRate)
	case c.Duration < 0:
		return nil, usagef("--duration %v: want more than 0", c.Duration)
	case c.Data != "" && !c.children():
		return nil, usagef("--data is the directory of servers that bench starts: leave it out, or --url")
	}
	for _, w := range named {
		if err := c.fits(w); err == nil {
			found = append(found, w)
		} else if len(named) == 1 { // of several, those that can be are measured
			return nil, err
		}
	}
	for _, w := range found {
		if err := w.plan(c).check(w.name); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (c *Config) checkTargets() error {
	for i, t := range c.Targets {
		if !slices.Contains(Targets(), t) {
			return usagef("no target is called %q: there are %s", t, strings.Join(Targets(), ", "))
		}
		if slices.Contains(c.Targets[:i], t) {
			return usagef("the target %s is named twice", t)
		}
	}
	return nil
}

// fits refuses a workload that has no target, or not the one it needs.
func (c *Config) fits(w *workload) error {
	switch {
	case len(w.plan(c).targets) == 0:
		return usagef("%s needs a server with documents, which %s is not", w.name, strings.Join(c.Targets, ", "))
	case w.child && c.URL != "":
		return usagef("%s needs a server that bench starts: leave --url out", w.name)
	}
	return nil
}

// children reports whether there are servers to be started.
func (c *Config) children() bool {
	return c.URL == "" || slices.ContainsFunc(c.Targets, func(t string) bool { return t != Tandem })
}

func (p plan) check(name string) error {
	shortest := map[string]float64{ // seconds in which everybody who types to a schedule types something
		"hot": 1 / p.rate, "many": 1 / p.rate, "isolation": 1 / p.rate, "presence": max(1/p.rate, 1.0/typistRate), "slow": max(1/p.rate, 1.0/typistRate) * calmShare,
	}[name]
	switch {
	case p.duration.Seconds() < shortest/2:
		return usagef("--duration %v: nobody types in so short a time, want %.1f s", p.duration, shortest)
	case name == "slow" && p.stopped >= p.people:
		return usagef("--stopped %d of --people %d: somebody must go on reading", p.stopped, p.people)
	case p.conns > 0 && p.conns < minConns*p.docs:
		return usagef("--conns %d on --docs %d: want %d for each document at least", p.conns, p.docs, minConns)
	case name != "idle" && name != "storm" && p.people < 2:
		return usagef("--people %d: want 2 at least, so that somebody sees what another types", p.people)
	case name == "slow" && p.size < replacedPieces, (name == "big" || name == "huge") && p.size < pieceLetters:
		return usagef("--size %d is too small for %s", p.size, name)
	}
	return nil
}
