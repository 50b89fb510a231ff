package load

import (
	"bytes"

	"tandem/ot/pack"
	"tandem/server/wire"
)

// presenceHead is how a presence of the server begins: an array of five, the first of which is its kind.
var presenceHead = []byte{0x95, byte(wire.KindPresenceUpdate)}

// maxPeers is how many sessions a presence names at most.
var maxPeers = wire.ServerLimits().Peers

// readCarets reads the first message of what is left of a frame, if it is a presence: how many people it shows, and how many bytes
// it has. Size 0: it is something else, or wrong. Two hundred people who see each other move get 400,000 of these a second: each is
// read as strictly as package wire reads it, and kept nowhere.
func readCarets(rest []byte) (n, size int) {
	if !bytes.HasPrefix(rest, presenceHead) {
		return 0, 0
	}
	r := pack.NewReader(rest)
	r.Array(5)
	r.Int(0, pack.MaxInt) // kind
	r.Int(1, pack.MaxInt) // channel
	r.Int(0, pack.MaxInt) // revision
	n = r.Array(maxPeers)
	for range n {
		if r.Array(5) != 5 {
			return 0, 0
		}
		r.Int(0, pack.MaxInt) // session
		if !r.Nil() {         // anchor and head
			r.Int(0, pack.MaxInt)
			r.Int(0, pack.MaxInt)
		} else if !r.Nil() {
			return 0, 0
		}
		r.StrBytes(wire.MaxUserName)
		r.StrBytes(wire.MaxColor)
	}
	for range r.Array(maxPeers) { // who left
		r.Int(0, pack.MaxInt)
	}
	if r.Err() != nil {
		return 0, 0
	}
	return n, r.Pos()
}
