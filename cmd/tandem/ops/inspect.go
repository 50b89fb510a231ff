package ops

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"tandem/doc"
	"tandem/ot"
)

// Document is what a list says of a document.
type Document struct {
	Name     string       `json:"name"`
	Kind     string       `json:"kind"`
	Revision doc.Revision `json:"revision"`
	Floor    doc.Revision `json:"floor"`
	History  int64        `json:"historyBytes"` // what its operations above the floor take, about
	Created  time.Time    `json:"created"`
	Changed  time.Time    `json:"changed"` // the last commit's time; where that is below the floor, Created
	Problem  string       `json:"problem,omitempty"`
}

// Detail is all that is known of a document.
type Detail struct {
	Document
	ID           string       `json:"id"`
	Epoch        string       `json:"epoch"`
	Lineage      string       `json:"lineage"`
	Units        int          `json:"units"` // of the content, UTF-16 code units
	Bytes        int          `json:"bytes"` // of its text, UTF-8
	SnapshotRev  doc.Revision `json:"snapshotRevision"`
	Records      int          `json:"clientRecords"`
	RecordsFloor doc.Revision `json:"recordsFloor"`
	Versions     []Version    `json:"versions"`
}

// Version is a revision with a name.
type Version struct {
	Rev    doc.Revision `json:"rev"`
	Name   string       `json:"name"`
	Author string       `json:"author"`
	Time   time.Time    `json:"time"`
}

// pageSize is how many documents one answer lists.
const pageSize = 500

func (o *Office) documents(r *http.Request) ([]Document, error) {
	names, err := o.store.Names(r.Context(), r.URL.Query().Get("after"), pageSize)
	if err != nil {
		return nil, err
	}
	page := make([]Document, 0, len(names))
	for _, name := range names {
		info, err := o.store.Info(r.Context(), name)
		if r.Context().Err() != nil {
			return nil, err
		}
		if err != nil { // one that is damaged does not hide the others
			page = append(page, Document{Name: name, Problem: oneLine(err)})
			continue
		}
		d, err := o.summary(r.Context(), info)
		if err != nil {
			d.Problem = oneLine(err)
		}
		page = append(page, d)
	}
	return page, nil
}

// summary is what the list says.
func (o *Office) summary(ctx context.Context, info *doc.Info) (Document, error) {
	d := Document{
		Name: info.Name, Kind: info.Kind.String(), Revision: info.Place.Rev, Floor: info.Floor, History: info.HistoryBytes,
		Created: moment(info.Created), Changed: moment(info.Created),
	}
	if info.Place.Rev <= info.Floor {
		return d, nil
	}
	last, err := o.store.Read(ctx, info.Place.ID, info.Place.Rev, info.Place.Rev, 1)
	if err != nil {
		return d, err
	}
	d.Changed = moment(last[0].Time)
	return d, nil
}

func (o *Office) document(r *http.Request) (*Detail, error) {
	ctx, name := r.Context(), r.URL.Query().Get("name")
	info, err := o.store.Info(ctx, name)
	if err != nil {
		return nil, err
	}
	d := &Detail{
		ID: info.Place.ID.String(), Epoch: info.Place.Epoch.String(), Lineage: info.Place.Lineage.String(),
		SnapshotRev: info.SnapshotRev, Records: info.Clients, RecordsFloor: info.RecordsFloor,
	}
	if d.Document, err = o.summary(ctx, info); err != nil {
		return nil, err
	}
	versions, err := o.store.Versions(ctx, info.Place.ID)
	if err != nil {
		return nil, err
	}
	d.Versions = make([]Version, len(versions))
	for i, v := range versions {
		d.Versions[i] = Version{v.Rev, v.Name, v.Author, moment(v.Time)}
	}
	_, content, err := o.content(ctx, name)
	if err != nil {
		return nil, err
	}
	d.Units, d.Bytes = content.Len(), content.Size()
	return d, nil
}

// content is a document's durable content.
func (o *Office) content(ctx context.Context, name string) (*doc.Stored, *ot.Text, error) {
	stored, err := o.store.Load(ctx, name, 0)
	if err != nil {
		return nil, nil, err
	}
	text := stored.Snapshot.Content
	for _, c := range stored.Commits {
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		if err == nil {
			err = text.Apply(op)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %q, revision %d: %w", doc.ErrDamaged, name, c.Rev, err)
		}
	}
	return stored, text, nil
}

// moment is a time as stored, in milliseconds since 1970 UTC.
func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
