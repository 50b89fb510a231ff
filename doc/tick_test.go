package doc_test

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
)

func TestPresenceWaitsForItsTick(t *testing.T) {
	inBubble(t, doc.Config{PresenceEvery: 100 * time.Millisecond}, func(t *testing.T, d *desk) {
		a, b := d.open("d", 1), d.open("d", 2)
		time.Sleep(time.Second)
		move := func(at int, user *doc.User) {
			a.session.Move(doc.Move{Shown: true, Range: ot.Range{Anchor: at, Head: at}, User: user})
			synctest.Wait()
		}
		a.write("0123456789")
		d.step(doctest.Written)
		a.next()
		b.next()

		move(1, nil) // the first goes at once
		require.Len(t, b.next().Peers, 1)
		wakes := b.wakes.Load()
		move(2, &doc.User{Name: "Ada"})
		time.Sleep(60 * time.Millisecond)
		move(3, nil)
		time.Sleep(39 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, wakes, b.wakes.Load(), "not before its tick")
		require.Empty(t, b.next().Peers)
		time.Sleep(time.Millisecond)
		synctest.Wait()
		require.Equal(t, wakes+1, b.wakes.Load())
		peers := b.next().Peers
		require.Len(t, peers, 1, "one for both")
		require.Equal(t, "Ada", peers[0].User.Name, "what was replaced had told the name")

		// An edit does not wait for it, and takes no presence along.
		move(4, nil)
		move(5, nil)
		b.write("y")
		require.Equal(t, 1, d.memory.Pending())
		d.step(doctest.Written)
		require.NotEmpty(t, b.next().Items)
		a.session.Close()
		synctest.Wait()
		require.Equal(t, []doc.SessionNumber{a.session.Number()}, b.next().Left)
	})
}

// TestTicks: what changes presence wakes nobody but at ticks, be it by the hundred; and not even then somebody who has read it.
func TestTicks(t *testing.T) {
	inBubble(t, doc.Config{PresenceEvery: 100 * time.Millisecond}, func(t *testing.T, d *desk) {
		var crowd []*peer
		reader := d.open("d", 255)
		for n := range byte(200) {
			crowd = append(crowd, d.open("d", n))
		}
		time.Sleep(time.Second)
		reader.next()
		woken := func() int64 { return reader.wakes.Swap(0) }
		woken()
		for i := range 20 {
			for _, p := range crowd {
				p.session.Move(doc.Move{Shown: true, Range: ot.Range{Anchor: i}})
				synctest.Wait()
			}
			time.Sleep(10 * time.Millisecond)
		}
		synctest.Wait()
		require.EqualValues(t, 3, woken(), "at 0, 100 and 200 ms")
		require.Len(t, reader.next().Peers, 200)

		for _, p := range crowd[:100] {
			p.session.Close()
			synctest.Wait()
		}
		require.Zero(t, woken(), "who leaves waits for the tick as well")
		require.Len(t, reader.next().Left, 100, "unless somebody reads anyway")
		time.Sleep(time.Second)
		require.Zero(t, woken(), "and has heard of it")
		crowd[100].session.Close()
		synctest.Wait()
		require.EqualValues(t, 1, woken())
	})
}

// TestWhoSaysItsNameAndTypes is the author under that name, also between ticks; carets wait all the same.
func TestWhoSaysItsNameAndTypes(t *testing.T) {
	inBubble(t, doc.Config{}, func(t *testing.T, d *desk) {
		a, b := d.open("d", 1), d.open("d", 2) // which was a tick
		a.next()
		b.next()
		b.session.Move(doc.Move{Shown: true})
		a.session.Move(doc.Move{User: &doc.User{Name: "Ada"}})
		a.session.Move(doc.Move{Shown: true})
		a.write("a")
		d.step(doctest.Written)
		require.Len(t, b.next().Peers, 1, "it is told with the commit")
		require.Empty(t, a.next().Peers)
		stored, err := d.memory.Load(t.Context(), "d", 0)
		require.NoError(t, err)
		require.Equal(t, "Ada", stored.Commits[0].Author)
		time.Sleep(time.Second)
		require.Len(t, a.next().Peers, 1)
	})
}

// turns is a store that counts the turns of its documents, each of which asks whether it is ready.
type turns struct {
	*doctest.Memory
	taken atomic.Int64
}

func (s *turns) Ready() error {
	s.taken.Add(1)
	return s.Memory.Ready()
}

// TestMovesTakeNoTurn of their document but the next tick's.
func TestMovesTakeNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &turns{Memory: doctest.NewMemory(1)}
		d := &desk{t: t, memory: store.Memory, registry: doc.NewRegistry(store, doc.Config{Logger: slog.New(slog.DiscardHandler)})}
		a := d.open("d", 1)
		time.Sleep(time.Second)
		store.taken.Store(0)
		for i := range 100 { // over 10 ticks of 50 ms
			time.Sleep(5 * time.Millisecond)
			a.session.Move(doc.Move{Shown: true, Range: ot.Range{Head: i}})
			synctest.Wait()
		}
		require.EqualValues(t, 10, store.taken.Load())
		stop := store.Run()
		defer stop()
		require.NoError(t, d.registry.Close(t.Context()))
	})
}
