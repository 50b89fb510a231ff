package disk

import (
	"fmt"
	"sync"

	"tandem/doc"
	"tandem/doc/disk/wal"
)

// tails are what the log has of documents and the database may not have yet: durable, and read together with the database (D2).
// The appender adds to them once a record is durable; the checkpointer takes away what the database has.
type tails struct {
	// Guarded by mu.
	mu     sync.Mutex
	docs   map[doc.ID]*tail
	logged wal.Position // everything before it that the log has is in the tails or the database
	bytes  int          // about, of all tails
}

// tail is the end of one document's history.
type tail struct {
	place   doc.Place                   // where history ends
	commits []doc.Commit                // up to there, without a gap; only appended to, and cut off at the front
	clients map[doc.ClientID]doc.Record // those that the commits change
	asked   bool                        // the database was found to have what comes before, since it was given some of it last
}

// tailOverhead is about what a commit takes in memory beside its bytes.
const tailOverhead = 160

// add takes in batches that are durable, which end in the log at a position.
func (t *tails) add(entries []*entry, end wal.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range entries {
		d := t.docs[e.prev.ID]
		if d == nil {
			d = &tail{clients: map[doc.ClientID]doc.Record{}}
			t.docs[e.prev.ID] = d
		}
		for i := range e.commits {
			c := &e.commits[i]
			d.clients[c.Client] = doc.Record{Seq: c.Seq, Rev: c.Rev, Digest: c.Digest}
			t.bytes += tailOverhead + len(c.Bytes)
		}
		d.commits = append(d.commits, e.commits...)
		d.place = e.last()
	}
	t.logged = end
}

// replay takes in a record of the log when that is opened, or checked.
func (t *tails) replay(_, end wal.Position, record []byte) error {
	entries, err := decodeRecord(record)
	if err != nil {
		return fmt.Errorf("%w: %w", wal.ErrCorrupt, err)
	}
	for _, e := range entries {
		if err := t.takeIn(e, end); err != nil {
			return fmt.Errorf("%w: %w", wal.ErrCorrupt, err)
		}
	}
	return nil
}

// takeIn takes in an entry of the log. What the database has of it already is left out when it is moved. An entry of another epoch takes
// the place of what is before it: the database had all of that when it gave the document the epoch. Any other one that does not follow is
// damage.
func (t *tails) takeIn(e *entry, end wal.Position) error {
	switch here := t.of(e.prev.ID).end; {
	case here.Rev == 0 || here == e.prev:
	case here.Epoch != e.prev.Epoch:
		t.drop(e.prev.ID, here.Rev)
	default:
		return fmt.Errorf("the log has revision %d of document %s behind revision %d", e.prev.Rev+1, e.prev.ID, here.Rev)
	}
	t.add([]*entry{e}, end)
	return nil
}

// of is what is there of a document now. What it lacks, the database has, if it is asked afterwards.
func (t *tails) of(id doc.ID) ahead {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.docs[id]
	if d == nil {
		return ahead{}
	}
	return ahead{commits: d.commits, end: d.place}
}

// has reports whether a revision is not in the database.
func (t *tails) has(id doc.ID, rev doc.Revision) bool {
	commits := t.of(id).commits
	return len(commits) > 0 && commits[0].Rev <= rev
}

// ahead is the end of a document's history, which is in the log only. The zero ahead: the database has everything.
type ahead struct {
	commits []doc.Commit // must not be changed
	end     doc.Place
}

// behind is what comes behind a head of the database that was read afterwards. There is a gap only where the database is damaged (fits).
func (a ahead) behind(h *head) []doc.Commit {
	if a.end.Rev <= h.rev || a.end.Epoch != h.epoch {
		return nil
	}
	return a.commits[max(0, h.rev+1-a.commits[0].Rev):]
}

// fits refuses what does not go on where the database ends.
func (a ahead) fits(h *head) error {
	commits := a.behind(h)
	if len(commits) == 0 {
		return nil
	}
	if first := commits[0].Rev; first > h.rev+1 {
		return damaged(h, h.rev+1, fmt.Errorf("the log goes on at revision %d, and the database ends at %d", first, h.rev))
	}
	if err := follows(h.place(), &commits[0]); err != nil {
		return damaged(h, h.rev+1, fmt.Errorf("the log: %w", err))
	}
	return nil
}

// place is where the document ends, of which the database says h.
func (a ahead) place(h *head) doc.Place {
	if len(a.behind(h)) == 0 {
		return h.place()
	}
	return a.end
}

// record is a client's last commit, where it is not in the database.
func (t *tails) record(id doc.ID, client doc.ClientID) (doc.Record, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if d := t.docs[id]; d != nil {
		r, ok := d.clients[client]
		return r, ok
	}
	return doc.Record{}, false
}

// asked reports whether a document's tail says all about an append: the database was asked since it was given some of the tail.
func (t *tails) asked(id doc.ID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.docs[id]
	return d != nil && d.asked
}

// noteAsked notes that the database was asked.
func (t *tails) noteAsked(id doc.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if d := t.docs[id]; d != nil {
		d.asked = true
	}
}

// drop takes away what the database has.
func (t *tails) drop(id doc.ID, upTo doc.Revision) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.docs[id]
	if d == nil {
		return
	}
	n := 0
	for n < len(d.commits) && d.commits[n].Rev <= upTo {
		t.bytes -= tailOverhead + len(d.commits[n].Bytes)
		n++
	}
	if n == len(d.commits) {
		delete(t.docs, id)
		return
	}
	d.commits, d.asked = d.commits[n:], false
	for client, r := range d.clients {
		if r.Rev <= upTo {
			delete(d.clients, client)
		}
	}
}

// cut is what a checkpoint has to move, so that the database has everything up to a position of the log.
func (t *tails) cut() (wal.Position, []doc.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ids := make([]doc.ID, 0, len(t.docs))
	for id := range t.docs {
		ids = append(ids, id)
	}
	return t.logged, ids
}

// renew notes that the log begins anew at a position.
func (t *tails) renew(at wal.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.logged = at
}

// size is about what the tails take in memory.
func (t *tails) size() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bytes
}
