package wire

import (
	"slices"

	"tandem/doc"
	"tandem/ot/pack"
)

// A SharedPresence is a PresenceUpdate encoded once for all readers: what is a reader's own is the channel, and that it is not among
// the peers.
type SharedPresence struct {
	rev      doc.Revision
	sessions []doc.SessionNumber // of the peers
	starts   []int               // where each peer begins in peers, and where the last one ends
	peers    []byte
	nobody   bool   // has left
	left     []byte // with its head
}

// Share encodes the message for all readers; its channel is not looked at.
func (m PresenceUpdate) Share() *SharedPresence {
	s := &SharedPresence{
		rev:      m.Rev,
		sessions: make([]doc.SessionNumber, len(m.Peers)),
		starts:   make([]int, len(m.Peers)+1),
		nobody:   len(m.Left) == 0,
	}
	for i := range m.Peers {
		s.sessions[i] = m.Peers[i].Session
		w := writer{pack.Append(s.peers)}
		w.peer(&m.Peers[i])
		s.peers = w.Done()
		s.starts[i+1] = len(s.peers)
	}
	w := writer{pack.Append(nil)}
	w.sessions(m.Left)
	s.left = w.Done()
	return s
}

// Append appends the message as the session own hears it on its channel: nothing, where it would hear of nobody else.
func (s *SharedPresence) Append(buf []byte, channel Channel, own doc.SessionNumber) []byte {
	n, before, after := len(s.sessions), s.peers, []byte(nil)
	if i := slices.Index(s.sessions, own); i >= 0 {
		n, before, after = n-1, s.peers[:s.starts[i]], s.peers[s.starts[i+1]:]
	}
	if n == 0 && s.nobody {
		return buf
	}
	w := begin(buf, KindPresenceUpdate)
	w.channel(channel)
	w.rev(s.rev)
	w.Array(n)
	buf = append(w.Done(), before...)
	buf = append(buf, after...)
	return append(buf, s.left...)
}

// SharedCommits are Commits encoded once for all readers: what is a reader's own is the channel.
type SharedCommits struct {
	bytes  []byte // one message after the other, on channel 1
	starts []int  // where each begins in bytes, and where the last one ends
}

// sharedHead is how long the head of a Commits is, up to its channel, and with it, where the channel takes a byte.
const sharedHead = 3

// NewSharedCommits has room for n messages of size bytes in all, about.
func NewSharedCommits(n, size int) *SharedCommits {
	return &SharedCommits{bytes: make([]byte, 0, size), starts: make([]int, 1, n+1)}
}

// Add encodes a message for all readers; its channel is not looked at.
func (s *SharedCommits) Add(m Commits) {
	m.Channel = 1
	s.bytes = m.Append(s.bytes)
	s.starts = append(s.starts, len(s.bytes))
}

// Append appends the messages from up to, and without, to, as a reader hears them on its channel.
func (s *SharedCommits) Append(buf []byte, channel Channel, from, to int) []byte {
	if channel >= 0x80 {
		for i := from; i < to; i++ {
			head, body := s.Parts(channel, i)
			buf = append(append(buf, head...), body...)
		}
		return buf
	}
	moved := len(buf) - s.starts[from]
	buf = append(buf, s.bytes[s.starts[from]:s.starts[to]]...)
	if channel != 1 {
		for _, start := range s.starts[from:to] {
			buf[moved+start+sharedHead-1] = byte(channel)
		}
	}
	return buf
}

// Parts are a message of a reader in two parts, of which the second is shared by all of them.
func (s *SharedCommits) Parts(channel Channel, i int) (head, body []byte) {
	w := begin(nil, KindCommits)
	w.channel(channel)
	return w.Done(), s.bytes[s.starts[i]+sharedHead : s.starts[i+1]]
}
