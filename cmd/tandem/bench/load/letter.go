package load

import (
	"tandem/doc"
	"tandem/ot"
	"tandem/ot/pack"
	"tandem/server/wire"
)

// A letter is nearly everything that comes at saturation: a commit that inserts one ASCII letter, or an ack. It is read without an
// allocation, as strictly as package wire reads it.
type letter struct {
	size int  // bytes of the message
	at   int  // of the insert
	text byte // of the insert
	seq  doc.Seq
	ack  bool
	// place is after the commit. Of an insert it has the revision and the lineage.
	place doc.Place
}

// single are the strings of one ASCII letter.
var single = func() (all [128]string) {
	for i := range all {
		all[i] = string(rune(i))
	}
	return all
}()

// readLetter reads the first message of what is left of a frame; false: it is something else, or wrong.
func readLetter(rest []byte, l *letter) bool {
	r := pack.NewReader(rest)
	n, kind := r.Array(8), r.Int(int64(wire.KindCommits), int64(wire.KindAck))
	r.Int(1, pack.MaxInt) // channel
	switch {
	case r.Err() != nil:
		return false
	case n == 8 && kind == int64(wire.KindCommits):
		l.ack = false
		l.insert(&r)
	case n == 4 && kind == int64(wire.KindAck):
		l.ack, l.seq = true, doc.Seq(r.Int(1, pack.MaxInt))
		if r.Array(4) != 4 {
			return false
		}
		copy(l.place.ID[:], r.Bin(len(l.place.ID)))
		copy(l.place.Epoch[:], r.Bin(len(l.place.Epoch)))
		l.place.Rev = doc.Revision(r.Int(0, pack.MaxInt))
		copy(l.place.Lineage[:], r.Bin(len(l.place.Lineage)))
	default:
		return false
	}
	l.size = r.Pos()
	return r.Err() == nil
}

// insert reads the fields of a commits behind its channel. What does not fit leaves an error in r.
func (l *letter) insert(r *pack.Reader) {
	l.place = doc.Place{Rev: doc.Revision(r.Int(0, pack.MaxInt))}
	r.Int(1, 1) // of one commit
	l.at = 0
	if r.Array(2) == 2 {
		l.at = int(r.Int(1, int64(ot.StoredLimits.Length)))
	}
	text := r.StrBytes(1)
	l.text = 0x80
	if len(text) == 1 {
		l.text = text[0]
	}
	if l.text >= 0x80 {
		r.Fail(pack.ErrEncoding)
	}
	for range 2 { // session and caret
		if !r.Nil() {
			r.Int(0, pack.MaxInt)
		}
	}
	if !r.Nil() {
		copy(l.place.Lineage[:], r.Bin(len(l.place.Lineage)))
	}
}
