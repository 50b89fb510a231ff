package server

import (
	"strings"

	"tandem/doc"
	"tandem/ot"
)

// apiDiff is what leads from one revision to another: the operation, and the same for people.
type apiDiff struct {
	Document string       `json:"document"`
	From     doc.Revision `json:"from"`
	To       doc.Revision `json:"to"`
	Op       ot.Op        `json:"op"`
	Changes  []apiChange  `json:"changes"`
}

// apiChange is what changed at one place. An embed shows as U+FFFC in a text.
type apiChange struct {
	Was        int            `json:"was"` // the offset in the content at from
	Now        int            `json:"now"` // and in that at to
	Deleted    string         `json:"deleted,omitempty"`
	Inserted   string         `json:"inserted,omitempty"`
	Text       string         `json:"text,omitempty"` // what got the attributes
	Attributes map[string]any `json:"attributes,omitempty"`
}

func (a *api) diff(c *call) (*reply, error) {
	info, err := a.archive.Info(c.Context(), c.name)
	if err != nil {
		return nil, err
	}
	from, err := c.revision("from", info.Floor)
	if err != nil {
		return nil, err
	}
	to, err := c.revision("to", info.Place.Rev)
	if err != nil {
		return nil, err
	}
	op, err := a.history.Diff(c.Context(), c.name, from, to)
	if err != nil {
		return nil, err
	}
	before, err := a.history.Content(c.Context(), c.name, from)
	if err != nil {
		return nil, err
	}
	if err := before.Content.Check(op); err != nil { // erased between the two
		return nil, doc.ErrUnavailable
	}
	return &reply{value: apiDiff{c.name, from, to, append(ot.Op{}, op...), changes(before.Content, op)}}, nil
}

// changes tells an operation on a content.
func changes(before *ot.Text, op ot.Op) []apiChange {
	out := []apiChange{}
	var deleted, inserted strings.Builder // at one place
	was, now := 0, 0
	for i, c := range op {
		switch c.Kind {
		case ot.Retain:
			if len(c.Attrs) > 0 {
				var kept strings.Builder
				writeText(&kept, before.Slice(was, was+c.N))
				out = append(out, apiChange{Was: was, Now: now, Text: kept.String(), Attributes: attributes(c.Attrs)})
			}
			was, now = was+c.N, now+c.N
			continue
		case ot.Delete:
			writeText(&deleted, before.Slice(was, was+c.N))
		case ot.Insert:
			writeText(&inserted, ot.Op{c})
		}
		if i == 0 || op[i-1].Kind == ot.Retain {
			out = append(out, apiChange{Was: was, Now: now})
		}
		if c.Kind == ot.Delete {
			was += c.N
		} else {
			now += c.N
		}
		if i+1 == len(op) || op[i+1].Kind == ot.Retain {
			last := &out[len(out)-1]
			last.Deleted, last.Inserted = deleted.String(), inserted.String()
			deleted.Reset()
			inserted.Reset()
		}
	}
	return out
}

// writeText writes the text of inserts.
func writeText(b *strings.Builder, content ot.Op) {
	for _, c := range content {
		if c.Embed != nil {
			b.WriteString("\uFFFC")
			continue
		}
		b.WriteString(c.Text)
	}
}

func attributes(attrs ot.Attrs) map[string]any {
	m := make(map[string]any, len(attrs))
	for _, a := range attrs {
		m[a.Key] = a.Value.Any()
	}
	return m
}
