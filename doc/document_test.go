package doc_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
	"tandem/ot/ottest"
)

// desk is a Registry over a store that does nothing until it is told to, in virtual time.
type desk struct {
	t        *testing.T
	memory   *doctest.Memory
	faulty   *doctest.Faulty
	registry *doc.Registry
}

// inBubble runs a test in virtual time, and closes what it leaves.
func inBubble(t *testing.T, cfg doc.Config, test func(t *testing.T, d *desk)) {
	t.Helper()
	cfg.Logger = slog.New(slog.DiscardHandler)
	synctest.Test(t, func(t *testing.T) {
		memory := doctest.NewMemory(1)
		faulty := doctest.NewFaulty(memory)
		d := &desk{t, memory, faulty, doc.NewRegistry(faulty, cfg)}
		test(t, d)
		stop := memory.Run()
		defer stop()
		require.NoError(t, d.registry.Close(t.Context()))
		require.Zero(t, d.registry.Loaded())
	})
}

// peer is a client with a session.
type peer struct {
	t       *testing.T
	client  doc.ClientID
	session *doc.Session
	wakes   atomic.Int64
	seq     doc.Seq
	rev     doc.Revision
	text    *ot.Text
}

// begin opens, and returns at once; the error comes when the open is answered.
func (d *desk) begin(name string, o *doc.OpenRequest) (*peer, chan error) {
	p := &peer{t: d.t, client: o.Client, text: ot.NewText()}
	done := make(chan error, 1)
	go func() {
		session, err := d.registry.Open(d.t.Context(), name, doc.Text, o, func() { p.wakes.Add(1) })
		if err == nil {
			p.session = session
			if content := session.TakeContent(); content != nil {
				p.text, p.rev = content, session.Opened().Place.Rev
			}
		}
		done <- err
	}()
	synctest.Wait()
	return p, done
}

// open opens, and the answer must come at once.
func (d *desk) open(name string, n byte) *peer {
	d.t.Helper()
	p, done := d.begin(name, &doc.OpenRequest{Client: client(n)})
	require.NoError(d.t, d.answer(done))
	return p
}

// answer is the error of an open that must be answered by now.
func (d *desk) answer(done chan error) error {
	d.t.Helper()
	select {
	case err := <-done:
		return err
	default:
		d.t.Fatal("the open is not answered")
		return nil
	}
}

// step lets the store do one thing.
func (d *desk) step(how doctest.Outcome) {
	d.t.Helper()
	require.True(d.t, d.memory.Step(how), "nothing is at the store")
	synctest.Wait()
}

// write submits text at the beginning.
func (p *peer) write(text string) {
	p.t.Helper()
	p.seq++
	op := ottest.MustParse(fmt.Sprintf("[%q]", text))
	require.NoError(p.t, p.session.Submit(p.t.Context(), p.seq, p.rev, op, ot.AppendOp(nil, op), -1))
	synctest.Wait()
}

// heard is what a session reads, and what it hears of others.
type heard struct {
	doc.Update
	Peers []doc.Presence
	Left  []doc.SessionNumber
}

// next reads all that is there.
func (p *peer) next() (all heard) {
	p.t.Helper()
	for {
		u, err := p.session.Next(p.t.Context(), nil)
		require.NoError(p.t, err)
		all.Items = append(all.Items, doc.Singles(u.Items)...)
		if c := u.Presence; c != nil {
			all.Peers, all.Left = append(all.Peers, others(c, p.session.Number())...), append(all.Left, c.Left...)
		}
		all.Refused, all.Ended = append(all.Refused, u.Refused...), u.Ended
		for _, i := range doc.Singles(u.Items) {
			if i.Count > 0 {
				p.rev = i.Place.Rev
			}
		}
		if !u.More {
			return all
		}
	}
}

func TestNothingIsReadableBeforeItIsDurable(t *testing.T) {
	inBubble(t, doc.Config{}, func(t *testing.T, d *desk) {
		a, b := d.open("d", 1), d.open("d", 2)
		a.next()
		b.next()
		wakes := b.wakes.Load()
		a.write("hello")
		require.Equal(t, 1, d.memory.Pending())
		require.Empty(t, a.next().Items)
		require.Empty(t, b.next().Items)
		require.Equal(t, wakes, b.wakes.Load())

		// An open meanwhile waits; one that names the very submission as well.
		c, answered := d.begin("d", &doc.OpenRequest{Client: client(3)})
		require.Empty(t, answered)

		d.step(doctest.Written)
		require.Equal(t, []string{"ack 1 at 1"}, show(a.next().Items)[:1])
		require.Equal(t, "1+1", show(b.next().Items)[0])
		require.Greater(t, b.wakes.Load(), wakes)
		require.NoError(t, d.answer(answered))
		require.Equal(t, "hello", c.text.String())
	})
}

func TestGroupCommitGathersMeanwhile(t *testing.T) {
	inBubble(t, doc.Config{}, func(t *testing.T, d *desk) {
		var peers []*peer
		for n := range byte(10) {
			peers = append(peers, d.open("d", n+1))
		}
		for _, p := range peers {
			p.write("x")
		}
		require.Equal(t, 1, d.memory.Pending(), "at most one batch (D1)")
		d.step(doctest.Written)
		require.Equal(t, 1, d.memory.Pending())
		d.step(doctest.Written)
		require.Zero(t, d.memory.Pending(), "nine were one batch")
		for _, p := range peers {
			p.next()
			require.EqualValues(t, 10, p.rev)
		}
	})
}

// TestFailedAppend: the outcome is unknown, the sessions end, and the next open tells what the store has.
func TestFailedAppend(t *testing.T) {
	for _, how := range []doctest.Outcome{doctest.Lost, doctest.WrittenLate} {
		t.Run(fmt.Sprintf("outcome %d", how), func(t *testing.T) {
			inBubble(t, doc.Config{}, func(t *testing.T, d *desk) {
				a, b := d.open("d", 1), d.open("d", 2)
				held := a.session.Opened().Place
				a.write("hello")
				b.write("waits in the inbox")
				_, waiting := d.begin("d", &doc.OpenRequest{Client: client(3)})
				d.step(how)
				for _, p := range []*peer{a, b} {
					u := p.next()
					require.ErrorIs(t, u.Ended, doc.ErrOpenAgain)
					require.Empty(t, show(u.Items)[min(1, len(u.Items)):], "no more than a check")
					require.ErrorIs(t, p.session.Submit(t.Context(), 2, 0, ot.Op{}, nil, -1), doc.ErrOpenAgain)
				}
				require.NoError(t, d.answer(waiting), "an open in the inbox waits for the document to be loaded again")

				op := ottest.MustParse(`["hello"]`)
				again := &doc.OpenRequest{Client: client(1), Held: &held, Outstanding: &doc.Outstanding{
					Base: held, Submission: doc.Submission{Name: doc.Name{Client: client(1), Seq: 1}, Op: op, Bytes: ot.AppendOp(nil, op), Caret: -1},
				}}
				p, done := d.begin("d", again)
				if how == doctest.Lost {
					require.Empty(t, done)
					d.step(doctest.Written)
				}
				require.NoError(t, d.answer(done))
				opened := p.session.Opened()
				require.Equal(t, doc.OutcomeCommitted, opened.Outcome)
				require.EqualValues(t, 1, opened.OutcomeRev)
				require.Equal(t, []string{"ack 1 at 1", "check 1"}, show(p.next().Items))
				require.Equal(t, "hello", d.open("d", 4).text.String())
			})
		})
	}
}

// TestOpenOfAFailedBatch: an open that waits for its own submission hears that nobody knows.
func TestOpenOfAFailedBatch(t *testing.T) {
	inBubble(t, doc.Config{}, func(t *testing.T, d *desk) {
		held := d.open("d", 1).session.Opened().Place
		op := ottest.MustParse(`["hello"]`)
		_, done := d.begin("d", &doc.OpenRequest{Client: client(2), Held: &held, Outstanding: &doc.Outstanding{
			Base: held, Submission: doc.Submission{Name: doc.Name{Client: client(2), Seq: 1}, Op: op, Bytes: ot.AppendOp(nil, op), Caret: -1},
		}})
		require.Empty(t, done)
		d.step(doctest.Lost)
		require.ErrorIs(t, d.answer(done), doc.ErrOpenAgain)
	})
}

func TestUnload(t *testing.T) {
	inBubble(t, doc.Config{UnloadAfter: time.Minute}, func(t *testing.T, d *desk) {
		a := d.open("d", 1)
		a.write("hello")
		a.session.Close()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		require.Equal(t, 1, d.registry.Loaded(), "never with a batch at the store")
		d.step(doctest.Written)
		time.Sleep(59 * time.Second)
		synctest.Wait()
		require.Equal(t, 1, d.registry.Loaded())
		require.Zero(t, d.memory.Pending())
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 1, d.memory.Pending(), "its last snapshot")

		// Whoever opens it now finds it: the store may take its time.
		calls := d.faulty.Calls()
		b, done := d.begin("d", &doc.OpenRequest{Client: client(2)})
		require.NoError(t, d.answer(done))
		require.Equal(t, calls, d.faulty.Calls(), "no Load")
		d.step(doctest.Written)
		require.Equal(t, "hello", b.text.String())
		stored, err := d.memory.Load(t.Context(), "d", 0)
		require.NoError(t, err)
		require.EqualValues(t, 1, stored.Snapshot.Place.Rev)

		// In use it stays; an open within the time keeps it.
		time.Sleep(time.Hour)
		b.session.Close()
		time.Sleep(50 * time.Second)
		c := d.open("d", 3)
		time.Sleep(time.Hour)
		require.Equal(t, 1, d.registry.Loaded())
		c.session.Close()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Zero(t, d.registry.Loaded(), "nothing was to save")
	})
}

// TestBatchIsBounded: what waits is more than a batch takes.
func TestBatchIsBounded(t *testing.T) {
	inBubble(t, doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 64 << 20}}, func(t *testing.T, d *desk) {
		const people = 30
		op := insert(0, strings.Repeat("x", 100<<10))
		peers := make([]*peer, people)
		for n := range peers {
			peers[n] = d.open("d", byte(n+1))
		}
		for _, p := range peers {
			require.NoError(t, p.session.Submit(t.Context(), 1, 0, op, ot.AppendOp(nil, op), -1))
		}
		synctest.Wait()
		steps := 0
		for d.memory.Pending() > 0 {
			d.step(doctest.Written)
			steps++
		}
		require.GreaterOrEqual(t, steps, 3, "3 MB, of which about 1 MiB goes at a time")
		stored, err := d.memory.Load(t.Context(), "d", 0)
		require.NoError(t, err)
		require.EqualValues(t, people, stored.Place().Rev)
	})
}

// TestReaderBehindMemory reads the store, on his own goroutine: while that hangs, the document goes on (D6).
func TestReaderBehindMemory(t *testing.T) {
	inBubble(t, doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 2000}}, func(t *testing.T, d *desk) {
		slow, a := d.open("d", 1), d.open("d", 2)
		slow.next()
		for range 100 {
			a.write("x")
			d.step(doctest.Written)
			a.next()
		}
		d.memory.Break(errors.New("the disk hangs"))
		_, err := slow.session.Next(t.Context(), nil)
		require.ErrorContains(t, err, "the disk hangs")
		require.NotContains(t, show(a.next().Items), "101+1")
		d.memory.Break(nil)

		b := d.open("d", 3) // presence for slow to hear of
		b.session.Close()
		synctest.Wait()
		u := slow.next()
		require.EqualValues(t, 100, slow.rev)
		require.Less(t, len(u.Items), 40, "composed")
		var heard []doc.SessionNumber
		for _, p := range u.Peers {
			heard = append(heard, p.Session)
		}
		require.Equal(t, []doc.SessionNumber{a.session.Number()}, heard, "everybody, after what came without its authors' word")
	})
}

// TestSubmitFromBehindMemoryReadsTheStore, before it enters the inbox.
func TestSubmitFromBehindMemoryReadsTheStore(t *testing.T) {
	inBubble(t, doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 1}}, func(t *testing.T, d *desk) {
		late, a := d.open("d", 1), d.open("d", 2)
		for range 3 {
			a.write("x")
			d.step(doctest.Written)
			a.next()
		}
		late.write("late")
		d.step(doctest.Written)
		require.Equal(t, "latexxx", d.open("d", 3).text.String())
		require.ErrorIs(t, late.session.Submit(t.Context(), 2, -1, ot.Op{}, nil, -1), doc.ErrBase)

		// The same of an open, for what is held and what is outstanding.
		held := late.session.Opened().Place
		op := ottest.MustParse(`["again "]`)
		p, done := d.begin("d", &doc.OpenRequest{Client: client(4), Held: &held, Outstanding: &doc.Outstanding{
			Base: held, Submission: doc.Submission{Name: doc.Name{Client: client(5), Seq: 1}, Op: op, Bytes: ot.AppendOp(nil, op), Caret: -1},
		}})
		d.step(doctest.Written)
		require.NoError(t, d.answer(done))
		require.True(t, p.session.Opened().Resume)
		require.Contains(t, show(p.next().Items), "ack 1 at 5")
	})
}

// gate holds the appends of one document back.
type gate struct {
	doc.Store
	mu   sync.Mutex
	held map[doc.ID]func()
	id   doc.ID
}

func (g *gate) Append(b *doc.Batch, done func(error)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if b.Prev.ID == g.id {
		g.held[b.Prev.ID] = func() { g.Store.Append(b, done) }
		return
	}
	g.Store.Append(b, done)
}

// TestSlowStoreBlocksOneDocumentOnly (I7).
func TestSlowStoreBlocksOneDocumentOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := doctest.NewMemory(1)
		stop := memory.Run()
		defer stop()
		g := &gate{Store: memory, held: map[doc.ID]func(){}}
		d := &desk{t: t, memory: memory, registry: doc.NewRegistry(g, doc.Config{Logger: slog.New(slog.DiscardHandler)})}
		a, b := d.open("slow", 1), d.open("quick", 2)
		g.id = a.session.Opened().Place.ID
		a.write("a")
		for range 5 {
			b.write("b")
			b.next()
		}
		require.EqualValues(t, 5, b.rev)
		require.Empty(t, a.next().Peers)
		require.Zero(t, a.rev)

		// Close waits for it, as long as its context says.
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, d.registry.Close(ctx), context.DeadlineExceeded)
		g.mu.Lock()
		g.held[g.id]()
		g.mu.Unlock()
		require.NoError(t, d.registry.Close(t.Context()))
		u := a.next()
		require.Equal(t, "ack 1 at 1", show(u.Items)[0], "what is durable is told before the end")
		require.ErrorIs(t, u.Ended, doc.ErrOpenAgain)
	})
}

func TestCloseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := doctest.NewMemory(1)
		d := &desk{t: t, memory: memory, registry: doc.NewRegistry(memory, doc.Config{Logger: slog.New(slog.DiscardHandler)})}
		a, b := d.open("one", 1), d.open("two", 2)
		a.write("hello")
		closed := make(chan error, 1)
		go func() { closed <- d.registry.Close(t.Context()) }()
		synctest.Wait()
		require.Empty(t, closed, "a batch is at the store")
		require.ErrorIs(t, b.next().Ended, doc.ErrOpenAgain)
		_, done := d.begin("three", &doc.OpenRequest{Client: client(3)})
		require.ErrorIs(t, d.answer(done), doc.ErrClosed)
		// Who types on does not hold it up: nothing more is taken in.
		op := ot.Op{{Kind: ot.Insert, N: 1, Text: "x"}}
		require.ErrorIs(t, a.session.Submit(t.Context(), 2, 0, op, ot.AppendOp(nil, op), -1), doc.ErrOpenAgain)
		d.step(doctest.Written)
		u := a.next()
		require.Equal(t, "ack 1 at 1", show(u.Items)[0])
		require.NoError(t, <-closed)
		require.ErrorIs(t, a.next().Ended, doc.ErrOpenAgain)
		stored, err := memory.Load(t.Context(), "one", 0)
		require.NoError(t, err)
		require.EqualValues(t, 1, stored.Place().Rev)
		require.Zero(t, stored.Snapshot.Place.Rev, "a stop does not wait for a snapshot that was not due")
	})
}

// TestPanicEndsThatDocumentOnly (D8).
func TestPanicEndsThatDocumentOnly(t *testing.T) {
	inBubble(t, doc.Config{}, func(t *testing.T, d *desk) {
		a, b := d.open("broken", 1), d.open("sound", 2)
		a.write("hello")
		d.step(doctest.Written)
		d.registry.Break("broken")
		synctest.Wait()
		require.ErrorIs(t, a.next().Ended, doc.ErrOpenAgain)
		b.write("fine")
		d.step(doctest.Written)
		require.Equal(t, "ack 1 at 1", show(b.next().Items)[0])
		require.Equal(t, "hello", d.open("broken", 3).text.String(), "loaded again")
	})
}

// TestAbandonedOpen: a connection that is gone does not wait for the store, and leaves no session.
func TestAbandonedOpen(t *testing.T) {
	inBubble(t, doc.Config{}, func(t *testing.T, d *desk) {
		a := d.open("d", 1)
		held := a.session.Opened().Place
		op := ottest.MustParse(`["x"]`)
		open := func(n byte, out *doc.Outstanding) (func(), chan error) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := d.registry.Open(ctx, "d", doc.Text, &doc.OpenRequest{Client: client(n), Held: &held, Outstanding: out}, func() {})
				done <- err
			}()
			synctest.Wait()
			require.Empty(t, done)
			return func() { cancel(); synctest.Wait() }, done
		}
		// One is in the batch at the store, one in the inbox.
		cancelTaken, taken := open(2, &doc.Outstanding{
			Base: held, Submission: doc.Submission{Name: doc.Name{Client: client(2), Seq: 1}, Op: op, Bytes: ot.AppendOp(nil, op), Caret: -1},
		})
		cancelWaits, waits := open(3, nil)
		cancelTaken()
		cancelWaits()
		require.ErrorIs(t, d.answer(taken), context.Canceled)
		require.ErrorIs(t, d.answer(waits), context.Canceled)
		a.next()
		d.step(doctest.Written)
		u := a.next()
		require.Equal(t, "1+1", show(u.Items)[0], "what was taken in is committed all the same")
		require.Empty(t, u.Peers)
		a.session.Close()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, d.memory.Pending(), "nobody keeps the document in memory: its last snapshot")
	})
}

func TestLoadErrorIsReportedAndTriedAgain(t *testing.T) {
	inBubble(t, doc.Config{}, func(t *testing.T, d *desk) {
		d.faulty.Fail(1, doctest.Lost)
		_, done := d.begin("d", &doc.OpenRequest{Client: client(1)})
		require.ErrorIs(t, d.answer(done), doc.ErrUnavailable)
		require.Zero(t, d.registry.Loaded())
		d.open("d", 1)
	})
}

// panicky panics while it loads one document.
type panicky struct{ doc.Store }

func (p panicky) Load(ctx context.Context, name string, kind doc.Kind) (*doc.Stored, error) {
	if strings.HasPrefix(name, "broken") {
		panic("what is stored cannot be")
	}
	return p.Store.Load(ctx, name, kind)
}

func TestPanicInLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := doctest.NewMemory(1)
		d := &desk{t: t, memory: memory, registry: doc.NewRegistry(panicky{memory}, doc.Config{Logger: slog.New(slog.DiscardHandler)})}
		_, done := d.begin("broken", &doc.OpenRequest{Client: client(1)})
		require.ErrorIs(t, d.answer(done), doc.ErrDamaged)
		d.open("sound", 1)
		require.NoError(t, d.registry.Close(t.Context()))
	})
}

func TestKindsOfDocuments(t *testing.T) {
	inBubble(t, doc.Config{}, func(t *testing.T, d *desk) {
		open := func(name string, kind doc.Kind) error {
			_, err := d.registry.Open(t.Context(), name, kind, &doc.OpenRequest{Client: client(1)}, func() {})
			return err
		}
		require.ErrorIs(t, open("", doc.Text), doc.ErrName)
		require.ErrorIs(t, open("d", 0), doc.ErrNotFound)
		require.NoError(t, open("d", doc.Text))
		require.ErrorIs(t, open("d", doc.Rich), doc.ErrKind, "it is in memory")
		require.NoError(t, open("d", 0), "whatever it is")
	})
}

// TestWrongKindIsNoAnswerForOthers: who asks for the right kind while it is loaded for the wrong one is not refused with him.
func TestWrongKindIsNoAnswerForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := doctest.NewMemory(1)
		_, err := memory.Load(t.Context(), "d", doc.Text)
		require.NoError(t, err)
		slow := &slowLoad{Store: memory}
		registry := doc.NewRegistry(slow, doc.Config{Logger: slog.New(slog.DiscardHandler)})
		errs := map[doc.Kind]error{}
		var mu sync.Mutex
		for _, kind := range []doc.Kind{doc.Rich, doc.Text} {
			go func() {
				_, err := registry.Open(t.Context(), "d", kind, &doc.OpenRequest{Client: client(byte(kind))}, func() {})
				mu.Lock()
				defer mu.Unlock()
				errs[kind] = err
			}()
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.ErrorIs(t, errs[doc.Rich], doc.ErrKind)
		require.NoError(t, errs[doc.Text])
		require.NoError(t, registry.Close(t.Context()))
	})
}

// slowLoad takes a second to load.
type slowLoad struct{ doc.Store }

func (s *slowLoad) Load(ctx context.Context, name string, kind doc.Kind) (*doc.Stored, error) {
	time.Sleep(time.Second)
	return s.Store.Load(ctx, name, kind)
}

// TestSecondSubmissionWhileOneWaits: the slot is one.
func TestSecondSubmissionWhileOneWaits(t *testing.T) {
	inBubble(t, doc.Config{}, func(t *testing.T, d *desk) {
		a, b := d.open("d", 1), d.open("d", 2)
		a.write("at the store")
		b.write("in the slot")
		op := ottest.MustParse(`["x"]`)
		require.ErrorIs(t, b.session.Submit(t.Context(), 2, 0, op, ot.AppendOp(nil, op), -1), doc.ErrRepeat)
		d.step(doctest.Written)
		d.step(doctest.Written)
	})
}

// TestRefusalEndsNothing: it is told, with its sequence, and the session goes on.
func TestRefusalEndsNothing(t *testing.T) {
	inBubble(t, doc.Config{}, func(t *testing.T, d *desk) {
		p, done := d.begin("d", &doc.OpenRequest{Client: client(1), ReadOnly: true})
		require.NoError(t, d.answer(done))
		p.write("x")
		u := p.next()
		require.Equal(t, []doc.Refusal{{Seq: 1, Err: doc.ErrReadOnly}}, u.Refused)
		require.NoError(t, u.Ended)
		ghost := p
		p = d.open("d", 1)
		require.ErrorIs(t, ghost.next().Ended, doc.ErrReplaced)
		p.write("y")
		d.step(doctest.Written)
		require.EqualValues(t, 1, p.next().Items[0].Ack)
	})
}
