package ops

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"tandem/doc"
)

// TrimRequest is how much of a document's past to keep.
type TrimRequest struct {
	Document string `json:"document"`
	Commits  int    `json:"commits"` // the newest ones
}

// Trimmed is where a document's floor was, and is.
type Trimmed struct {
	Before doc.Revision `json:"before"`
	Floor  doc.Revision `json:"floor"`
}

// EraseRequest names the commits after From up to To.
type EraseRequest struct {
	Document string       `json:"document"`
	From     doc.Revision `json:"from"`
	To       doc.Revision `json:"to"`
}

// Erased says how many UTF-16 code units are in no file of the store any more.
type Erased struct {
	Units int `json:"units"`
}

// RemoveRequest names a document.
type RemoveRequest struct {
	Document string `json:"document"`
}

// Removed is where a document ended that is gone.
type Removed struct {
	Revision doc.Revision `json:"revision"`
}

// read reads a request.
func read(r *http.Request, q any) error {
	if err := json.NewDecoder(io.LimitReader(r.Body, maxProblem)).Decode(q); err != nil {
		return fmt.Errorf("bad request: %w", err)
	}
	return nil
}

func (o *Office) trim(r *http.Request) (t Trimmed, err error) {
	var q TrimRequest
	if err := read(r, &q); err != nil {
		return t, err
	}
	info, err := o.store.Info(r.Context(), q.Document)
	if err != nil {
		return t, err
	}
	t.Before = info.Floor
	if err := o.snapshot(r.Context(), info, q.Commits); err != nil {
		return t, err
	}
	t.Floor, err = o.registry.History().Trim(r.Context(), q.Document, doc.Retention{MaxCommits: q.Commits})
	return t, err
}

// snapshot makes a snapshot where the newest would keep the floor from moving as far as is asked for.
func (o *Office) snapshot(ctx context.Context, info *doc.Info, keep int) error {
	if info.SnapshotRev >= info.Place.Rev-doc.Revision(keep) {
		return nil
	}
	stored, content, err := o.content(ctx, info.Name)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	shared := content.Snapshot()
	o.store.Save(&doc.Snapshot{Place: stored.Place(), Content: shared, Hash: shared.Hash()}, func(err error) { done <- err })
	return <-done
}

func (o *Office) erase(r *http.Request) (e Erased, err error) {
	var q EraseRequest
	if err := read(r, &q); err != nil {
		return e, err
	}
	if q.From < 0 || q.To < 0 { // negative ones mean something else to a History
		return e, fmt.Errorf("%w: %d to %d", doc.ErrRevision, q.From, q.To)
	}
	e.Units, err = o.registry.History().Erase(r.Context(), q.Document, q.From, q.To)
	return e, err
}

func (o *Office) remove(r *http.Request) (d Removed, err error) {
	var q RemoveRequest
	if err := read(r, &q); err != nil {
		return d, err
	}
	info, err := o.store.Info(r.Context(), q.Document)
	if err != nil {
		return d, err
	}
	d.Revision = info.Place.Rev
	return d, o.registry.History().Remove(r.Context(), q.Document)
}
