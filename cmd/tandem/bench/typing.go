package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"tandem/cmd/tandem/bench/load"
)

const (
	// warmUp is how long people type before it counts; of a short run, a quarter of it.
	warmUp = time.Second
	// lead is between making a schedule and its first beat.
	lead = 5 * time.Millisecond
	// lettersEach is how much text there is for each person, who types in the middle of it.
	lettersEach = 64
	// saturationStride is at which revisions stamps are taken where there are a million a second.
	saturationStride = 16
)

// letters types the alphabet at the caret.
func letters() load.Source {
	n := 0
	return func(int) (load.Edit, bool) {
		n++
		return load.Edit{At: -1, Text: alphabet[n%26 : n%26+1]}, true
	}
}

const alphabet = "abcdefghijklmnopqrstuvwxyz"

// gather has people join new documents, which then have some text, and puts their carets into it.
func (j *job) gather(ctx context.Context, stride int) (*load.Crew, error) {
	crew, err := load.Gather(ctx, j.target.site, names(j.plan.docs), j.plan.people, stride)
	if err != nil {
		return nil, err
	}
	if err := j.fill(ctx, crew, lettersEach*j.plan.people); err != nil {
		crew.Close()
		return nil, err
	}
	for _, people := range crew.Docs {
		for i, r := range people {
			r.Take(lettersEach*i+lettersEach/2, letters())
		}
	}
	return crew, nil
}

// fill has the first person of each document type so many letters, 64 KiB at a time.
func (j *job) fill(ctx context.Context, crew *load.Crew, size int) error {
	for _, people := range crew.Docs {
		people[0].Take(0, paragraphs(size, fillPiece))
		if err := people[0].Start(); err != nil {
			return err
		}
	}
	return crew.Settle(ctx)
}

const fillPiece = 64 << 10

// paragraphs types so many letters, in pieces.
func paragraphs(size, piece int) load.Source {
	return func(length int) (load.Edit, bool) {
		n := min(piece, size-length)
		return load.Edit{At: length, Text: prose(n)}, n > 0
	}
}

// prose is so many letters, with spaces.
func prose(n int) string {
	const words = "the quick brown fox jumps over the lazy dog and then some more "
	return strings.Repeat(words, max(0, n)/len(words)+1)[:max(0, n)]
}

// runTyping is hot and many: scheduled edits (open loop).
func runTyping(ctx context.Context, j *job) error {
	crew, err := j.gather(ctx, 1)
	if err != nil {
		return err
	}
	defer crew.Close()
	all := crew.All()
	failed := newFailure()
	do := func(b load.Beat) { failed.note(all[b.Who].Due(b.At)) }
	warm := min(warmUp, j.plan.duration/4)
	load.Pace(ctx, crew.Clock, load.Schedule(j.seed, len(all), j.plan.rate, crew.Clock.Now()+int64(lead), warm), do)
	m := j.begin(crew)
	beats := load.Schedule(j.seed+1, len(all), j.plan.rate, crew.Clock.Now()+int64(lead), j.plan.duration)
	late := load.Pace(ctx, crew.Clock, beats, do)
	if err := failed.or(crew.Settle(ctx)); err != nil {
		return err
	}
	l := crew.Latencies(beats[0].At, crew.Clock.Now(), load.Anybody, load.Anybody)
	if l.Edits != len(beats) {
		return fmt.Errorf("%d edits were scheduled, %d were acknowledged", len(beats), l.Edits)
	}
	m.end(l.Edits, crew.Clock.Now()-beats[0].At)
	j.result.AckMs, j.result.VisibleMs, j.result.LateMs = l.Ack.Spread(), l.Visible.Spread(), late.Spread()
	return crew.Compare(ctx)
}

// runSaturate has everybody type as soon as they may.
func runSaturate(ctx context.Context, j *job) error {
	crew, err := j.gather(ctx, saturationStride)
	if err != nil {
		return err
	}
	defer crew.Close()
	if err := crew.Each((*load.Replica).Start); err != nil {
		return err
	}
	if err := pause(ctx, min(warmUp, j.plan.duration/4)); err != nil {
		return err
	}
	m, from, before := j.begin(crew), crew.Clock.Now(), crew.Acked()
	if err := pause(ctx, j.plan.duration); err != nil {
		return err
	}
	to := crew.Clock.Now()
	m.end(crew.Acked()-before, to-from)
	for _, r := range crew.All() {
		r.Stop()
	}
	if err := crew.Settle(ctx); err != nil {
		return err
	}
	l := crew.Latencies(from, to, load.Anybody, load.Anybody)
	j.result.AckMs, j.result.VisibleMs = l.Ack.Spread(), l.Visible.Spread()
	return crew.Compare(ctx)
}

// A measurement is of a stretch of time.
type measurement struct {
	job    *job
	crew   *load.Crew
	usage  usage
	self   *float64
	outgot int64
}

func (j *job) begin(crew *load.Crew) *measurement {
	return &measurement{job: j, crew: crew, usage: usageOf(j.target.pid()), self: generatorCPU(), outgot: crew.BytesRead()}
}

// end fills in what so many edits took, in so many nanoseconds.
func (m *measurement) end(edits int, took int64) {
	after, r, n := usageOf(m.job.target.pid()), &m.job.result, float64(edits)
	r.typed(edits, took)
	r.CPUPerEdit = per(after.cpu, m.usage.cpu, n, 1e6)
	r.CPUPerDelivery = per(after.cpu, m.usage.cpu, n*float64(m.job.plan.people-1), 1e6)
	r.GeneratorPerEdit = per(generatorCPU(), m.self, n, 1e6)
	r.WritesPerEdit = per(after.writes, m.usage.writes, n, 1)
	r.BytesOutPerEdit = per(some(float64(m.crew.BytesRead())), some(float64(m.outgot)), n, 1)
}

// typed fills in that so many edits took so many nanoseconds.
func (r *Result) typed(edits int, took int64) {
	seconds := float64(took) / 1e9
	r.Edits, r.Seconds, r.EditsPerSecond = some(float64(edits)), some(seconds), some(float64(edits)/seconds)
}

// failure keeps the first error of what cannot return one.
type failure struct{ first atomic.Pointer[error] }

func newFailure() *failure { return &failure{} }

func (f *failure) note(err error) {
	if err != nil {
		f.first.CompareAndSwap(nil, &err)
	}
}

// or is the first error that was noted, or else err.
func (f *failure) or(err error) error {
	if first := f.first.Load(); first != nil {
		return *first
	}
	return err
}

// jumping types so many pieces of so many letters, one after the other, and now and then goes elsewhere: one in jumpEvery.
func jumping(random *rand.Rand, left *atomic.Int64, piece int) load.Source {
	return func(length int) (load.Edit, bool) {
		if left.Add(-1) < 0 {
			return load.Edit{}, false
		}
		e := load.Edit{At: -1, Text: prose(random.IntN(8) + piece)[:piece]}
		if random.IntN(jumpEvery) == 0 {
			e.At = random.IntN(length + 1)
		}
		return e, true
	}
}

const jumpEvery = 50
