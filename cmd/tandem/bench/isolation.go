package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"tandem/cmd/tandem/bench/load"
	"tandem/cmd/tandem/child"
)

const (
	// hotPeople are those of the document that is saturated.
	hotPeople = 50
	// pastePiece is how much of a paste one submission has: as much as the server takes.
	pastePiece = 128 << 10
	// lull is between what is done beside quiet documents and the next, so that what the one left to do is done.
	lull = time.Second
)

// runIsolation measures what people see in quiet documents: alone, beside a document that is saturated, beside pastes into others, and
// beside imports of others. A baseline, where it is done as well but for the imports, tells how much of it is the machine's: who types
// there shares nothing but the machine and the log with the others.
func runIsolation(ctx context.Context, j *job) error {
	quiet, err := j.gather(ctx, 1)
	if err != nil {
		return err
	}
	defer quiet.Close()
	alone, err := j.beside(ctx, quiet, func(ctx context.Context) error { <-ctx.Done(); return nil })
	if err != nil {
		return err
	}
	j.result.BeforeMs = alone
	for _, phase := range []struct {
		into **load.Spread
		what func(context.Context) error
	}{{&j.result.BesideHotMs, j.saturateOne}, {&j.result.BesidePasteMs, j.pasteAll}, {&j.result.BesideImportMs, j.importAll}} {
		if phase.into == &j.result.BesideImportMs && (j.target.server == nil || j.target.site.Bare) {
			continue
		}
		if err := pause(ctx, min(lull, j.plan.duration)); err != nil {
			return err
		}
		if *phase.into, err = j.beside(ctx, quiet, phase.what); err != nil {
			return err
		}
	}
	return quiet.Compare(ctx)
}

// beside has people type to a schedule in quiet documents while something else goes on until its context is done.
func (j *job) beside(ctx context.Context, quiet *load.Crew, other func(context.Context) error) (*load.Spread, error) {
	during, stop := context.WithCancel(ctx)
	defer stop()
	var running sync.WaitGroup
	var failed error
	running.Go(func() { failed = other(during) }) // ends with during
	all := quiet.All()
	typing := newFailure()
	do := func(b load.Beat) { typing.note(all[b.Who].Due(b.At)) }
	load.Pace(ctx, quiet.Clock, load.Schedule(j.seed, len(all), j.plan.rate, quiet.Clock.Now()+int64(lead), min(warmUp, j.plan.duration/4)), do)
	from := quiet.Clock.Now()
	beats := load.Schedule(j.seed+1, len(all), j.plan.rate, from+int64(lead), j.plan.duration)
	load.Pace(ctx, quiet.Clock, beats, do)
	err := typing.or(quiet.Settle(ctx))
	stop()
	running.Wait()
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	l := quiet.Latencies(beats[0].At, quiet.Clock.Now(), load.Anybody, load.Anybody)
	if l.Edits != len(beats) {
		return nil, fmt.Errorf("%d edits were scheduled, %d were acknowledged", len(beats), l.Edits)
	}
	return l.Visible.Spread(), nil
}

// saturateOne has many people type into one document as soon as they may.
func (j *job) saturateOne(during context.Context) error {
	ctx := context.WithoutCancel(during) // they finish what they have begun
	crew, err := load.Gather(ctx, j.target.site, names(1), hotPeople, saturationStride)
	if err != nil {
		return err
	}
	defer crew.Close()
	if err := j.fill(ctx, crew, lettersEach*hotPeople); err != nil {
		return err
	}
	for i, r := range crew.All() {
		r.Take(lettersEach*i, letters())
	}
	began, before := crew.Clock.Now(), crew.Acked()
	if err := crew.Each((*load.Replica).Start); err != nil {
		return err
	}
	<-during.Done()
	j.result.typed(crew.Acked()-before, crew.Clock.Now()-began)
	for _, r := range crew.All() {
		r.Stop()
	}
	if err := crew.Settle(ctx); err != nil {
		return err
	}
	return crew.Compare(ctx)
}

// pasteAll pastes one text after the other, each into a document of its own, as submissions of as much as one may have.
func (j *job) pasteAll(during context.Context) error {
	ctx := context.WithoutCancel(during)
	began, pasted := time.Now(), 0
	for during.Err() == nil {
		crew, err := load.Gather(ctx, j.target.site, names(1), 1, 1)
		if err != nil {
			return err
		}
		author := crew.All()[0]
		author.Take(0, func(length int) (load.Edit, bool) {
			n := min(pastePiece, j.plan.size-length)
			return load.Edit{At: length, Text: prose(n)}, n > 0 && during.Err() == nil
		})
		if err = author.Start(); err == nil {
			err = crew.Settle(ctx)
		}
		if err == nil {
			err = crew.Compare(ctx)
		}
		pasted += author.Len()
		crew.Close()
		if err != nil {
			return err
		}
	}
	j.result.PastedPerSecond = some(float64(pasted) / 1e6 / time.Since(began).Seconds())
	return nil
}

// importAll has tandem import make one document after the other of a file.
func (j *job) importAll(during context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the tandem program: %w", err)
	}
	file := filepath.Join(j.place.work, "import.txt")
	if err := os.WriteFile(file, []byte(prose(j.plan.size)), 0o600); err != nil {
		return fmt.Errorf("write what is to be imported: %w", err)
	}
	defer os.Remove(file)
	for during.Err() == nil {
		cmd := exec.Command(program, "import", "--data", j.target.dir, names(1)[0], file)
		cmd.SysProcAttr = child.DieWithParent()
		if said, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("tandem import: %w: %s", err, said)
		}
	}
	return nil
}
