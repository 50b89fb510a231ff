package ops

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"tandem/doc"
	"tandem/ot"
)

// Imported says what an import made.
type Imported struct {
	Document string       `json:"document"`
	Kind     string       `json:"kind"`
	Revision doc.Revision `json:"revision"`
	Units    int          `json:"units"`    // of the content, UTF-16 code units
	LineEnds int          `json:"lineEnds"` // CRLF and CR that became LF
}

// What can be wrong with an import.
var (
	ErrExists = errors.New("the document is there already")
	ErrFile   = errors.New("the file cannot be imported")
)

// importAuthor is the author of an imported text.
const importAuthor = "import"

// importDocument makes a document of a text, or of a history. What fails half-way is taken away again.
func (o *Office) importDocument(r *http.Request) (result Imported, err error) {
	defer func() {
		if err != nil && r.Context().Err() == nil {
			_, _ = io.Copy(io.Discard, r.Body) // the answer is read when all of the file was sent
		}
	}()
	ctx, name := r.Context(), r.URL.Query().Get("name")
	if err := doc.CheckName(name); err != nil {
		return result, err
	}
	if err := o.absent(ctx, name); err != nil { // before people who edit it are sent away
		return result, err
	}
	result.Document = name
	err = o.registry.Alone(ctx, name, func() error { // nobody sees the half of it
		if err := o.absent(ctx, name); err != nil {
			return err
		}
		file := bufio.NewReaderSize(r.Body, 64<<10)
		if begin, _ := file.Peek(len(historyBegin)); string(begin) == historyBegin {
			return o.importHistory(ctx, name, file, &result)
		}
		return o.importText(ctx, name, file, &result)
	})
	return result, err
}

// absent is an error where there is a document.
func (o *Office) absent(ctx context.Context, name string) error {
	_, err := o.store.Info(ctx, name)
	switch {
	case err == nil:
		return fmt.Errorf("%w: %q; choose another name, or remove that one first", ErrExists, name)
	case errors.Is(err, doc.ErrNotFound):
		return nil
	}
	return err
}

// A growth is a document that is being made, commit by commit, at the store: through a session it would have other times and
// authors. Nobody else has it (Alone), and each append has what went before as its condition.
type growth struct {
	store   doc.Archive
	content *ot.Text
	kind    doc.Kind
	place   doc.Place // with what waits
	durable doc.Place
	client  doc.ClientID
	waits   []doc.Commit
	size    int // of waits, in bytes
}

// A batch of an import is at most about so large.
const (
	importCommits = 1000
	importBytes   = 256 << 10
)

// grow begins a document.
func (o *Office) grow(ctx context.Context, name string, kind doc.Kind) (*growth, error) {
	stored, err := o.store.Load(ctx, name, kind)
	if err != nil {
		return nil, err
	}
	g := &growth{store: o.store, content: ot.NewText(), kind: kind, place: stored.Place(), durable: stored.Place()}
	_, _ = rand.Read(g.client[:]) // it never fails
	return g, nil
}

// commit adds an operation.
func (g *growth) commit(ctx context.Context, op ot.Op, at time.Time, author string) error {
	if err := doc.CheckKeys(op); err != nil {
		return err
	}
	if g.kind == doc.Text {
		if err := op.CheckPlain(); err != nil {
			return err
		}
	}
	if size := g.content.Len() + op.TargetLen() - op.BaseLen(); size > ot.MaxDocument {
		return fmt.Errorf("%w: it has %d code units, at most %d are allowed", doc.ErrTooLarge, size, ot.MaxDocument)
	}
	if err := g.content.Apply(op); err != nil {
		return err
	}
	c := doc.Commit{
		Rev: g.place.Rev + 1, Client: g.client, Seq: doc.Seq(g.place.Rev + 1), Time: at.UnixMilli(), Author: author, Bytes: ot.AppendOp(nil, op),
	}
	c.Lineage = g.place.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
	g.place.Rev, g.place.Lineage = c.Rev, c.Lineage
	g.waits = append(g.waits, c)
	if g.size += len(c.Bytes); g.size < importBytes && len(g.waits) < importCommits {
		return nil
	}
	return g.flush(ctx)
}

// flush makes durable what waits.
func (g *growth) flush(ctx context.Context) error {
	if len(g.waits) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	done := make(chan error, 1)
	g.store.Append(&doc.Batch{Prev: g.durable, Commits: g.waits}, func(err error) { done <- err })
	if err := <-done; err != nil { // what is handed over is not called back
		return fmt.Errorf("revision %d: %w", g.durable.Rev+1, err)
	}
	g.durable, g.waits, g.size = g.place, nil, 0
	return nil
}

// finish makes the rest durable, and a snapshot of it, so that the document loads at once.
func (g *growth) finish(ctx context.Context) error {
	if err := g.flush(ctx); err != nil {
		return err
	}
	done := make(chan error, 1)
	content := g.content.Snapshot()
	g.store.Save(&doc.Snapshot{Place: g.place, Content: content, Hash: content.Hash()}, func(err error) { done <- err })
	return <-done
}

// patience is how long what has to be done after a failed import may take.
const patience = 10 * time.Second

// abandon takes away what was made. It is called with the reason, and returns it.
func (g *growth) abandon(why error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := g.store.Remove(ctx, g.durable); err != nil {
		left := fmt.Errorf("%w; what was made of it is still there, up to revision %d: take it away with tandem remove", why, g.durable.Rev)
		if errors.Is(why, doc.ErrNoSpace) && errors.Is(err, doc.ErrNoSpace) { // it is said once
			return left
		}
		return fmt.Errorf("%w (it could not be: %w)", left, err)
	}
	return why
}

// importSlice is how much text one operation of an import inserts, in bytes of UTF-8: within ot.DefaultLimits.
const importSlice = 64 << 10

// importText makes a document of a text.
func (o *Office) importText(ctx context.Context, name string, file io.Reader, result *Imported) (err error) {
	g, err := o.grow(ctx, name, doc.Text)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = g.abandon(err)
		}
	}()
	lines := lineReader{r: file}
	for {
		text, err := lines.next()
		if err != nil {
			return err
		}
		if text == "" {
			break
		}
		var b ot.Builder
		b.Retain(g.content.Len(), nil)
		b.InsertText(text, nil)
		if err := g.commit(ctx, b.Op(), time.Now(), importAuthor); err != nil {
			return err
		}
	}
	result.Kind, result.LineEnds = doc.Text.String(), lines.changed
	result.Revision, result.Units = g.place.Rev, g.content.Len()
	return g.finish(ctx)
}

// lineReader reads a text in slices, with lines that end with LF.
type lineReader struct {
	r       io.Reader
	kept    []byte // of the last read: the beginning of a character, or a CR whose LF may follow
	offset  int64  // of kept in the file
	ended   bool
	changed int
}

// next is the next slice; empty: there is no more.
func (l *lineReader) next() (string, error) {
	for !l.ended {
		buf := make([]byte, importSlice)
		n, err := io.ReadFull(l.r, buf[copy(buf, l.kept):])
		buf = buf[:len(l.kept)+n]
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			l.ended = true
		case err != nil:
			return "", err
		}
		whole := len(buf)
		if !l.ended {
			whole -= unfinished(buf)
		}
		if bad := invalid(buf[:whole]); bad >= 0 {
			return "", fmt.Errorf("%w: it is not UTF-8: the byte %#02x at offset %d; convert it first", ErrFile, buf[bad], l.offset+int64(bad))
		}
		l.offset += int64(whole)
		l.kept = bytes.Clone(buf[whole:])
		text := bytes.ReplaceAll(buf[:whole], []byte("\r\n"), []byte("\n"))
		l.changed += whole - len(text) + bytes.Count(text, []byte("\r"))
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
		if len(text) > 0 {
			return string(text), nil
		}
	}
	return "", nil
}
