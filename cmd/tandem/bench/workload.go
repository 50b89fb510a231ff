package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/cmd/tandem/bench/baseline"
)

// A plan is how large a workload is. What a workload has no use for is 0.
type plan struct {
	targets  []string
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
	extra bool // All leaves it out, unless it is Long
	usual plan
	all   plan // what is other than usual where all are measured
	long  plan // what is other than that where it may take long
	says  func(p plan) string
	run   func(ctx context.Context, j *job) error
}

const (
	// once is how often workloads run whose figures hardly move.
	once = 1
	// brief is how long a run is where all of them, with their baselines, are to take less than 12 minutes.
	brief = 8 * time.Second
)

// Of all and long, those of the workloads that baselines take part in.
var (
	briefly  = plan{targets: []string{Tandem, string(baseline.Durable), string(baseline.Burst)}, duration: brief}
	atLength = plan{targets: Targets(), duration: 30 * time.Second, runs: 5}
)

// workloads are all there are, in the order in which `all` runs them.
var workloads = []workload{
	{
		name: "hot", bare: true, run: runTyping,
		usual: plan{docs: 1, people: 20, rate: 10}, all: plan{targets: Targets(), duration: brief}, long: atLength,
		says: func(p plan) string {
			return fmt.Sprintf("%s with %s each, %v edits a second each, scheduled", count(p.docs, "document"), many(p.people, "people"), p.rate)
		},
	},
	{
		name: "many", bare: true, run: runTyping,
		usual: plan{docs: 200, people: 3, rate: 2}, all: briefly, long: atLength,
		says: func(p plan) string {
			return fmt.Sprintf("%s with %s each, %v edits a second each, scheduled", count(p.docs, "document"), many(p.people, "people"), p.rate)
		},
	},
	{
		name: "saturate", bare: true, run: runSaturate,
		usual: plan{docs: 1, people: 50}, all: briefly, long: atLength,
		says: func(p plan) string {
			return fmt.Sprintf("%s with %s, who type as soon as they are acknowledged", count(p.docs, "document"), many(p.people, "people"))
		},
	},
	{
		name: "idle", child: true, run: runIdle,
		usual: plan{docs: 500, conns: 5000, duration: 3 * time.Second, runs: once}, long: plan{conns: 15_000, runs: 3},
		says: func(p plan) string {
			return fmt.Sprintf("up to %d connections on %s, and nobody types", p.conns, count(p.docs, "document"))
		},
	},
	{
		name: "big", run: runBig, says: saysBig,
		usual: plan{people: 50, size: 1_000_000, missed: 10_000, runs: once}, long: plan{runs: 3},
	},
	{
		name: "presence", run: runPresence,
		usual: plan{people: 200, rate: 10}, all: plan{duration: 10 * time.Second}, long: plan{duration: 30 * time.Second, runs: 5},
		says: func(p plan) string {
			return fmt.Sprintf("%d carets move %v times a second in one document while %d people type", p.people, p.rate, typists)
		},
	},
	{
		name: "storm", child: true, run: runStorm,
		usual: plan{docs: 500, conns: 5000, runs: once}, long: plan{conns: 15_000, runs: 3},
		says: func(p plan) string {
			return fmt.Sprintf("%d connections on %s come back at once after the server was killed", p.conns, count(p.docs, "document"))
		},
	},
	{
		name: "slow", run: runSlow,
		usual: plan{people: 60, stopped: 50, rate: 54, size: 1_000_000, duration: 30 * time.Second, runs: once}, long: plan{runs: 3},
		says: func(p plan) string {
			replaced := p.rate * p.duration.Seconds() * float64(p.size/replacedPieces) / 1e6
			return fmt.Sprintf("%d of %d readers do not read for %v while %.0f MB are replaced in a document of %d letters", p.stopped, p.people, p.duration, replaced, p.size)
		},
	},
	{
		name: "isolation", bare: true, run: runIsolation,
		usual: plan{docs: 10, people: 3, rate: 2, size: 10_000_000, runs: once},
		all:   plan{targets: []string{Tandem, string(baseline.Durable)}, duration: 6 * time.Second},
		long:  plan{targets: []string{Tandem, string(baseline.Durable)}, duration: 30 * time.Second, runs: 3},
		says: func(p plan) string {
			return fmt.Sprintf("%s with %s each, %v edits a second each: alone, beside a document that %d saturate, beside pastes and imports of %d letters",
				count(p.docs, "quiet document"), many(p.people, "people"), p.rate, hotPeople, p.size)
		},
	},
	{
		name: "huge", extra: true, run: runBig, says: saysBig,
		usual: plan{people: 50, size: 10_000_000, missed: 100_000, runs: once}, long: plan{runs: 3},
	},
}

// Workloads are the names that Config takes, those that All leaves out included.
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

// plan is how large it is to be: what the configuration sets, or else what is usual for as much as is to be measured.
func (w *workload) plan(c *Config) plan {
	p := plan{duration: DefaultDuration, runs: DefaultRuns}.with(w.usual)
	if c.All {
		p = p.with(w.all)
	}
	if c.Long {
		p = p.with(w.long)
	}
	if p.targets == nil || c.URL != "" { // what runs elsewhere has no baseline
		p.targets = []string{Tandem}
	}
	p = p.with(plan{
		targets: c.Targets, docs: c.Docs, people: c.People, rate: c.Rate, conns: c.Conns, size: c.Size, missed: c.Missed, stopped: c.Stopped,
		duration: c.Duration, runs: c.Runs,
	})
	if !w.bare {
		p.targets = slices.DeleteFunc(slices.Clone(p.targets), func(t string) bool { return t != Tandem })
	}
	return p
}

// with is p with what q has.
func (p plan) with(q plan) plan {
	if q.targets != nil {
		p.targets = q.targets
	}
	p.docs, p.people, p.conns = or(q.docs, p.docs), or(q.people, p.people), or(q.conns, p.conns)
	p.size, p.missed, p.stopped = or(q.size, p.size), or(q.missed, p.missed), or(q.stopped, p.stopped)
	p.rate, p.duration, p.runs = or(q.rate, p.rate), or(q.duration, p.duration), or(q.runs, p.runs)
	return p
}

// asLargeAs reports that figures may be held against a goal for q: of connections there may be more.
func (p plan) asLargeAs(q plan) bool {
	return p.docs == q.docs && p.people == q.people && p.rate == q.rate && p.conns >= q.conns && p.size == q.size && p.missed == q.missed && p.stopped == q.stopped
}

func saysBig(p plan) string {
	return fmt.Sprintf("join a document of %d letters, typed in tens by %s; and come back after %d missed edits",
		p.size, many(p.people, "people"), p.missed)
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
