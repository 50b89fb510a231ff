package ops

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"tandem/doc"
	"tandem/ot"
)

// Format is how a document is exported.
type Format string

// The formats.
const (
	// TextFormat is the newest content as UTF-8, without attributes; an embed shows as U+FFFC.
	TextFormat Format = "text"
	// HistoryFormat is the history in lines of JSON, which Import reads back:
	//
	//	{"format":"tandem-history","version":1,"document":"notes/today","kind":"text","created":"…","floor":3,"revision":5}
	//	{"base":[["Hello","\u0000by","Ann"]]}
	//	{"rev":4,"time":"2026-11-23T10:00:00.123Z","author":"Ben","op":[5," there"]}
	//	{"rev":5,"time":"2026-11-23T10:00:01.456Z","author":"Ann","op":[-1,"h"]}
	//
	// The first line says what it is, and up to which revision it goes: a file that was cut ends before. Where history begins behind
	// revision 0, at the floor, the second has the content there, each piece with its author where that is known, under the key NUL
	// "by". Then each commit has a line: its revision, when the server took it, who made it as others saw it, and the operation in
	// the notation of package ot, with lengths in UTF-16 code units. Who is not known has no author.
	HistoryFormat Format = "jsonl"
)

// historyFormat and historyVersion begin each history.
const (
	historyFormat  = "tandem-history"
	historyVersion = 1
)

// historyHeader is the first line.
type historyHeader struct {
	Format   string       `json:"format"`
	Version  int          `json:"version"`
	Document string       `json:"document"`
	Kind     string       `json:"kind"`
	Created  time.Time    `json:"created"`
	Floor    doc.Revision `json:"floor"`
	Revision doc.Revision `json:"revision"`
}

// historyBase is the second line, where the floor is above 0.
type historyBase struct {
	Base ot.Op `json:"base"`
}

// historyCommit is each line behind that.
type historyCommit struct {
	Rev    doc.Revision `json:"rev"`
	Time   time.Time    `json:"time"`
	Author string       `json:"author,omitempty"`
	Op     ot.Op        `json:"op"`
}

// exportRead is how much of the log is read at once, in bytes.
const exportRead = 256 << 10

func (o *Office) writeText(ctx context.Context, w io.Writer, name string) error {
	_, content, err := o.content(ctx, name)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	for piece := range content.Snapshot().Pieces(exportRead) {
		for _, c := range piece {
			text := c.Text
			if c.Embed != nil {
				text = "\uFFFC"
			}
			if _, err := out.WriteString(text); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

func (o *Office) writeHistory(ctx context.Context, w io.Writer, name string) error {
	info, base, err := o.base(ctx, name)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(w)
	out := json.NewEncoder(buffered)
	out.SetEscapeHTML(false)
	if err := out.Encode(historyHeader{
		historyFormat, historyVersion, name, info.Kind.String(), moment(info.Created), info.Floor, info.Place.Rev,
	}); err != nil {
		return err
	}
	if info.Floor > 0 {
		if err := out.Encode(historyBase{base.Content()}); err != nil {
			return err
		}
	}
	for next := info.Floor + 1; next <= info.Place.Rev; {
		commits, err := o.store.Read(ctx, info.Place.ID, next, info.Place.Rev, exportRead)
		if err != nil {
			return err
		}
		for _, c := range commits {
			op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
			if err != nil {
				return fmt.Errorf("%w: %q, revision %d: %w", doc.ErrDamaged, name, c.Rev, err)
			}
			if err := out.Encode(historyCommit{c.Rev, moment(c.Time), c.Author, op}); err != nil {
				return err
			}
		}
		next += doc.Revision(len(commits))
	}
	return buffered.Flush()
}

// base is what is known of a document, and its content at the floor that is named there.
func (o *Office) base(ctx context.Context, name string) (*doc.Info, *ot.Text, error) {
	info, err := o.store.Info(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	for {
		base, err := o.store.Base(ctx, info.Place.ID)
		if err != nil {
			return nil, nil, err
		}
		again, err := o.store.Info(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		if again.Floor == info.Floor && again.Place.Epoch == info.Place.Epoch {
			return info, base, nil
		}
		info = again // the floor has moved meanwhile; it seldom does
	}
}
