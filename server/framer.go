package server

import (
	"tandem/doc"
	"tandem/server/wire"
)

// A framer gathers messages for a connection in a frame, and sends one that is full. It belongs to a writer, and keeps its room from
// one connection to the next.
type framer struct {
	conn  *conn
	frame []byte
	items []doc.Item // room for what is read of a session
}

// keptFrame is up to how large a frame's buffer is kept while its writer waits. Larger frames are rare.
const keptFrame = 8 << 10

// rest keeps some room, and nothing of a connection or a document.
func (f *framer) rest() {
	clear(f.items[:cap(f.items)])
	kept := framer{frame: f.frame[:0], items: f.items[:0]}
	if cap(f.frame) > keptFrame {
		kept.frame = nil
	}
	*f = kept
}

func (f *framer) add(m wire.Message) {
	before := len(f.frame)
	f.frame = m.Append(f.frame)
	f.cut(before)
}

// commits adds what is most of all messages: its bytes are made once for all readers, but for the head, which has the channel. Large ones
// are sent from there: each reader that does not read would hold a copy.
func (f *framer) commits(head, shared []byte) {
	if len(shared) >= largeBytes {
		if len(f.frame) > 0 {
			f.flush()
		}
		f.conn.sendLarge(head, shared)
		return
	}
	before := len(f.frame)
	f.frame = append(append(f.frame, head...), shared...)
	f.cut(before)
}

// cut sends what was there before the last message, if that is too much for one frame.
func (f *framer) cut(before int) {
	if len(f.frame) > frameBytes && before > 0 {
		f.conn.send(f.frame[:before])
		f.frame = append(f.frame[:0], f.frame[before:]...)
	}
}

// flush sends what was gathered.
func (f *framer) flush() {
	f.conn.send(f.frame)
	f.frame = f.frame[:0]
}
