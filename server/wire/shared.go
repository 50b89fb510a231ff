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
