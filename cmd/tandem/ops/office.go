package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tandem/doc"
	"tandem/doc/disk"
)

// Office carries out what a Desk asks, where the store is open.
type Office struct {
	// Immutable.
	dir      string
	store    *disk.Store
	registry *doc.Registry
	mux      *http.ServeMux

	copying chan struct{} // has room for one: there is one copy of the database at a time
}

// New is the Office of an open store, whose documents are run by registry. What a copy of before left is removed.
func New(dir string, store *disk.Store, registry *doc.Registry) *Office {
	o := &Office{dir: dir, store: store, registry: registry, mux: http.NewServeMux(), copying: make(chan struct{}, 1)}
	_ = os.Remove(filepath.Join(dir, copyName)) // mostly, there is none
	o.mux.HandleFunc("POST /backup", answer(o.backup))
	o.mux.HandleFunc("POST /compact", answer(o.compact))
	o.mux.HandleFunc("POST /copy", o.copy)
	o.mux.HandleFunc("GET /documents", answer(o.documents))
	o.mux.HandleFunc("GET /document", answer(o.document))
	o.mux.HandleFunc("GET /export", o.export)
	o.mux.HandleFunc("POST /import", answer(o.importDocument))
	o.mux.HandleFunc("POST /trim", answer(o.trim))
	o.mux.HandleFunc("POST /erase", answer(o.erase))
	o.mux.HandleFunc("POST /remove", answer(o.remove))
	return o
}

// ServeHTTP answers a Desk.
func (o *Office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Where the process stops, nobody waits for a body any more: the file may be a terminal.
	control := http.NewResponseController(w)
	defer context.AfterFunc(r.Context(), func() { _ = control.SetReadDeadline(time.Now()) })()
	o.mux.ServeHTTP(w, r)
}

// problem is an answer that is not good.
type problem struct {
	Error string `json:"error"`
	Kind  string `json:"kind,omitempty"` // of kinds
}

// maxProblem bounds what is read of one, in bytes.
const maxProblem = 64 << 10

// kinds are the errors that a command tells apart: the first that fits.
var kinds = []struct {
	name string
	err  error
}{
	{"not found", doc.ErrNotFound},
	{"exists", ErrExists},
	{"damaged", doc.ErrDamaged},
	{"no space", doc.ErrNoSpace}, // which makes a store unavailable, too
	{"unavailable", doc.ErrUnavailable},
	{"name", doc.ErrName},
	{"file", ErrFile},
	{"revision", doc.ErrRevision},
	{"trimmed", doc.ErrTrimmed},
}

// err is the error of a problem, as it was on the other side.
func (p problem) err() error {
	e := &remoteError{text: p.Error}
	for _, k := range kinds {
		if k.name == p.Kind {
			e.kind = k.err
		}
	}
	return e
}

// remoteError is an error of an Office.
type remoteError struct {
	text string
	kind error // nil: none that is told apart
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.kind }

// answer answers with what do returns.
func answer[T any](do func(r *http.Request) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		result, err := do(r)
		if err != nil {
			refuse(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(result) // the Desk notices an answer that is cut
	}
}

func refuse(w http.ResponseWriter, err error) {
	p := problem{Error: oneLine(err)}
	if errors.Is(err, context.Canceled) { // whoever asked has gone, or else this process is about to
		p.Error = "the server is stopping: ask again when it runs, or when it has stopped"
	}
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			p.Kind = k.name
			break
		}
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusUnprocessableEntity)
	_ = json.NewEncoder(w).Encode(p)
}

// oneLine is an error as one line.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

type backupRequest struct {
	File string `json:"file"` // absolute
}

func (o *Office) backup(r *http.Request) (disk.BackupInfo, error) {
	var q backupRequest
	if err := read(r, &q); err != nil {
		return disk.BackupInfo{}, err
	}
	return o.store.Backup(r.Context(), q.File)
}

func (o *Office) compact(r *http.Request) (disk.Compacted, error) {
	return o.store.Compact(r.Context())
}

// copyName is the copy of the database that is checked. It stands beside the database, where there is space for one of its size
// whenever the store makes itself safe.
const copyName = "tandem.db.check"

type copied struct {
	Name string `json:"name"` // in the data directory
}

// copy makes a copy that lives as long as the request's body comes: the Desk ends it, or its process does (P3). The answer ends when the
// copy is gone.
func (o *Office) copy(w http.ResponseWriter, r *http.Request) {
	select {
	case o.copying <- struct{}{}:
		defer func() { <-o.copying }()
	default:
		refuse(w, errors.New("another check is under way: wait until it has ended"))
		return
	}
	path := filepath.Join(o.dir, copyName)
	defer os.Remove(path)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		refuse(w, err)
		return
	}
	if err := o.store.Copy(r.Context(), path); err != nil {
		refuse(w, err)
		return
	}
	control := http.NewResponseController(w)
	_ = control.EnableFullDuplex()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(copied{copyName}) // a Desk that is gone has ended the body
	_ = control.Flush()
	_, _ = io.Copy(io.Discard, r.Body)
}

// errorTrailer says, behind an answer that has begun, why it is not whole.
const errorTrailer = "Tandem-Error"

// export streams. An error before the first byte is an answer like any other, one after it comes in the trailer.
func (o *Office) export(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	w.Header().Set("Trailer", errorTrailer)
	out := &counting{w: w}
	if err := o.write(r.Context(), out, q.Get("name"), Format(q.Get("format"))); err != nil {
		if !out.begun {
			w.Header().Del("Trailer")
			refuse(w, err)
			return
		}
		w.Header().Set(errorTrailer, oneLine(err))
	}
}

// counting notes whether anything was written.
type counting struct {
	w     io.Writer
	begun bool
}

func (c *counting) Write(p []byte) (int, error) {
	c.begun = true
	return c.w.Write(p)
}

// write writes a document in a format.
func (o *Office) write(ctx context.Context, w io.Writer, name string, format Format) error {
	switch format {
	case TextFormat:
		return o.writeText(ctx, w, name)
	case HistoryFormat:
		return o.writeHistory(ctx, w, name)
	}
	return fmt.Errorf("format %q: it is %s or %s", format, TextFormat, HistoryFormat)
}
