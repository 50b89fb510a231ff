package server

import (
	"slices"

	"tandem/doc"
)

// A delivery is what a frame has of a session's commits: the stamps of the oldest.
type delivery struct {
	session *doc.Session
	oldest  doc.Stamps
}

// tells notes what goes into the frame.
func (f *framer) tells(session *doc.Session, oldest doc.Stamps) {
	known := func(d delivery) bool { return d.session == session }
	if oldest.Published != 0 && !slices.ContainsFunc(f.told, known) {
		f.told = append(f.told, delivery{session, oldest})
	}
}

// delivered notes that a frame was written, which was begun then.
func (f *framer) delivered(begun doc.Instant) {
	end, c := doc.Now(), f.conn
	for _, d := range f.told {
		c.server.metrics.delivered(d.oldest, end)
		if d.oldest.Read != 0 { // what waited for the frame before it waited for its own reader
			d.session.Delivered(begun.Since(d.oldest.Read) - max(0, c.free.Since(d.oldest.Published)))
		}
	}
	clear(f.told)
	f.told, c.free = f.told[:0], end
}
