package client

import (
	"cmp"
	"slices"
	"time"

	"tandem/doc"
	"tandem/ot"
	"tandem/server/wire"
)

// Peer is another session of the document.
type Peer struct {
	Session doc.SessionNumber
	User    User
	// Selection is where the peer's caret is, in the content as this copy shows it; nil: none is shown.
	Selection *ot.Range
}

// presence is where the user and the others are, in the content as it is shown. Guarded by conn.mu.
type presence struct {
	selection *ot.Range // the user's; nil: none is shown
	tell      bool      // the server is to be told of it
	shownAt   time.Time
	show      alarm // when to, at the latest
	peers     map[doc.SessionNumber]*Peer
}

// left is the side that offsets are moved on by what others do.
const left = ot.Left

// SetPresence shows others where the user's caret is; nil: nowhere. After that it moves with the content. It is sent when nothing
// is pending, at most 10 times a second.
func (d *Doc) SetPresence(selection *ot.Range) {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	if selection == nil && d.selection == nil {
		return
	}
	d.selection, d.tell = nil, true
	if selection != nil {
		n := d.pending.Content().Len()
		d.selection = &ot.Range{Anchor: min(max(0, selection.Anchor), n), Head: min(max(0, selection.Head), n)}
	}
	d.showPresence(time.Now())
}

// Peers are the other sessions that have shown themselves, by number; none while the Doc is not live.
func (d *Doc) Peers() []Peer {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	peers := make([]Peer, 0, len(d.peers))
	for _, p := range d.peers {
		peer := *p
		if p.Selection != nil {
			at := *p.Selection
			peer.Selection = &at
		}
		peers = append(peers, peer)
	}
	slices.SortFunc(peers, func(p, q Peer) int { return cmp.Compare(p.Session, q.Session) })
	return peers
}

// greet is due with each session: it knows who the user is, from the open, and of no caret.
func (d *Doc) greet() { d.tell, d.shownAt = d.selection != nil, time.Time{} }

// showPresence sends what the server is to be told, if it may be sent now: offsets are those of a revision, so a caret waits until
// nothing is pending.
func (d *Doc) showPresence(now time.Time) {
	if !d.tell || d.phase != live || !d.link.usable() || !d.pending.Saved() {
		return
	}
	if wait := d.shownAt.Add(presenceEvery).Sub(now); wait > 0 {
		d.show.set(wait)
		return
	}
	m := wire.Presence{Channel: d.channel, Rev: d.pending.held.Rev}
	if d.selection != nil {
		m.Selection = wire.Some(wire.Selection(*d.selection))
	}
	d.link.push(m)
	d.shownAt, d.tell = now, false
}

// showLater is when presence may be sent again.
func (d *Doc) showLater() {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	if d.show.rung() {
		d.showPresence(time.Now())
	}
}

// moved moves everybody over a change of the content; side is the user's.
func (d *Doc) moved(op ot.Op, side ot.Side) {
	if d.selection != nil {
		*d.selection = ot.TransformRange(op, *d.selection, side)
	}
	for _, p := range d.peers {
		if p.Selection != nil {
			*p.Selection = ot.TransformRange(op, *p.Selection, left)
		}
	}
}

// present takes in where others are. The offsets are at the revision that is held: the message stands in the stream.
func (d *Doc) present(m wire.PresenceUpdate) {
	if d.peers == nil {
		d.peers = map[doc.SessionNumber]*Peer{}
	}
	for _, p := range m.Peers {
		peer := &Peer{Session: p.Session, User: User(p.User)}
		if p.Selection.OK {
			at := p.Selection.Value
			peer.Selection = &ot.Range{Anchor: d.pending.Shown(at.Anchor), Head: d.pending.Shown(at.Head)}
		}
		d.peers[p.Session] = peer
	}
	for _, s := range m.Left {
		delete(d.peers, s)
	}
}

// peerTyped moves a peer to where its commit, taken in just now, has left its caret.
func (d *Doc) peerTyped(s doc.SessionNumber, caret int) {
	if p := d.peers[s]; p != nil {
		at := d.pending.Shown(caret)
		p.Selection = &ot.Range{Anchor: at, Head: at}
	}
}

// Shown is where an offset of the content at the place held is in Content; it is somebody else's.
func (p *Pending) Shown(offset int) int {
	offset = min(offset, p.base.Len())
	if p.outstanding != nil {
		offset = ot.TransformOffset(p.outstanding.op, offset, ot.Left)
	}
	return ot.TransformOffset(p.buffer, offset, ot.Left)
}
