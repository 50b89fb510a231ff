//go:build !race

package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
)

// crowd is a number of authors, each with every document open over one connection.
type crowd struct {
	// Immutable.
	authors []*author
	docs    []string
	moved   chan struct{} // holds one: something arrived somewhere
	pace    time.Duration // between two edits of an author, on average
	// bulk is how many bytes each line is longer, at most maxBulk. Then a document with an unsaved edit waits for it.
	bulk int

	// Guarded by mu.
	mu     sync.Mutex
	wrong  []error        // what no fault may lead to
	told   map[string]int // what clients were told of: a refusal's code, "reopening"
	typing sync.WaitGroup
	stop   chan struct{} // closed: the authors pause
}

type author struct {
	name   string
	conn   *client.Conn
	copies []*replica
	rng    *rand.Rand
	lines  int // typed so far
}

// replica is one author's open copy of a document.
type replica struct {
	doc    *client.Doc
	ledger ledger
}

// Pauses of clients before they connect again.
const (
	backoffMin = 20 * time.Millisecond
	backoffMax = 100 * time.Millisecond
)

// quiet logs nothing: what goes wrong is told by events.
var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// maxBulk keeps an edit with its line in one submission: half a line is a line that nobody typed. In bytes.
const maxBulk = 40_000

// kindOf makes every third document a rich one.
func kindOf(i int) doc.Kind {
	if i%3 == 2 {
		return doc.Rich
	}
	return doc.Text
}

func newCrowd(url string, seed uint64, authors, docs int) (*crowd, error) {
	c := &crowd{moved: make(chan struct{}, 1), pace: 8 * time.Millisecond, told: map[string]int{}}
	for i := range docs {
		c.docs = append(c.docs, fmt.Sprintf("notes/%02d", i))
	}
	for i := range authors {
		a := &author{name: string(rune('a' + i)), rng: rand.New(rand.NewPCG(seed, uint64(i)))}
		conn, err := client.Connect(url, client.Options{
			Logger: quiet, OnEvent: c.event, BackoffMin: backoffMin, BackoffMax: backoffMax, AckTimeout: 5 * time.Second,
		})
		if err != nil {
			return nil, errors.Join(err, c.close())
		}
		a.conn = conn
		c.authors = append(c.authors, a)
		for j, name := range c.docs {
			d, err := conn.Open(name, kindOf(j))
			if err != nil {
				return nil, errors.Join(err, c.close())
			}
			d.OnChange(func(ot.Op, bool) { c.wake() })
			a.copies = append(a.copies, &replica{doc: d})
		}
	}
	return c, nil
}

// close ends the connections.
func (c *crowd) close() (err error) {
	for _, a := range c.authors {
		err = errors.Join(err, a.conn.Close())
	}
	return err
}

func (c *crowd) wake() {
	select {
	case c.moved <- struct{}{}:
	default:
	}
}

// event notes what must never happen, and what clients are told of a trouble.
func (c *crowd) event(e client.Event) {
	c.wake()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e.Kind {
	case client.EventReopening:
		if errors.Is(e.Err, client.ErrRefused) {
			return // it asks again
		}
		c.told["reopening"]++
		for _, never := range []error{client.ErrDiverged, client.ErrGap, client.ErrProtocol} {
			if errors.Is(e.Err, never) {
				c.wrong = append(c.wrong, fmt.Errorf("%s: %w", e.Doc, e.Err))
			}
		}
	case client.EventProblem:
		if p, ok := errors.AsType[*client.Problem](e.Err); ok && errors.Is(p, client.ErrRefused) {
			c.told[p.Code.String()]++
			return
		}
		c.wrong = append(c.wrong, fmt.Errorf("%s: %w", e.Doc, e.Err))
	}
}

// heard is how often clients were told of something.
func (c *crowd) heard(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.told[what]
}

// err is what no fault may lead to.
func (c *crowd) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.wrong...)
}

// ready waits until every author has every document.
func (c *crowd) ready() error {
	ctx, cancel := until(patience)
	defer cancel()
	for _, a := range c.authors {
		for _, r := range a.copies {
			if err := r.doc.WaitReady(ctx); err != nil {
				return fmt.Errorf("%s waits for %s: %w", a.name, r.doc.Name(), err)
			}
		}
	}
	return nil
}

// begin has the authors type until pause.
func (c *crowd) begin() {
	c.stop = make(chan struct{})
	for _, a := range c.authors {
		c.typing.Go(func() {
			timer := time.NewTimer(0)
			defer timer.Stop()
			for {
				select {
				case <-timer.C:
				case <-c.stop:
					return
				}
				if r := a.copies[a.rng.IntN(len(a.copies))]; c.bulk == 0 || r.doc.Saved() {
					_ = a.edit(r, c.bulk) // a document that has ended takes no edits; event has noted why
				}
				timer.Reset(time.Duration(float64(2*c.pace) * a.rng.Float64()))
			}
		})
	}
}

// pause returns when nobody types any more.
func (c *crowd) pause() {
	close(c.stop)
	c.typing.Wait()
}

// crowded is the length of a document above which more is removed than typed, in UTF-16 code units.
const crowded = 6000

// edit makes one edit at a random place: lines typed, one where there is bulk, or a line of the author's own removed that is acknowledged.
// One that is not could still be in the buffer, where it and its removal make nothing, and neither is counted: see replica.saved.
func (a *author) edit(r *replica, bulk int) error {
	old := r.ledger.pick(a.rng, r.saved())
	return r.doc.Update(func(tx *client.Tx) error {
		text := tx.Text().String()
		share := 0.1
		switch {
		case bulk > 0:
			share = 0
		case len(text) > crowded:
			share = 0.6
		}
		var b ot.Builder
		var e edit
		// Offsets are in the string: these documents have no embeds, and ASCII only.
		if at := strings.Index(text, old); old != "" && at >= 0 && a.rng.Float64() < share {
			b.Retain(at, nil)
			b.Delete(len(old))
			e.removed = old
		} else {
			b.Retain(a.place(text), nil)
			for i := 0; i == 0 || bulk == 0 && a.rng.IntN(3) == 0; i++ {
				line := a.line(r, bulk)
				e.typed = append(e.typed, line)
				b.InsertText(line, a.attrs(r))
			}
		}
		if err := tx.Edit(b.Op(), -1); err != nil {
			return err
		}
		r.ledger.add(e)
		return nil
	})
}

// line is a line that nobody has typed or will type. It is ASCII, so that bytes are UTF-16 code units.
func (a *author) line(r *replica, bulk int) string {
	a.lines++
	return fmt.Sprintf("%s%06d %s%s\n", a.name, a.lines, r.doc.Name()[len("notes/"):], strings.Repeat("x", bulk))
}

func (a *author) attrs(r *replica) ot.Attrs {
	if r.doc.Kind() != doc.Rich || a.rng.IntN(2) == 0 {
		return nil
	}
	return ot.NewAttrs(ot.Attr{Key: "bold", Value: ot.Bool(true)})
}

// place is where some line begins, or the end.
func (a *author) place(text string) int {
	at := a.rng.IntN(len(text) + 1)
	if at == 0 || at == len(text) {
		return at
	}
	return at + strings.IndexByte(text[at:], '\n') + 1
}

// saved is how many of the edits are known to be acknowledged: they are in order, and none of them undoes one that is not.
func (r *replica) saved() int {
	edits := r.ledger.len() // before the other: what is typed between the two is not acknowledged
	return max(edits-r.doc.PendingEdits(), 0)
}

// saved is how many edits of each author, by document, are known to be acknowledged, and how many in all.
func (c *crowd) saved() (by [][]int, total int) {
	by = make([][]int, len(c.docs))
	for i := range c.docs {
		for _, a := range c.authors {
			n := a.copies[i].saved()
			by[i] = append(by[i], n)
			total += n
		}
	}
	return by, total
}

// progress waits until n more edits are acknowledged, or the server's process has ended, which is errEnded.
func (c *crowd) progress(n int, s *server) error {
	ctx, cancel := until(patience)
	defer cancel()
	_, before := c.saved()
	for {
		if _, now := c.saved(); now >= before+n {
			return nil
		}
		select {
		case <-c.moved:
		case <-s.life.ended:
			return s.life.failure()
		case <-ctx.Done():
			return fmt.Errorf("wait for %d edits to be acknowledged: %w", n, errors.Join(context.Cause(ctx), c.err()))
		}
	}
}

// book is what a document is held against, when so many edits of each author are acknowledged.
func (c *crowd) book(doc int, saved []int) *book {
	b := &book{lines: map[string]*lineState{}}
	for i, a := range c.authors {
		b.take(&a.copies[doc].ledger, saved[i])
	}
	return b
}

// settle waits until everything is saved and every author has seen everything.
func (c *crowd) settle() error {
	ctx, cancel := until(patience)
	defer cancel()
	for _, a := range c.authors {
		for _, r := range a.copies {
			if err := r.doc.WaitSaved(ctx); err != nil {
				return fmt.Errorf("%s waits until %s is saved: %w", a.name, r.doc.Name(), errors.Join(err, context.Cause(ctx), r.doc.Problem(), c.err()))
			}
		}
	}
	for !c.level() {
		select {
		case <-c.moved:
		case <-ctx.Done():
			return fmt.Errorf("the authors do not come to the same revisions: %w", errors.Join(context.Cause(ctx), c.err()))
		}
	}
	return nil
}

// level reports whether all replicas of each document are at one revision.
func (c *crowd) level() bool {
	for i := range c.docs {
		for _, a := range c.authors {
			if a.copies[i].doc.Revision() != c.authors[0].copies[i].doc.Revision() {
				return false
			}
		}
	}
	return true
}
