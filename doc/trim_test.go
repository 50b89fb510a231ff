package doc_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
)

func TestRetention(t *testing.T) {
	// 1,000 commits, one a second; the newest snapshot is of revision 900. Each takes 4 bytes and more.
	for _, row := range []struct {
		name string
		keep doc.Retention
		want doc.Revision
	}{
		{"all", doc.Retention{}, 0},
		{"records alone move nothing", doc.Retention{KeepRecords: 1}, 0},
		{"commits", doc.Retention{MaxCommits: 400}, 600},
		{"more commits than there are", doc.Retention{MaxCommits: 4000}, 0},
		{"never beyond the snapshot", doc.Retention{MaxCommits: 1}, 900},
		{"age", doc.Retention{MaxAge: 500 * time.Second}, 499}, // commit 500 is 500 seconds old, to the millisecond
		{"all too old", doc.Retention{MaxAge: time.Second}, 900},
		{"nothing too old", doc.Retention{MaxAge: time.Hour}, 0},
		{"the strictest counts", doc.Retention{MaxAge: 500 * time.Second, MaxCommits: 300}, 700},
		{"bytes that are not reached", doc.Retention{MaxBytes: 1 << 30}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
				c := newChronicle(t, memory, doc.Text).credited()
				c.after = time.Since(began) // in the bubble's time: commits of the last 1,000 seconds
				time.Sleep(999 * time.Second)
				c.typing(seeded(t, 1), 900)
				c.snapshot()
				c.typing(seeded(t, 2), 1000)
				floor, err := r.History().Trim(t.Context(), "d", row.keep)
				require.NoError(t, err)
				require.Equal(t, row.want, floor)
				info, err := memory.Info(t.Context(), "d")
				require.NoError(t, err)
				require.Equal(t, floor, info.Floor)
				require.Equal(t, c.place, info.Place)
			})
		})
	}
}

func TestRetentionOfBytes(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		c := newChronicle(t, memory, doc.Text).typing(seeded(t, 1), 1000)
		c.snapshot()
		before, err := memory.Info(t.Context(), "d")
		require.NoError(t, err)
		_, err = r.History().Trim(t.Context(), "d", doc.Retention{MaxBytes: before.HistoryBytes / 4})
		require.NoError(t, err)
		after, err := memory.Info(t.Context(), "d")
		require.NoError(t, err)
		require.InDelta(t, before.HistoryBytes/4, after.HistoryBytes, float64(before.HistoryBytes)/20)
	})
}

// TestBlameThroughTrimming: the base keeps who wrote what, over several trimmings with commits between them.
func TestBlameThroughTrimming(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		rng := seeded(t, 3)
		c := newChronicle(t, memory, doc.Rich).credited()
		for range 5 {
			c.random(rng, 100)
			c.snapshot()
			floor, err := r.History().Trim(t.Context(), "d", doc.Retention{MaxCommits: 20 + rng.IntN(60)})
			require.NoError(t, err)
			c.knows(r.History(), int(floor), 3)
			_, err = r.History().Content(t.Context(), "d", floor-1)
			require.ErrorIs(t, err, doc.ErrTrimmed)
			_, err = r.History().Diff(t.Context(), "d", floor-1, -1)
			require.ErrorIs(t, err, doc.ErrTrimmed)
			_, err = r.History().Log(t.Context(), "d", floor-1, -1, 0)
			require.ErrorIs(t, err, doc.ErrTrimmed)
		}
	})
}

// TestForgetting: which records go, against a model of the rule.
func TestForgetting(t *testing.T) {
	for seed := range uint64(20) {
		rng := seeded(t, seed)
		r := newRig(t, doc.StateConfig{})
		r.submit(sub(r.open(255), 255, 1, 0, `["x"]`))
		attached := map[doc.ClientID]bool{client(255): true}
		for n := range byte(30) {
			session := r.open(n)
			attached[client(n)] = true
			if rng.IntN(3) > 0 {
				r.submit(sub(session, n, 1, r.stored.Place().Rev, `["y"]`))
			}
			if rng.IntN(4) > 0 {
				r.turn(doc.Inbox{Leaves: []doc.SessionNumber{session}})
				delete(attached, client(n))
			}
		}
		head := r.stored.Place().Rev
		if rng.IntN(2) == 0 { // one that has outlived its history
			r.stored.Clients[client(100)] = doc.Record{Seq: 5}
			r.load()
			clear(attached)
		}
		floor, keep := doc.Revision(rng.IntN(int(head)+1)), rng.IntN(40)-1
		before := maps.Clone(r.stored.Clients)

		var want []doc.ClientID
		for c, record := range before {
			if record.Rev > 0 && record.Rev <= floor && !attached[c] {
				want = append(want, c)
			}
		}
		slices.SortFunc(want, func(a, b doc.ClientID) int { return int(before[a].Rev - before[b].Rev) })
		if keep < 0 {
			want = nil
		}
		want = want[:min(len(want), max(0, len(before)-keep))]

		forget, recordsFloor := r.state.RaiseFloor(floor, keep)
		require.True(t, slices.Equal(want, forget), "seed %d: %v, not %v", seed, forget, want)
		highest := doc.Revision(0)
		for _, c := range forget {
			highest = max(highest, before[c].Rev)
		}
		require.Equal(t, highest, recordsFloor)
		require.Equal(t, floor, r.state.View().Floor, "published")
	}
}

// TestBeingForgotten: between memory and the store, a client that is being forgotten decides nothing.
func TestBeingForgotten(t *testing.T) {
	r := newRig(t, doc.StateConfig{})
	a := r.open(1)
	r.submit(sub(a, 1, 1, 0, `["x"]`))
	r.submit(sub(r.open(2), 2, 1, 1, `["y"]`))
	r.turn(doc.Inbox{Leaves: []doc.SessionNumber{a}})
	forget, recordsFloor := r.state.RaiseFloor(1, 0)
	require.Equal(t, []doc.ClientID{client(1)}, forget)
	require.EqualValues(t, 1, recordsFloor)

	a = r.open(1)
	effects := r.turn(doc.Inbox{Submissions: []*doc.Submission{sub(a, 1, 2, 2, `["z"]`)}})
	require.ErrorIs(t, effects[0].Err, doc.ErrOpenAgain)
	named := func() *doc.OpenRequest {
		out := sub(0, 1, 1, 1, `["x"]`)
		o := &doc.OpenRequest{Client: client(1), Held: r.at(2), Outstanding: &doc.Outstanding{Base: *r.at(1), Submission: *out}}
		o.Outstanding.Base = *r.at(0)
		r.turn(doc.Inbox{Opens: []*doc.OpenRequest{o}})
		return o
	}
	require.ErrorIs(t, named().Err, doc.ErrOpenAgain)

	r.state.FloorRaised(false)
	o := named()
	require.NoError(t, o.Err, "it is remembered again")
	require.Equal(t, doc.OutcomeCommitted, o.Opened.Outcome)
	r.turn(doc.Inbox{Leaves: []doc.SessionNumber{o.Session}})

	r.state.RaiseFloor(1, 0)
	r.state.FloorRaised(true)
	o = named()
	require.NoError(t, o.Err)
	require.Equal(t, doc.OutcomeUnknown, o.Opened.Outcome)
}

// failing lets Trim fail, or take its time, and counts.
type failing struct {
	doc.Archive
	mu    sync.Mutex
	trims int
	err   error
	takes time.Duration
}

func (f *failing) Trim(ctx context.Context, t *doc.Trimming) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trims++
	time.Sleep(f.takes) // virtual
	if f.err != nil {
		return f.err
	}
	return f.Archive.Trim(ctx, t)
}

// TestTrimThatFails leaves the records, in memory as in the store.
func TestTrimThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := doctest.NewMemory(1)
		stop := memory.Run()
		defer stop()
		c := newChronicle(t, memory, doc.Text).typing(seeded(t, 4), 99)
		c.write("Zoe", insert(0, "z"))
		c.typing(seeded(t, 4), 400)
		c.snapshot()
		archive := &failing{Archive: memory, err: errors.New("the disk says no")}
		r := doc.NewRegistry(archive, doc.Config{})
		defer r.Close(context.Background())
		outcome := func() doc.Outcome { // of a commit whose client is not heard of later
			out := outstanding(c.placeAt(399), doc.Name{Client: clientOf("Zoe"), Seq: 1}, c.ops[99])
			out.Base.Rev, out.Submission.Base = 99, 99
			session, err := r.Open(t.Context(), "d", 0, &doc.OpenRequest{Client: client(2), Held: &c.place, Outstanding: out}, func() {})
			require.NoError(t, err)
			session.Close()
			return session.Opened().Outcome
		}
		for _, live := range []bool{false, true} {
			if live {
				c.at(400, c.place).open(r, client(1), nil)
			}
			archive.err = errors.New("the disk says no")
			_, err := r.History().Trim(t.Context(), "d", doc.Retention{MaxCommits: 100, KeepRecords: 1})
			require.ErrorContains(t, err, "the disk says no")
			require.Equal(t, doc.OutcomeCommitted, outcome())
		}
		archive.err = nil
		floor, err := r.History().Trim(t.Context(), "d", doc.Retention{MaxCommits: 100, KeepRecords: 1})
		require.NoError(t, err)
		require.EqualValues(t, 300, floor)
		require.Equal(t, doc.OutcomeUnknown, outcome(), "now it is forgotten")
	})
}

// TestDocumentStaysUntilItIsTrimmed: loaded anew in between, it would have the old floor, and records that the store is forgetting.
func TestDocumentStaysUntilItIsTrimmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := doctest.NewMemory(1)
		stop := memory.Run()
		defer stop()
		c := newChronicle(t, memory, doc.Text).typing(seeded(t, 4), 400)
		c.snapshot()
		r := doc.NewRegistry(&failing{Archive: memory, takes: time.Hour}, doc.Config{Logger: slog.New(slog.DiscardHandler)})
		p := c.at(400, c.place)
		p.open(r, client(1), nil)
		trimmed := make(chan error, 1)
		go func() {
			_, err := r.History().Trim(t.Context(), "d", doc.Retention{MaxCommits: 100})
			trimmed <- err
		}()
		synctest.Wait()
		p.session.Close()
		time.Sleep(30 * time.Minute)
		require.Equal(t, 1, r.Loaded())
		require.Empty(t, trimmed)
		time.Sleep(time.Hour)
		require.NoError(t, <-trimmed)
		require.Zero(t, r.Loaded(), "now it may go")
		require.NoError(t, r.Close(t.Context()))
	})
}

// TestTrimWhileOthersType: nobody is disturbed who is not behind, and nothing is lost.
func TestTrimWhileOthersType(t *testing.T) {
	cfg := doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 2000, SnapshotCommits: 20}, SnapshotEvery: time.Millisecond}
	inArchive(t, cfg, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		rng := seeded(t, 5)
		newChronicle(t, memory, doc.Text)
		done := make(chan *typist)
		for n := range byte(3) {
			p := &typist{t: t, r: r, client: client(n + 1), author: fmt.Sprint("typist ", n), rng: rand.New(rand.NewPCG(rng.Uint64(), 0))}
			go func() {
				p.run(150)
				done <- p
			}()
		}
		floors := map[doc.Revision]bool{}
		typed := 0
		for working := 3; working > 0; {
			select {
			case p := <-done:
				typed += p.wrote.Len()
				working--
			case <-time.After(7 * time.Millisecond):
				floor, err := r.History().Trim(t.Context(), "d", doc.Retention{MaxCommits: 30, KeepRecords: 1})
				require.NoError(t, err)
				floors[floor] = true
			}
		}
		require.Greater(t, len(floors), 5)
		m, err := r.History().Content(t.Context(), "d", -1)
		require.NoError(t, err)
		require.Equal(t, typed, m.Content.Len())
	})
}

// TestRetentionPass trims every document, whether it is in memory or not, one after the other, now and then.
func TestRetentionPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := doctest.NewMemory(1)
		stop := memory.Run()
		defer stop()
		c := newChronicle(t, memory, doc.Text).typing(seeded(t, 6), 200)
		c.snapshot()
		for n := range 250 {
			_, err := memory.Load(t.Context(), fmt.Sprintf("other/%03d", n), doc.Text)
			require.NoError(t, err)
		}
		archive := &failing{Archive: memory}
		r := doc.NewRegistry(archive, doc.Config{Retention: doc.Retention{MaxCommits: 50}})
		floor := func() doc.Revision {
			info, err := memory.Info(t.Context(), "d")
			require.NoError(t, err)
			return info.Floor
		}
		time.Sleep(50 * time.Minute)
		require.Zero(t, floor())
		time.Sleep(20 * time.Minute)
		require.EqualValues(t, 150, floor())
		require.Equal(t, 1, archive.trims, "the others had nothing to trim")
		require.Zero(t, r.Loaded(), "none was loaded for it")

		c.at(200, c.place).open(r, client(1), nil)
		c.typing(seeded(t, 7), 200)
		time.Sleep(24 * time.Hour)
		require.Equal(t, 1, archive.trims)
		require.NoError(t, r.Close(t.Context()))
	})
}

// TestHeldDocument: opens wait, and holders take turns.
func TestHeldDocument(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		c := newChronicle(t, memory, doc.Text).typing(seeded(t, 8), 20)
		live := c.at(20, c.place)
		live.open(r, client(1), nil)
		release, err := r.Hold(t.Context(), "d")
		require.NoError(t, err)
		u, err := live.session.Next(t.Context(), nil)
		require.NoError(t, err)
		require.ErrorIs(t, u.Ended, doc.ErrOpenAgain)

		opened, held := make(chan error, 2), make(chan func(), 1)
		for _, kind := range []doc.Kind{0, doc.Text} {
			go func() {
				_, err := r.Open(t.Context(), "d", kind, &doc.OpenRequest{Client: client(2 + byte(kind))}, func() {})
				opened <- err
			}()
		}
		go func() {
			release, err := r.Hold(t.Context(), "d")
			require.NoError(t, err)
			held <- release
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err = r.Hold(ctx, "d")
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Empty(t, opened)
		require.Empty(t, held)

		release()
		synctest.Wait()
		(<-held)()
		synctest.Wait()
		require.NoError(t, <-opened)
		require.NoError(t, <-opened)
	})
}

// TestHoldThatIsGivenUp, while the document is still on its way out, leaves nothing behind.
func TestHoldThatIsGivenUp(t *testing.T) {
	inBubble(t, doc.Config{}, func(t *testing.T, d *desk) {
		a := d.open("d", 1)
		a.write("x")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := d.registry.Hold(ctx, "d")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, done := d.begin("d", &doc.OpenRequest{Client: client(2)})
		require.Empty(t, done)
		d.step(doctest.Written)
		require.NoError(t, d.answer(done))
		release, err := d.registry.Hold(t.Context(), "d")
		require.NoError(t, err)
		release()
	})
}

// TestWrongSpansAreNotWrittenForEver: what decodes and fits, and is wrong all the same.
func TestWrongSpansAreNotWrittenForEver(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		c := newChronicle(t, memory, doc.Text).credited().typing(seeded(t, 9), 400)
		c.snapshot()
		wrong := func(first, last int64) {
			for i := first; i <= last; i++ { // letters are others
				s := doc.Span{Level: 6, Index: i}
				op := c.composed(s.First()-1, s.Last(), true)
				for j := range op {
					if op[j].Kind == ot.Insert {
						op[j].Text = "Z" + op[j].Text[1:]
					}
				}
				c.saveSpan(s, ot.AppendOp(nil, op))
			}
		}
		wrong(0, 3)
		floor, err := r.History().Trim(t.Context(), "d", doc.Retention{MaxCommits: 100})
		require.NoError(t, err)
		c.knows(r.History(), int(floor), 10)
		wrong(5, 5)
		_, err = r.History().Erase(t.Context(), "d", 310, 399)
		require.NoError(t, err)
		stored, err := memory.Load(t.Context(), "d", 0)
		require.NoError(t, err)
		state, err := doc.NewState(stored, doc.StateConfig{})
		require.NoError(t, err)
		require.Equal(t, textOf(c.content[400]), state.Content().String())
		c.knowsErased(r.History(), int(floor), 310, 399)
	})
}
