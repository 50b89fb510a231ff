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

// TestSharedCommits: each reader hears what messages of its own would tell.
func TestSharedCommits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := make([]Commits, rapid.IntRange(1, 5).Draw(t, "commits"))
		shared := NewSharedCommits(len(all), 0)
		for i := range all {
			all[i] = drawer{t}.fromServer(KindCommits).(Commits)
			shared.Add(all[i])
		}
		from := rapid.IntRange(0, len(all)).Draw(t, "from")
		to := rapid.IntRange(from, len(all)).Draw(t, "to")
		for _, channel := range []Channel{1, 2, 0x7f, 0x80, 300, 1 << 40} {
			want := []byte{0xaa}
			for i := from; i < to; i++ {
				m := all[i]
				m.Channel = channel
				want = m.Append(want)
				head, body := shared.Parts(channel, i)
				require.Equal(t, m.Append(nil), append(head, body...))
			}
			require.Equal(t, want, shared.Append([]byte{0xaa}, channel, from, to))
		}
	})
}
