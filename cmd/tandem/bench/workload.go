package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A plan is how large a workload is. What a workload has no use for is 0.
type plan struct {
	docs     int
	people   int           // of each document
	rate     float64       // edits a second of each; presence: moves; slow: replacements
	conns    int           // idle, storm
	size     int           // UTF-16 code units of the document: big, slow
	missed   int           // edits: big
	stopped  int           // readers: slow
	duration time.Duration // that is measured; idle: of each step; slow: without reading
	runs     int
}

// A workload is something that people do.
type workload struct {
	name  string
	bare  bool // a server without documents can take part
	child bool // the server must be a child: it is killed, or its memory is all there is to see
	usual plan
	says  func(p plan) string
	run   func(ctx context.Context, j *job) error
}

// once is how often workloads run whose figures hardly move.
const once = 1

// workloads are all there are, in the order in which `all` runs them.
var workloads = []workload{
	{
		name: "hot", bare: true, usual: plan{docs: 1, people: 20, rate: 10}, run: runTyping,
		says: func(p plan) string {
			return fmt.Sprintf("%s with %s each, %v edits a second each, scheduled", count(p.docs, "document"), many(p.people, "people"), p.rate)
		},
	},
	{
		name: "many", bare: true, usual: plan{docs: 200, people: 3, rate: 2}, run: runTyping,
		says: func(p plan) string {
			return fmt.Sprintf("%s with %s each, %v edits a second each, scheduled", count(p.docs, "document"), many(p.people, "people"), p.rate)
		},
	},
	{
		name: "saturate", bare: true, usual: plan{docs: 1, people: 50}, run: runSaturate,
		says: func(p plan) string {
			return fmt.Sprintf("%s with %s, who type as soon as they are acknowledged", count(p.docs, "document"), many(p.people, "people"))
		},
	},
	{
		name: "idle", child: true, usual: plan{docs: 500, conns: 5000, duration: 3 * time.Second, runs: once}, run: runIdle,
		says: func(p plan) string {
			return fmt.Sprintf("up to %d connections on %s, and nobody types", p.conns, count(p.docs, "document"))
		},
	},
	{
		name: "big", usual: plan{people: 50, size: 1_000_000, missed: 10_000, runs: once}, run: runBig,
		says: func(p plan) string {
			return fmt.Sprintf("join a document of %d letters, typed in tens by %s; and come back after %d missed edits", p.size, many(p.people, "people"), p.missed)
		},
	},
	{
		name: "presence", usual: plan{people: 200, rate: 10}, run: runPresence,
		says: func(p plan) string {
			return fmt.Sprintf("%d carets move %v times a second in one document while %d people type", p.people, p.rate, typists)
		},
	},
	{
		name: "storm", child: true, usual: plan{docs: 500, conns: 5000, runs: once}, run: runStorm,
		says: func(p plan) string {
			return fmt.Sprintf("%d connections on %s come back at once after the server was killed", p.conns, count(p.docs, "document"))
		},
	},
	{
		name: "slow", usual: plan{people: 60, stopped: 50, rate: 54, size: 1_000_000, duration: 30 * time.Second, runs: once}, run: runSlow,
		says: func(p plan) string {
			replaced := p.rate * p.duration.Seconds() * float64(p.size/replacedPieces) / 1e6
			return fmt.Sprintf("%d of %d readers do not read for %v while %.0f MB are replaced in a document of %d letters", p.stopped, p.people, p.duration, replaced, p.size)
		},
	},
}

// Workloads are the names that Config takes.
func Workloads() (names []string) {
	for i := range workloads {
		names = append(names, workloads[i].name)
	}
	return names
}

func workloadOf(name string) (*workload, error) {
	i := slices.IndexFunc(workloads, func(w workload) bool { return w.name == name })
	if i < 0 {
		return nil, usagef("no workload is called %q: there are %s, and all", name, strings.Join(Workloads(), ", "))
	}
	return &workloads[i], nil
}

// plan is the usual one with what the configuration sets.
func (w *workload) plan(c *Config) plan {
	p := w.usual
	p.docs, p.people, p.conns = or(c.Docs, p.docs), or(c.People, p.people), or(c.Conns, p.conns)
	p.size, p.missed, p.stopped = or(c.Size, p.size), or(c.Missed, p.missed), or(c.Stopped, p.stopped)
	p.rate = or(c.Rate, p.rate)
	p.duration = or(c.Duration, or(p.duration, DefaultDuration))
	p.runs = or(c.Runs, or(p.runs, DefaultRuns))
	return p
}

func or[T comparable](v, usual T) T {
	var zero T
	if v == zero {
		return usual
	}
	return v
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func many(n int, people string) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d %s", n, people)
}
