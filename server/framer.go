package server

import (
	"time"

	"tandem/doc"
	"tandem/server/wire"
)

// A framer gathers messages for a connection in a frame, and sends one that is full. It belongs to a writer, and keeps its room from
// one connection to the next.
type framer struct {
	conn  *conn
	frame []byte
	items []doc.Item // room for what is read of a session
	told  []delivery // in the frame
}

// keptFrame is up to how large a frame's buffer is kept while its writer waits. Larger frames are rare.
const keptFrame = 8 << 10

// rest keeps some room, and nothing of a connection or a document. What was read or told before was cleared after its use.
func (f *framer) rest() {
	clear(f.items)
	clear(f.told)
	kept := framer{frame: f.frame[:0], items: f.items[:0], told: f.told[:0]}
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

// commits adds single commits of a burst, encoded once for all readers. A large one is sent from there: each reader that does not read
// would hold a copy.
func (f *framer) commits(channel wire.Channel, commits []*doc.Committed) {
	b := commits[0].Burst
	if b == nil {
		for _, c := range commits {
			f.add(commitMessage(channel, c))
		}
		return
	}
	shared := b.Memo(shareCommits).(*wire.SharedCommits)
	from := int(commits[0].Rev - b.Commits[0].Rev)
	if len(b.Commits) == 1 && len(commits[0].Bytes) >= largeBytes {
		if len(f.frame) > 0 {
			f.flush()
		}
		f.sendLarge(shared.Parts(channel, from))
		return
	}
	before := len(f.frame)
	f.frame = shared.Append(f.frame, channel, from, from+len(commits))
	f.cut(before)
}

// shareCommits encodes a burst for all readers.
func shareCommits(b *doc.Burst) any {
	size := 0
	for _, c := range b.Commits {
		size += commitRoom + len(c.Bytes)
	}
	shared := wire.NewSharedCommits(len(b.Commits), size)
	for _, c := range b.Commits {
		shared.Add(commitMessage(0, c))
	}
	return shared
}

// commitRoom is room for all of a commit's message but its operation.
const commitRoom = 48

func commitMessage(channel wire.Channel, c *doc.Committed) wire.Commits {
	m := wire.Commits{Channel: channel, First: c.Rev, Count: 1, OpBytes: c.Bytes, Lineage: wire.Some(c.Lineage)}
	if c.Session > 0 {
		m.Session = wire.Some(c.Session)
		if c.Caret >= 0 {
			m.Caret = wire.Some(c.Caret)
		}
	}
	return m
}

// cut sends what was there before the last message, if that is too much for one frame.
func (f *framer) cut(before int) {
	if len(f.frame) > frameBytes && before > 0 {
		f.send(f.frame[:before])
		f.frame = append(f.frame[:0], f.frame[before:]...)
	}
}

// flush sends what was gathered.
func (f *framer) flush() {
	f.send(f.frame)
	f.frame = f.frame[:0]
}

// send writes a frame.
func (f *framer) send(frame []byte) {
	begun := time.Now()
	f.sent(begun, len(frame), f.conn.transmit(begun, frame))
}

// sendLarge writes a message of two parts, of which the second is not copied.
func (f *framer) sendLarge(head, body []byte) {
	begun := time.Now()
	f.sent(begun, len(head)+len(body), f.conn.transmitParts(begun, head, body))
}

// sent notes that so many bytes were written, from when on.
func (f *framer) sent(begun time.Time, n int, err error) {
	if err != nil {
		clear(f.told)
		f.told = f.told[:0]
		f.conn.undelivered(err)
		return
	}
	f.conn.server.metrics.sent(n)
	f.delivered(doc.At(begun))
}
