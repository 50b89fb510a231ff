package load

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
	"tandem/server/wire"
)

func insert(at int, text string) ot.Op { return Edit{At: at, Text: text}.op() }

// letters are messages that readLetter must read.
func letters(random *rand.Rand) wire.Message {
	place := doc.Place{ID: doc.ID{1, 2}, Epoch: doc.Epoch{3}, Rev: doc.Revision(random.Int64N(1 << 40)), Lineage: doc.Lineage{4, byte(random.Int())}}
	if random.IntN(3) == 0 {
		return wire.Ack{Channel: 1, Seq: doc.Seq(1 + random.Int64N(1<<33)), Place: place}
	}
	m := wire.Commits{Channel: 1, First: place.Rev, Count: 1, Op: insert(random.IntN(2)*random.IntN(1<<20), string(rune(random.IntN(128))))}
	if random.IntN(2) == 0 {
		m.Session, m.Caret = wire.Some(doc.SessionNumber(random.IntN(1000))), wire.Some(random.IntN(1<<20))
	}
	if random.IntN(2) == 0 {
		m.Lineage = wire.Some(place.Lineage)
	}
	return m
}

// same reports whether a letter says what a message says.
func same(t *testing.T, l *letter, m wire.Message) {
	switch m := m.(type) {
	case wire.Ack:
		require.True(t, l.ack)
		require.Equal(t, m.Place, l.place)
		require.Equal(t, m.Seq, l.seq)
	case wire.Commits:
		require.False(t, l.ack)
		require.Equal(t, m.First, l.place.Rev)
		require.EqualValues(t, 1, m.Count)
		require.Equal(t, m.Op, insert(l.at, single[l.text]))
		require.Equal(t, m.Lineage.Value, l.place.Lineage)
	default:
		require.Fail(t, "it is no letter", "%T", m)
	}
}

// TestLetter: the reader without allocations is as strict as that of package wire, and reads the same.
func TestLetter(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	var l letter // what was read before must not show
	for n := range 500 {
		m := letters(random)
		frame := m.Append(nil)
		require.True(t, readLetter(append(frame, 0xc1), &l), "seed %d: %d: %#v", seed, n, m)
		require.Equal(t, len(frame), l.size)
		same(t, &l, m)
		for cut := range frame {
			require.False(t, readLetter(frame[:cut], &letter{}), "seed %d: %d: the first %d bytes of %#v", seed, n, cut, m)
		}
		changed := append([]byte{}, frame...)
		changed[random.IntN(len(frame))] = byte(random.Int())
		var after letter
		if readLetter(changed, &after) {
			require.NoError(t, wire.DecodeServer(changed[:after.size], wire.Limits{}, func(m wire.Message) error {
				same(t, &after, m)
				return nil
			}), "seed %d: %d: %x", seed, n, changed)
		}
	}
}

// TestNoLetter: what is left to package wire.
func TestNoLetter(t *testing.T) {
	for name, m := range map[string]wire.Message{
		"two letters":   wire.Commits{Channel: 1, First: 1, Count: 1, Op: insert(0, "ab")},
		"no ASCII":      wire.Commits{Channel: 1, First: 1, Count: 1, Op: insert(0, "ä")},
		"several":       wire.Commits{Channel: 1, First: 1, Count: 2, Op: insert(0, "a")},
		"a deletion":    wire.Commits{Channel: 1, First: 1, Count: 1, Op: Edit{At: 3, Delete: 1}.op()},
		"a replacement": wire.Commits{Channel: 1, First: 1, Count: 1, Op: Edit{Delete: 1, Text: "a"}.op()},
		"nothing":       wire.Commits{Channel: 1, First: 1, Count: 1},
		"a check":       wire.Check{Channel: 1, Rev: 1, Hash: 2},
		"a ping":        wire.Ping{N: 1},
	} {
		t.Run(name, func(t *testing.T) { require.False(t, readLetter(m.Append(nil), &letter{})) })
	}
}

func TestLetterAllocatesNothing(t *testing.T) {
	frame := wire.Commits{Channel: 1, First: 70, Count: 1, Op: insert(9, "a"), Session: wire.Some(doc.SessionNumber(3))}.Append(nil)
	var l letter
	require.Zero(t, testing.AllocsPerRun(100, func() { readLetter(frame, &l) }))
}

// BenchmarkReadLetter is what every delivery takes before it is applied.
func BenchmarkReadLetter(b *testing.B) {
	m := wire.Commits{Channel: 1, First: 70_000, Count: 1, Op: insert(900, "a"), Session: wire.Some(doc.SessionNumber(3)), Caret: wire.Some(901)}
	frame := m.Append(nil)
	var l letter
	for b.Loop() {
		readLetter(frame, &l)
	}
}
