package doc

import "tandem/ot"

// A Presence is what a session shows of its user. It lives as long as the session, and is never stored.
type Presence struct {
	Session SessionNumber
	Shown   bool // there is a caret; the Range is in the document at the Presences' revision
	Range   ot.Range
	User    User
	version int64 // when it last changed by itself, not by commits that moved it
}

// A User is how a person is shown to others.
type User struct{ Name, Color string }

// Presences are everybody's presence at a published revision.
type Presences struct {
	Rev     Revision
	Version int64
	Peers   []Presence // by session number
	shown   bool       // somebody has a caret
	left    []leaving
}

// leaving is a session that is gone.
type leaving struct {
	session SessionNumber
	version int64
}

// leftKept is how many gone sessions are remembered for readers that have not heard of them yet.
const leftKept = 1024

// Since is what changed behind a version: whom to show, and who left. False: so many left since that not all are remembered.
// Version 0 stands for a reader that knows nobody. With all, everybody who is there is shown, changed or not.
func (p *Presences) Since(version int64, own SessionNumber, all bool) (peers []Presence, left []SessionNumber, ok bool) {
	if version != 0 && len(p.left) == leftKept && version < p.left[0].version {
		return nil, nil, false
	}
	for _, peer := range p.Peers {
		if (all || peer.version > version) && peer.Session != own {
			peers = append(peers, peer)
		}
	}
	for _, l := range p.left {
		if version != 0 && l.version > version && l.session != own {
			left = append(left, l.session)
		}
	}
	return peers, left, true
}
