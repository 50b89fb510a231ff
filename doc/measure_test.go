package doc_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/doctest"
)

// journal is an observer that writes down what it hears.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) Turned(submissions int, waited, took time.Duration) {
	j.note("turn of %d waited %v took %v", submissions, waited, took)
}

func (j *journal) Committed(commits int, took time.Duration) {
	j.note("commit of %d took %v", commits, took)
}

func (j *journal) Presence(sent, shed int) { j.note("presence sent %d shed %d", sent, shed) }

// take is what was heard since it was called last.
func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines
	j.lines = nil
	return lines
}

func TestObserver(t *testing.T) {
	const ms = time.Millisecond
	heard := &journal{}
	inBubble(t, doc.Config{Observer: heard}, func(t *testing.T, d *desk) {
		a, b := d.open("d", 1), d.open("d", 2)
		require.Equal(t, 2, d.registry.Sessions())
		require.Empty(t, heard.take(), "an open that commits nothing is no turn of an edit")
		read := doc.Now()
		a.session.Arrived(read)
		time.Sleep(3 * ms)
		a.write("a")
		time.Sleep(20 * ms)
		b.write("b") // waits for the batch at the store
		time.Sleep(10 * ms)
		d.step(doctest.Written)
		time.Sleep(5 * ms)
		d.step(doctest.Written)
		require.Equal(t, []string{
			"turn of 1 waited 0s took 0s", "commit of 1 took 30ms", "turn of 1 waited 10ms took 0s", "commit of 1 took 5ms",
		}, heard.take())

		u, err := b.session.Next(t.Context(), nil)
		require.NoError(t, err)
		require.Len(t, u.Items, 2)
		require.Equal(t, read, u.Oldest.Read)
		require.Equal(t, 33*ms, u.Oldest.Published.Since(read))
		u, err = b.session.Next(t.Context(), nil)
		require.NoError(t, err)
		require.Zero(t, u.Oldest, "nothing was read")

		held := b.session.Opened().Place
		late, done := d.begin("d", &doc.OpenRequest{Client: client(3), Held: &held})
		require.NoError(t, d.answer(done))
		require.True(t, late.session.Opened().Resume)
		u, err = late.session.Next(t.Context(), nil)
		require.NoError(t, err)
		require.NotEmpty(t, u.Items)
		require.Zero(t, u.Oldest, "what was missed is not late")
		late.session.Close()
		time.Sleep(ms)
		require.Equal(t, 2, d.registry.Sessions())
	})
}

// TestObserverHearsOfRefusals: a submission that is refused was taken all the same.
func TestObserverHearsOfRefusals(t *testing.T) {
	heard := &journal{}
	inBubble(t, doc.Config{Observer: heard}, func(t *testing.T, d *desk) {
		a := d.open("d", 1)
		a.rev = 7 // which is not there
		a.write("a")
		require.Equal(t, []string{"turn of 1 waited 0s took 0s"}, heard.take())
	})
}

// TestPresenceGivesWay: one that is told of late edits sends presence half as often, counts what it sheds, and comes back. No tick falls
// on the moment of a move.
func TestPresenceGivesWay(t *testing.T) {
	const ms = time.Millisecond
	heard := &journal{}
	inBubble(t, doc.Config{Observer: heard, PresenceEvery: 430 * ms}, func(t *testing.T, d *desk) {
		a, b := d.open("d", 1), d.open("d", 2)
		time.Sleep(time.Second) // what the opens have to tell is told
		move := func(times int) (sent, shed int) {
			for range times {
				a.session.Move(doc.Move{Shown: true})
				time.Sleep(100 * ms)
			}
			for _, line := range heard.take() {
				var n, m int
				_, err := fmt.Sscanf(line, "presence sent %d shed %d", &n, &m)
				require.NoError(t, err)
				sent, shed = sent+n, shed+m
			}
			return sent, shed
		}
		b.session.Delivered(50 * ms)
		sent, shed := move(14)
		require.Equal(t, 4, sent)
		require.Zero(t, shed, "what is replaced within an interval is not shed")
		b.session.Delivered(51 * ms)
		sent, shed = move(9)
		require.Equal(t, 1, sent)
		require.Greater(t, shed, 3)
		time.Sleep(2 * time.Second)
		move(9) // the first turn finds that all is calm
		sent, shed = move(9)
		require.Equal(t, 2, sent)
		require.Zero(t, shed)
	})
}
