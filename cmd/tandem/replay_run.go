package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tandem/cmd/tandem/child"
	"tandem/doc"
	"tandem/trace"
)

// replay is one run.
type replay struct {
	// Immutable after newReplay.
	flags   replayFlags
	scripts []*script
	stderr  io.Writer
	total   int          // transactions
	origin  time.Time    // of every time that replicas note
	logger  *slog.Logger // of the clients
	logged  *child.Tail  // what they logged

	// Owned by run.
	report  report
	content string // the final one
	read    bool   // content is set
	url     string // of the socket
	child   *child.Server
	begins  doc.Revision // of the separators
	authors []*author
	readers []*replica
	stop    context.CancelCauseFunc

	// Counted by anyone.
	typed, acked, reconnects atomic.Int64
	trouble                  atomic.Pointer[error] // why a connection ended, or could not be made, last
	moved                    atomic.Int64          // grows with whatever happens: while it does not, there is no progress
}

func newReplay(f replayFlags, scripts []*script, stderr io.Writer) *replay {
	r := &replay{flags: f, scripts: scripts, stderr: stderr, origin: time.Now(), logged: &child.Tail{}}
	r.logger = slog.New(slog.NewTextHandler(r.logged, &slog.HandlerOptions{Level: slog.LevelWarn}))
	for _, s := range scripts {
		r.total += len(s.ops)
	}
	r.report = report{Doc: f.doc, Seed: f.seed, Authors: len(scripts), Readers: f.readers}
	return r
}

// run plays everything, and leaves the verdict in report. A usageError: the document is not empty.
func (r *replay) run(ctx context.Context) error {
	ctx, r.stop = context.WithCancelCause(ctx)
	defer r.stop(nil)
	if err := r.findServer(ctx); err != nil {
		return cause(ctx, err)
	}
	if r.child != nil {
		defer r.child.Stop()
	}
	var watching sync.WaitGroup
	watching.Go(func() { r.watch(ctx) })
	defer func() {
		r.stop(nil)
		watching.Wait()
	}()
	last, err := r.perform(ctx)
	r.count()
	if err == nil {
		err = r.readAgain(ctx, last)
	}
	if err != nil {
		return cause(ctx, err)
	}
	r.judge()
	return nil
}

// cause is why ctx has ended where that is why something failed.
func cause(ctx context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case errors.Is(context.Cause(ctx), context.Canceled):
		return errors.New("interrupted")
	}
	return context.Cause(ctx)
}

// perform is everything up to the last revision, which it returns. Afterwards nobody is connected any more.
func (r *replay) perform(ctx context.Context) (doc.Revision, error) {
	defer func() {
		for _, p := range r.replicas() {
			p.close()
		}
	}()
	if err := r.join(ctx); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := r.play(ctx); err != nil {
		return 0, err
	}
	last, err := r.settle(ctx)
	r.report.Seconds = time.Since(began).Seconds()
	return last, err
}

// findServer starts the child, unless a server was named.
func (r *replay) findServer(ctx context.Context) (err error) {
	at := r.flags.url
	if at == "" {
		c := child.New(r.stop, "serve", "--data", r.flags.data)
		r.child = c
		if err := c.Start(ctx); err != nil {
			return err
		}
		at = c.URL()
	}
	r.url, err = socketURL(at)
	return err
}

// join opens the document for everybody, and makes the sections.
func (r *replay) join(ctx context.Context) error {
	for i := range r.scripts {
		a, err := r.newAuthor(i)
		if err != nil {
			return err
		}
		r.authors = append(r.authors, a)
		if err := a.doc.WaitReady(ctx); err != nil {
			return fmt.Errorf("%s opens the document: %w", a.name, err)
		}
		if i == 0 {
			if n := a.doc.Snapshot().Len(); n > 0 {
				return usageError{fmt.Errorf("--doc %s: it holds %d code units of text, and must be empty", r.flags.doc, n)}
			}
			if err := a.makeSections(ctx, r.scripts); err != nil {
				return err
			}
			r.begins = a.doc.Revision()
		}
		if err := a.begin(); err != nil {
			return err
		}
	}
	for i := range r.flags.readers {
		reader, err := r.newReplica(fmt.Sprintf("reader %d", i+1))
		if err != nil {
			return err
		}
		r.readers = append(r.readers, reader)
	}
	for _, reader := range r.readers {
		if err := reader.doc.WaitReady(ctx); err != nil {
			return fmt.Errorf("%s opens the document: %w", reader.name, err)
		}
	}
	return nil
}

// play has all authors type at once, while the server is killed now and then.
func (r *replay) play(ctx context.Context) error {
	errs := make([]error, len(r.authors)+1)
	var working sync.WaitGroup
	for i, a := range r.authors {
		working.Go(func() {
			if errs[i] = a.typeAll(ctx); errs[i] != nil {
				r.stop(errs[i])
			}
		})
	}
	working.Go(func() {
		if errs[len(r.authors)] = r.killNowAndThen(ctx); errs[len(r.authors)] != nil {
			r.stop(errs[len(r.authors)])
		}
	})
	working.Wait()
	return errors.Join(errs...)
}

// killNowAndThen kills the server at random counts of transactions typed.
func (r *replay) killNowAndThen(ctx context.Context) error {
	rng := rand.New(rand.NewPCG(r.flags.seed, 0))
	at := make([]int64, r.flags.kill)
	for i := range at {
		at[i] = rng.Int64N(int64(max(r.total, 1)))
	}
	slices.Sort(at)
	for _, n := range at {
		for r.typed.Load() < n {
			if err := sleep(ctx, time.Millisecond); err != nil {
				return err
			}
		}
		// Somewhere within a submission's way to the disk and back, not right after it was typed.
		if err := sleep(ctx, time.Duration(rng.Int64N(int64(5*time.Millisecond)))); err != nil {
			return err
		}
		if err := r.killAndRestart(ctx); err != nil {
			return err
		}
		r.report.Kills++
	}
	return nil
}

func (r *replay) killAndRestart(ctx context.Context) error {
	if err := r.child.Kill(); err != nil {
		return err
	}
	r.moved.Add(1)
	if err := r.child.Restart(ctx); err != nil {
		return err
	}
	r.moved.Add(1)
	return nil
}

// settle waits until everything is saved, and then at every replica, and returns the last revision.
func (r *replay) settle(ctx context.Context) (last doc.Revision, err error) {
	for _, a := range r.authors {
		if err := a.doc.WaitSaved(ctx); err != nil {
			return 0, fmt.Errorf("%s waits until all is saved: %w", a.name, err)
		}
		last = max(last, a.doc.Revision())
	}
	for _, replica := range r.replicas() {
		for replica.doc.Revision() < last {
			if err := sleep(ctx, time.Millisecond); err != nil {
				return 0, err
			}
		}
	}
	return last, nil
}

// readAgain reads the content with a new connection, after another kill where the server is ours.
func (r *replay) readAgain(ctx context.Context, last doc.Revision) error {
	if r.child != nil {
		if err := r.killAndRestart(ctx); err != nil {
			return err
		}
	}
	fresh, err := r.newReplica("the server")
	if err != nil {
		return err
	}
	defer fresh.close()
	if err := fresh.doc.WaitReady(ctx); err != nil {
		return fmt.Errorf("read the document in the end: %w", err)
	}
	r.content, r.read = fresh.doc.Text(), true
	r.report.SHA256 = trace.SHA256(r.content)
	r.report.Revisions = int64(fresh.doc.Revision())
	if fresh.doc.Revision() != last {
		r.wrong(fmt.Sprintf("the server is at revision %d, its clients have seen %d", fresh.doc.Revision(), last))
	}
	return nil
}

// judge compares everything with everything.
func (r *replay) judge() {
	r.report.Replicas = len(r.replicas()) + 1
	for _, w := range compare(r.scripts, r.content) {
		r.wrong(w)
	}
	for _, replica := range r.replicas() {
		if text := replica.doc.Text(); text != r.content {
			r.wrong(fmt.Sprintf("%s has other text than the server: %s", replica.name, difference(text, r.content)))
		}
	}
	if r.report.Verdict = identical; len(r.report.Errors) > 0 {
		r.report.Verdict = different
	}
}

// maxErrors bounds what a report lists.
const maxErrors = 20

func (r *replay) wrong(what string) {
	if len(r.report.Errors) < maxErrors {
		r.report.Errors = append(r.report.Errors, what)
	}
}

func (r *replay) replicas() []*replica {
	all := make([]*replica, 0, len(r.authors)+len(r.readers))
	for _, a := range r.authors {
		all = append(all, a.replica)
	}
	return append(all, r.readers...)
}

// count sums up what the replicas have noted.
func (r *replay) count() {
	replicas := r.replicas()
	var acks, visible []time.Duration
	for _, p := range replicas {
		r.report.Submissions += p.submitted
		r.report.Resubmissions += p.resubmitted
		for _, a := range p.acks {
			if a.rev <= r.begins {
				continue // the separators
			}
			acks = append(acks, a.at-a.sent)
			for _, other := range replicas {
				if other != p && int(a.rev) < len(other.seen) {
					visible = append(visible, other.seen[a.rev]-a.sent)
				}
			}
		}
		for _, w := range p.wrong {
			r.wrong(w)
		}
	}
	r.report.AckMs, r.report.VisibleMs = spreadOf(acks), spreadOf(visible)
	r.report.Transactions, r.report.Reconnects = int(r.typed.Load()), int(r.reconnects.Load())
}

// clock is the time since the replay began.
func (r *replay) clock() time.Duration { return time.Since(r.origin) }

// state says how far things are.
func (r *replay) state() string {
	return fmt.Sprintf("%d of %d transactions typed, %d submissions acknowledged, %d reconnects",
		r.typed.Load(), r.total, r.acked.Load(), r.reconnects.Load())
}

// sleep waits for a while, or fails with ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// watch shows progress once a second, and stops the run where there has been none for --wait.
func (r *replay) watch(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for moved, since := r.moved.Load(), time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		fmt.Fprintf(r.stderr, "replay: %s\n", r.state())
		if now := r.moved.Load(); now != moved {
			moved, since = now, time.Now()
		}
		if time.Since(since) >= r.flags.wait {
			err := fmt.Errorf("no progress for %v: %s", r.flags.wait, r.state())
			if trouble := r.trouble.Load(); trouble != nil {
				err = fmt.Errorf("%w; last trouble: %w", err, *trouble)
			}
			r.stop(err)
			return
		}
	}
}
