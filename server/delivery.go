package server

import (
	"slices"

	"tandem/doc"
)

// A delivery is what the frame that is being gathered has of a session's commits: the stamps of the oldest.
type delivery struct {
	session *doc.Session
	oldest  doc.Stamps
}

// deliveries are what is measured of a connection's frames. They are the writer's.
type deliveries struct {
	gathered []delivery  // in the frame that is written next
	free     doc.Instant // when the last frame had been written
}

// add notes what goes into the frame.
func (d *deliveries) add(session *doc.Session, oldest doc.Stamps) {
	known := func(g delivery) bool { return g.session == session }
	if oldest.Published != 0 && !slices.ContainsFunc(d.gathered, known) {
		d.gathered = append(d.gathered, delivery{session, oldest})
	}
}

// done is called when a frame was written, which began then.
func (d *deliveries) done(m *metrics, begun doc.Instant) {
	end := doc.Now()
	for _, g := range d.gathered {
		m.delivered(g.oldest, end)
		if g.oldest.Read != 0 {
			g.session.Delivered(begun.Since(g.oldest.Read) - max(0, d.free.Since(g.oldest.Published)))
		}
	}
	clear(d.gathered)
	d.gathered, d.free = d.gathered[:0], end
}
