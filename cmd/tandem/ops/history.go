package ops

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"tandem/doc"
	"tandem/ot"
)

// historyBegin is how each history begins, and no text that somebody would import as one.
const historyBegin = `{"format":"` + historyFormat + `"`

// maxLine is the longest line of a history, in bytes: a base as large as a document may be, each character escaped.
const maxLine = 128 << 20

// importHistory makes a document of a history, with its revisions, times and authors.
func (o *Office) importHistory(ctx context.Context, name string, file *bufio.Reader, result *Imported) (err error) {
	lines := jsonLines{r: file}
	var h historyHeader
	if err := lines.next(&h); err != nil {
		return err
	}
	kind, err := h.check()
	if err != nil {
		return lines.wrong(err)
	}
	g, err := o.grow(ctx, name, kind)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = g.abandon(err)
		}
	}()
	var floor *doc.Trimming
	if h.Floor > 0 {
		var b historyBase
		if err := lines.next(&b); err != nil {
			return err
		}
		if floor, err = g.begin(ctx, h, b.Base); err != nil {
			return lines.wrong(err)
		}
	}
	for g.place.Rev < h.Revision {
		var c historyCommit
		if err := lines.next(&c); err != nil {
			return err
		}
		if err := c.check(g.place.Rev + 1); err != nil {
			return lines.wrong(err)
		}
		if err := g.commit(ctx, c.Op, c.Time, c.Author); err != nil {
			return lines.wrong(err)
		}
	}
	if err := lines.end(); err != nil {
		return err
	}
	if err := g.finish(ctx); err != nil {
		return err
	}
	result.Kind, result.Revision, result.Units = kind.String(), g.place.Rev, g.content.Len()
	if floor != nil {
		return o.store.Trim(ctx, floor)
	}
	return nil
}

func (h *historyHeader) check() (doc.Kind, error) {
	switch {
	case h.Version != historyVersion:
		return 0, fmt.Errorf("the version is %d, and this program knows %d; use a newer version of tandem", h.Version, historyVersion)
	case h.Floor < 0 || h.Revision < h.Floor:
		return 0, fmt.Errorf("the floor is %d and the revision %d", h.Floor, h.Revision)
	}
	return doc.ParseKind(h.Kind)
}

func (c *historyCommit) check(rev doc.Revision) error {
	switch {
	case c.Rev != rev:
		return fmt.Errorf("revision %d stands where %d should", c.Rev, rev)
	case c.Op == nil:
		return fmt.Errorf("revision %d has no op", rev)
	case c.Time.UnixMilli() < 0: // as has what is missing
		return fmt.Errorf("revision %d has no time after 1970", rev)
	case len(c.Author) > doc.MaxAuthor || !utf8.ValidString(c.Author):
		return fmt.Errorf("revision %d: its author has %d bytes, at most %d are allowed", rev, len(c.Author), doc.MaxAuthor)
	}
	return nil
}

// begin makes the content at the floor, over as many revisions as there were, and says how to trim them away again.
func (g *growth) begin(ctx context.Context, h historyHeader, labelled ot.Op) (*doc.Trimming, error) {
	base, err := ot.TextOf(labelled)
	if err != nil {
		return nil, err
	}
	content, err := ot.TextOf(doc.Strip(labelled))
	if err != nil {
		return nil, err
	}
	// Slices of a size that the revisions suffice for; where one would split a surrogate pair it is one unit shorter.
	slices := max(1, min(int(h.Floor), 2*content.Len()/importSlice))
	each := content.Len()/slices + 2
	for from := 0; g.place.Rev < h.Floor; {
		var b ot.Builder
		to := min(from+each, content.Len())
		if content.Splits(to) {
			to--
		}
		b.Retain(from, nil)
		for _, c := range content.Slice(from, to) {
			b.Push(c)
		}
		if err := g.commit(ctx, b.Op(), h.Created, ""); err != nil {
			return nil, err
		}
		from = to
	}
	if g.content.Len() != content.Len() {
		return nil, errors.New("the base does not fit into the revisions before it")
	}
	return &doc.Trimming{Floor: g.place, Base: base}, nil
}

// jsonLines reads values, one a line.
type jsonLines struct {
	r    *bufio.Reader
	line int
}

// next reads the next line into v.
func (l *jsonLines) next(v any) error {
	text, err := l.read()
	if err != nil {
		return err
	}
	if len(text) == 0 {
		return fmt.Errorf("%w: it ends behind line %d, before the revision that it names: it was cut", ErrFile, l.line)
	}
	l.line++
	if err := json.Unmarshal(text, v); err != nil {
		return l.wrong(err)
	}
	return nil
}

// read is the next line with something in it; none: the file has ended.
func (l *jsonLines) read() ([]byte, error) {
	var text []byte
	for {
		part, err := l.r.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case len(text) > maxLine:
			return nil, fmt.Errorf("%w: line %d has more than %d bytes", ErrFile, l.line+1, maxLine)
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		default:
			return bytes.TrimSpace(text), nil
		}
	}
}

// end refuses what comes behind the last revision.
func (l *jsonLines) end() error {
	text, err := l.read()
	if err == nil && len(text) > 0 {
		err = fmt.Errorf("%w: line %d comes behind the revision that it names as its last", ErrFile, l.line+1)
	}
	return err
}

// wrong says in which line something is wrong.
func (l *jsonLines) wrong(err error) error {
	return fmt.Errorf("%w: line %d: %w", ErrFile, l.line, err)
}
