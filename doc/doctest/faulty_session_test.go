package doctest_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
)

// TestEveryCallFails plays a short whole session, of two people who type and of the restart of their server, once for each call
// to the store and each way in which that can come out.
func TestEveryCallFails(t *testing.T) {
	var calls int
	synctest.Test(t, func(t *testing.T) { calls = playFaulty(t, 0, doctest.Written) })
	require.Greater(t, calls, 15)
	for _, how := range []doctest.Outcome{doctest.Lost, doctest.WrittenLate, doctest.Hung} {
		for n := 1; n <= calls; n++ {
			t.Run(fmt.Sprintf("%d/%d", how, n), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { playFaulty(t, n, how) })
			})
		}
	}
}

// playFaulty plays it with the n-th call coming out like that, and returns how many calls there were.
func playFaulty(t *testing.T, n int, how doctest.Outcome) int {
	memory := doctest.NewMemory(1)
	defer memory.Run()()
	store := doctest.NewFaultyArchive(memory)
	store.Fail(n, how)
	// History in memory is short, so that whoever was away makes the server read the store.
	cfg := doc.Config{Logger: slog.New(slog.DiscardHandler), StateConfig: doc.StateConfig{HistoryBytes: 1, SnapshotCommits: 4}}
	typists := []*typist{newTypist(t, 1), newTypist(t, 2)}
	began := time.Now()
	for round := range 2 {
		registry := doc.NewRegistry(store, cfg)
		var all sync.WaitGroup
		for i, y := range typists {
			y.registry = registry
			for k := range 4 {
				y.tokens = append(y.tokens, fmt.Sprintf("[%d.%d.%d]", i, round, k))
			}
			all.Go(func() { y.run(t.Context(), i) })
		}
		all.Wait()
		require.NoError(t, registry.Close(t.Context()))
	}
	require.Less(t, time.Since(began), time.Minute, "one call that fails is overcome soon")
	registry := doc.NewRegistry(memory, cfg)
	for _, y := range typists {
		y.registry = registry
		require.NoError(t, y.open(t.Context()))
		require.NoError(t, y.read(t.Context()))
		for _, x := range typists {
			for _, token := range x.typed {
				require.Equal(t, 1, strings.Count(y.pending.Content().String(), token), "%s in %q", token, y.pending.Content())
			}
		}
		y.leave()
	}
	require.Equal(t, typists[0].pending.Content().String(), typists[1].pending.Content().String())
	require.NoError(t, registry.Close(t.Context()))
	return store.Calls()
}

// typist is a client that types tokens, and does not rest before they are saved.
type typist struct {
	t             *testing.T
	registry      *doc.Registry
	pending       *client.Pending
	session       *doc.Session // nil: none
	wake          chan struct{}
	tokens, typed []string // to be typed, and what was
}

func newTypist(t *testing.T, n byte) *typist {
	return &typist{t: t, pending: client.NewPending(doc.ClientID{n}, doc.Text), wake: make(chan struct{}, 1)}
}

// patience is how long a typist waits for anything before it opens again.
const patience = 10 * time.Second

func (y *typist) run(ctx context.Context, place int) {
	for len(y.tokens) > 0 || !y.pending.Saved() {
		err := y.step(ctx, place)
		if err == nil {
			continue
		}
		y.leave()
		y.rest(50 * time.Millisecond)
	}
	y.leave()
}

// step opens, reads, types, or waits. After an error the session is of no use.
func (y *typist) step(ctx context.Context, place int) error {
	if y.session == nil {
		if err := y.open(ctx); err != nil {
			return err
		}
	}
	if err := y.read(ctx); err != nil {
		return err
	}
	if y.pending.Outstanding() == nil && len(y.tokens) > 0 {
		return y.typeNext(ctx, place)
	}
	if !y.pending.Saved() && !y.rest(patience) {
		return doc.ErrOpenAgain
	}
	return nil
}

// rest waits, and reports whether there is something to read.
func (y *typist) rest(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-y.wake:
		return true
	case <-timer.C:
		return false
	}
}

func (y *typist) leave() {
	if y.session != nil {
		y.session.Close()
		y.session = nil
	}
}

func (y *typist) open(ctx context.Context) error {
	o := &doc.OpenRequest{Client: y.pending.Client(), Held: y.pending.Held()}
	if out := y.pending.Outstanding(); out != nil {
		o.Outstanding = &doc.Outstanding{Base: out.Base, Submission: doc.Submission{
			Name: out.Name, Base: out.Base.Rev, Op: out.Op, Bytes: out.Bytes, Caret: out.Caret,
		}}
	}
	session, err := y.registry.Open(ctx, "d", doc.Text, o, func() {
		select {
		case y.wake <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return err
	}
	y.session = session
	opened := session.Opened()
	require.NoError(y.t, y.pending.Opened(client.Opened{
		Place: opened.Place, Outcome: opened.Outcome, LastSeq: opened.LastSeq, Resume: opened.Resume,
	}))
	if !opened.Resume {
		change, err := y.pending.Snapshot(session.TakeContent().Content(), false)
		require.NoError(y.t, err)
		require.Nil(y.t, change.Lost, "nothing is lost")
		require.Nil(y.t, change.Before)
	}
	return nil
}

// read takes in all that is there.
func (y *typist) read(ctx context.Context) error {
	for {
		u, err := y.session.Next(ctx, nil)
		if err != nil {
			return err
		}
		require.Empty(y.t, u.Refused)
		for _, i := range doc.Singles(u.Items) {
			y.take(i)
		}
		switch {
		case u.Ended != nil:
			return u.Ended
		case !u.More:
			return nil
		}
	}
}

func (y *typist) take(i doc.Item) {
	switch {
	case i.Check != nil:
		require.NoError(y.t, y.pending.Check(i.Check.Rev, i.Check.Hash))
	case i.Ack > 0:
		require.NoError(y.t, y.pending.Ack(i.Ack, i.Place))
	default:
		op, err := ot.DecodeOp(i.Bytes, ot.StoredLimits)
		require.NoError(y.t, err)
		_, err = y.pending.Commits(i.First, i.Count, op, i.Place.Lineage)
		require.NoError(y.t, err)
	}
}

// typeNext types the next token: place tells where, of a text in three parts.
func (y *typist) typeNext(ctx context.Context, place int) error {
	var b ot.Builder
	if n := y.pending.Content().Len() * place / 2; n > 0 && y.pending.Content().String()[n-1] == ']' {
		b.Retain(n, nil)
	}
	token := y.tokens[0]
	b.InsertText(token, nil)
	require.NoError(y.t, y.pending.Edit(b.Op(), -1))
	y.tokens, y.typed = y.tokens[1:], append(y.typed, token)
	s := y.pending.Freeze(client.DefaultLimits)
	return y.session.Submit(ctx, s.Seq, s.Base.Rev, s.Op, s.Bytes, s.Caret)
}
