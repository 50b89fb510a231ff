package wire

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tandem/doc"
)

// TestSharedPresence: each reader hears what a message of its own would tell, which leaves the reader out.
func TestSharedPresence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawer{t}.fromServer(KindPresenceUpdate).(PresenceUpdate)
		for i := range m.Peers {
			m.Peers[i].Session = doc.SessionNumber(i * 3)
		}
		shared := m.Share()
		for own := range doc.SessionNumber(len(m.Peers)*3 + 1) {
			alone := m
			alone.Peers = slices.DeleteFunc(slices.Clone(m.Peers), func(p Peer) bool { return p.Session == own })
			want := append([]byte{0xaa}, alone.Append(nil)...)
			if len(alone.Peers)+len(alone.Left) == 0 {
				want = want[:1]
			}
			require.Equal(t, want, shared.Append([]byte{0xaa}, m.Channel, own))
		}
	})
}
