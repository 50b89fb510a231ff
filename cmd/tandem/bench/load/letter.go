package load

import (
	"unicode"

	"tandem/doc"
	"tandem/ot"
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
	c := cursor{rest: rest}
	fields, kind := c.byte(), wire.Kind(c.byte())
	c.int(1) // channel
	switch {
	case fields == fixArray|8 && kind == wire.KindCommits:
		l.insert(&c)
	case fields == fixArray|4 && kind == wire.KindAck:
		l.acknowledge(&c)
	default:
		return false
	}
	l.size = len(rest) - len(c.rest)
	return !c.other
}

// insert reads the fields of a commits behind its channel.
func (l *letter) insert(c *cursor) {
	l.ack, l.at = false, 0
	l.place = doc.Place{Rev: doc.Revision(c.int(0))}
	c.want(1) // one commit
	if components := c.byte(); components == fixArray|2 {
		l.at = int(c.int(1))
	} else if components != fixArray|1 {
		c.other = true
	}
	c.want(fixStr | 1)
	if l.text = c.byte(); l.text > unicode.MaxASCII || l.at > ot.StoredLimits.Length {
		c.other = true
	}
	for range 2 { // session and caret
		if !c.nil() {
			c.int(0)
		}
	}
	if !c.nil() {
		c.bin(l.place.Lineage[:])
	}
}

// acknowledge reads the fields of an ack behind its channel.
func (l *letter) acknowledge(c *cursor) {
	l.ack, l.seq = true, doc.Seq(c.int(1))
	c.want(fixArray | 4)
	c.bin(l.place.ID[:])
	c.bin(l.place.Epoch[:])
	l.place.Rev = doc.Revision(c.int(0))
	c.bin(l.place.Lineage[:])
}
