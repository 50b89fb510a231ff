package load

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/server/wire"
)

func presences(random *rand.Rand) wire.PresenceUpdate {
	m := wire.PresenceUpdate{Channel: 1, Rev: doc.Revision(random.Int64N(1 << 40))}
	for range random.IntN(20) {
		p := wire.Peer{Session: doc.SessionNumber(random.IntN(1000)), User: wire.User{Name: "Ada", Color: "#3366cc"}}
		if random.IntN(3) > 0 {
			p.Selection = wire.Some(wire.Selection{Anchor: random.IntN(1 << 20), Head: random.IntN(1 << 20)})
		}
		m.Peers = append(m.Peers, p)
	}
	for range random.IntN(3) {
		m.Left = append(m.Left, doc.SessionNumber(random.IntN(1000)))
	}
	return m
}

// TestCarets: what is counted without being kept is what package wire would have read, and it is no less strict.
func TestCarets(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	for n := range 500 {
		m := presences(random)
		frame := m.Append(nil)
		people, size := readCarets(append(frame, 0xc1))
		require.Equal(t, len(m.Peers), people, "seed %d: %d", seed, n)
		require.Equal(t, len(frame), size)
		for cut := range frame {
			_, size := readCarets(frame[:cut])
			require.Zero(t, size, "seed %d: %d: the first %d bytes", seed, n, cut)
		}
		changed := append([]byte{}, frame...)
		changed[random.IntN(len(frame))] = byte(random.Int())
		if people, size := readCarets(changed); size > 0 {
			require.NoError(t, wire.DecodeServer(changed[:size], wire.Limits{}, func(m wire.Message) error {
				require.Len(t, m.(wire.PresenceUpdate).Peers, people)
				return nil
			}), "seed %d: %d: %x", seed, n, changed)
		}
	}
	_, size := readCarets(wire.Check{Channel: 1, Rev: 1, Hash: 2}.Append(nil))
	require.Zero(t, size, "it is none")
}

func TestCaretsAllocateNothing(t *testing.T) {
	frame := presences(rand.New(rand.NewPCG(1, 0))).Append(nil)
	require.Zero(t, testing.AllocsPerRun(100, func() { readCarets(frame) }))
}
