package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tandem/cmd/tandem/bench"
)

// benchFlags are what a caller may choose.
type benchFlags struct {
	config  bench.Config
	targets []string
	size    string
	json    bool
}

const benchLong = `Measures a server under load. The server is a process of its own on a fresh store, and so is each baseline.

  hot        20 people in one document, 10 edits a second each
  many       200 documents with 3 people each, 2 edits a second each
  saturate   50 people in one document, who type as soon as they are acknowledged
  idle       up to 5,000 connections on 500 documents: memory
  big        join a document of 1,000,000 letters, and come back to it after 10,000 missed edits
  presence   200 carets move 10 times a second while 5 people type
  storm      5,000 connections come back at once after the server was killed
  slow       50 of 60 readers do not read for 30 s while 100 MB go by
  isolation  3 people each type in 10 quiet documents: alone, beside a document that 50 saturate, beside pastes of 10 MB, beside imports
  huge       big with ten times as many letters and edits
  all        all of these but huge, as ` + "`make bench`" + ` does: with the baselines that goals name, hot, many and saturate for 8 s, presence for 10 s, each
             part of isolation for 6 s. It takes less than 12 minutes. With --long it is huge as well, longer runs and more of them, and takes about an hour

An edit is one letter, one submission and one revision. It is visible where it is applied. Latency counts from when an edit was due.
At the end of each run all copies are compared. What the figures should be stands beside them in a last table, for all workloads together.

Targets take turns, so that their ratio means something on a machine that is not quiet:

  tandem       this server
  hub-durable  a broadcast that writes each batch to a log with one fdatasync first, and has no documents
  hub-burst    a broadcast in memory that writes what waits at once
  hub          a broadcast in memory with one write for each message

Without documents there is only hot, many, saturate and isolation without its imports. The exit status is 0 where everything was measured and all copies were
identical, whatever the figures are; 1 where not; 2 for a wrong call.`

func (p *program) benchCommand() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench [flags] WORKLOAD...",
		Short: "Measure a server under load",
		Long:  benchLong,
		Args:  cobra.MinimumNArgs(1),
		RunE:  command(func(ctx context.Context, args []string) error { return p.bench(ctx, f, args) }),
	}
	flags, c := cmd.Flags(), &f.config
	flags.StringVar(&c.URL, "url", "", "a running server, http(s):// or ws(s)://; without it one is started for each run")
	flags.StringVar(&c.Data, "data", "", "the started servers' directory, kept (default: a temporary one, removed)")
	flags.StringSliceVar(&f.targets, "target", []string{bench.Tandem}, "what to measure: "+strings.Join(bench.Targets(), ", ")+", or all (default of the workload all: those that goals name)")
	flags.BoolVar(&c.Long, "long", false, "larger and longer, with all targets: 30s and 5 runs, 15,000 connections")
	flags.IntVar(&c.Docs, "docs", 0, "documents (default: the workload's)")
	flags.IntVar(&c.People, "people", 0, "people in each document; presence: carets; slow: readers (default: the workload's)")
	flags.Float64Var(&c.Rate, "rate", 0, "edits a second of each; presence: moves; slow: replacements (default: the workload's)")
	flags.IntVar(&c.Conns, "conns", 0, "connections: idle, storm (default: 5000)")
	flags.StringVar(&f.size, "size", "", "letters of the document, such as 10MB: big, slow (default: 1MB), huge, isolation")
	flags.IntVar(&c.Missed, "missed", 0, "edits that are missed: big (default: 10000), huge")
	flags.IntVar(&c.Stopped, "stopped", 0, "readers that do not read: slow (default: 50)")
	flags.DurationVar(&c.Duration, "duration", bench.DefaultDuration, "what is measured of a run; idle: how long each step rests, 3s unless given; slow: without reading, 30s unless given")
	flags.IntVar(&c.Runs, "runs", bench.DefaultRuns, "runs; idle, big, huge, storm, slow and isolation: 1 unless given")
	flags.Uint64Var(&c.Seed, "seed", 0, "of what is left to chance (default: a random one, which is reported)")
	flags.BoolVar(&f.json, "json", false, "one JSON object on stdout, and nothing else")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		for _, name := range []string{"docs", "people", "rate", "conns", "missed", "stopped", "duration", "runs"} {
			if v := flags.Lookup(name).Value.String(); flags.Changed(name) && (v == "0" || v == "0s" || strings.HasPrefix(v, "-")) {
				return fmt.Errorf("--%s %s: want more than 0", name, v)
			}
		}
		if !flags.Changed("duration") { // each workload has its own
			c.Duration = 0
		}
		if !flags.Changed("runs") {
			c.Runs = 0
		}
		if !flags.Changed("target") {
			f.targets = nil
		}
		return nil
	}
	return cmd
}

// bench is the command. The report is printed also where not all of it is good.
func (p *program) bench(ctx context.Context, f benchFlags, workloads []string) error {
	if err := f.complete(workloads); err != nil {
		return usageError{err}
	}
	c := f.config
	c.Progress = p.stderr
	defer debug.SetGCPercent(debug.SetGCPercent(generatorGC))
	report, err := bench.Run(ctx, c)
	if errors.Is(err, bench.ErrUsage) {
		return usageError{err}
	}
	if err != nil && len(report.Results) == 0 {
		return err
	}
	show := report.Print
	if f.json {
		show = report.JSON
	}
	if e := show(p.stdout); e != nil {
		return e
	}
	if err == nil && !report.Identical() {
		err = fmt.Errorf("not every run was good (seed %d): see what is said above", c.Seed)
	}
	return err
}

// generatorGC is how rarely the generator collects garbage, in percent: its pauses are not the server's.
const generatorGC = 400

// complete finds out what is meant.
func (f *benchFlags) complete(workloads []string) (err error) {
	c := &f.config
	c.All = slices.Contains(workloads, "all")
	c.Workloads = slices.DeleteFunc(slices.Clone(workloads), func(name string) bool { return name == "all" })
	if c.Targets = f.targets; slices.Contains(f.targets, "all") {
		c.Targets = bench.Targets()
	}
	if f.size != "" {
		if c.Size, err = letters(f.size); err != nil {
			return err
		}
	}
	if c.URL != "" {
		if c.URL, err = socketURL(c.URL); err != nil {
			return err
		}
	}
	if c.Seed == 0 {
		var random [4]byte
		rand.Read(random[:]) // it never fails
		c.Seed = uint64(binary.BigEndian.Uint32(random[:]))
	}
	return nil
}

// letters reads a size: 1000000, 500kB or 10MB.
func letters(size string) (int, error) {
	number, unit := size, 1
	for suffix, n := range map[string]int{"kB": 1000, "MB": 1_000_000} {
		if before, ok := strings.CutSuffix(size, suffix); ok {
			number, unit = before, n
		}
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > maxLetters/unit {
		return 0, fmt.Errorf("--size %q: want 1 to %d letters, such as 500kB or 10MB", size, maxLetters)
	}
	return n * unit, nil
}

// maxLetters leaves room below a document's limit for what is typed into it.
const maxLetters = 15_000_000
