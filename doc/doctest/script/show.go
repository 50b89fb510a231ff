package script

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
	"tandem/ot/ottest"
)

// showOp is an op as the vectors write it.
func showOp(op ot.Op) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(ottest.Shape(op)); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

// showHex is bytes without the zeros at their end; 0 where nothing is left.
func showHex(b []byte) string {
	if s := hex.EncodeToString(bytes.TrimRight(b, "\x00")); s != "" {
		return s
	}
	return "0"
}

// showPlace is document/epoch/revision/lineage.
func showPlace(p doc.Place, lineage int) string {
	return fmt.Sprintf("%s/%s/%d/%s", showHex(p.ID[:]), showHex(p.Epoch[:]), p.Rev, showHex(p.Lineage[:lineage]))
}

func showHeld(p *doc.Place) string {
	if p == nil {
		return "nothing"
	}
	return showPlace(*p, 2)
}

func (w *World) name(n doc.Name) string { return fmt.Sprintf("%s:%d", w.ids[n.Client], n.Seq) }

func (w *World) showServer() string {
	s := w.server
	if s.state == nil {
		return "server down"
	}
	v := s.state.View()
	line := fmt.Sprintf("server at %d", v.Place.Rev)
	if b := w.store.atStore; b == nil { // State's content is ahead of what is durable while a batch is at the store
		line += fmt.Sprintf(" %q", s.state.Content().String())
	} else {
		for _, c := range b.Commits {
			line += fmt.Sprintf(", at the store %d=%s", c.Rev, w.name(doc.Name{Client: c.Client, Seq: c.Seq}))
		}
	}
	if v.Base > 0 {
		line += fmt.Sprintf(", history from %d", v.Base)
	}
	if n := len(s.inbox.Opens) + len(s.inbox.Submissions) + len(s.inbox.Leaves); n > 0 {
		line += fmt.Sprintf(", %d waiting", n)
	}
	for _, n := range slices.Sorted(maps.Keys(s.sessions)) {
		line += fmt.Sprintf(", %s read %d", s.sessions[n].conn.name, s.sessions[n].cursor.Rev)
	}
	return line
}

func (w *World) showStore() string {
	s := w.store
	line := "store " + showPlace(s.head(), 2)
	if s.unsafe != nil {
		line += " UNSAFE"
	}
	if s.floor > 0 || s.recordsFloor > 0 {
		line += fmt.Sprintf(" floor %d records floor %d", s.floor, s.recordsFloor)
	}
	var records []string
	for client, r := range s.records {
		records = append(records, fmt.Sprintf("%s@%d", w.name(doc.Name{Client: client, Seq: r.Seq}), r.Rev))
	}
	slices.Sort(records)
	return line + " records [" + strings.Join(records, " ") + "]"
}

func (w *World) showPerson(p *person) string {
	if !p.pending.Ready() {
		return p.name + " has nothing"
	}
	line := fmt.Sprintf("%s %q at %s", p.name, p.pending.Content().String(), showHeld(p.pending.Held()))
	if out := p.pending.Outstanding(); out != nil {
		line += ", outstanding " + w.showSubmission(out)
	}
	if p.pending.Saved() {
		return line + ", saved"
	}
	return fmt.Sprintf("%s, %d unsaved", line, p.pending.Edits())
}

func (w *World) showSubmission(s *client.Submission) string {
	return fmt.Sprintf("%s on %d %s", w.name(s.Name), s.Base.Rev, showOp(s.Op))
}

func (w *World) showMessage(m *message) string {
	switch {
	case m.open != nil:
		line := "open, holding " + showHeld(m.open.held)
		if m.open.outstanding != nil {
			line += ", outstanding " + w.showSubmission(m.open.outstanding)
		}
		return line
	case m.submit != nil:
		return "submit " + w.showSubmission(m.submit)
	case m.opened != nil:
		return w.showOpened(m)
	case m.err != nil && m.seq > 0:
		return fmt.Sprintf("error for sequence %d: %s", m.seq, m.err)
	case m.err != nil:
		return "error: " + m.err.Error()
	case m.item == nil:
		line := "snapshot " + showOp(m.piece)
		if !m.last {
			line += ", more follows"
		}
		return line
	case m.item.Check != nil:
		return fmt.Sprintf("check of %d", m.item.Check.Rev)
	case m.item.Ack > 0:
		return fmt.Sprintf("ack of sequence %d at %s", m.item.Ack, showPlace(m.item.Place, 2))
	}
	op, err := ot.DecodeOp(m.item.Bytes, ot.StoredLimits)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("commits %d to %d %s", m.item.First, m.item.Place.Rev, showOp(op))
}

func (w *World) showOpened(m *message) string {
	o := m.opened
	line := fmt.Sprintf("opened at %s, outcome %s", showPlace(o.Place, 2), o.Outcome)
	if m.err != nil {
		line += fmt.Sprintf(" (%s)", m.err)
	}
	line += fmt.Sprintf(", last sequence %d", o.LastSeq)
	if o.Resume {
		return line + ", resume"
	}
	return line + ", snapshot"
}
