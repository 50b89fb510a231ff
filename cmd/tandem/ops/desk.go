package ops

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"tandem/doc"
	"tandem/doc/disk"
)

// A Desk is where a command asks for things to be done to a directory.
type Desk struct {
	// Immutable after Open.
	dir    string
	remote bool
	client http.Client
	close  func() error
}

// Options say how a directory is used.
type Options struct {
	// Owner is who uses it, for the error that another process gets: "tandem compact".
	Owner string
	// Create makes a store where there is none.
	Create bool
	// Logger is for what the store reports; none by default.
	Logger *slog.Logger
}

// ErrNoStore is a directory without a store.
var ErrNoStore = errors.New("there is no tandem store")

// ErrIsFile is a file where a directory should be.
var ErrIsFile = errors.New("it is a file: name the data directory")

// markerFile is in every store.
const markerFile = "TANDEM"

// Open finds the server that runs on a directory, or opens the store there (P1). Its errors are one line that names the directory.
// A Desk has to be closed.
func Open(ctx context.Context, dir string, o Options) (*Desk, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	d, err := Reach(ctx, dir)
	if !errors.Is(err, ErrNobody) && !(o.Create && errors.Is(err, ErrNoStore)) {
		return d, err
	}
	store, err := disk.Open(dir, disk.Config{Owner: o.Owner, Logger: o.Logger, LockTimeout: -1})
	if err != nil {
		// A server may have begun to listen since.
		if d, again := Reach(ctx, dir); again == nil {
			return d, nil
		}
		return nil, err
	}
	return openLocal(dir, store, o.Logger), nil
}

// Reach connects to the server that runs on a directory. ErrNobody: none does. ErrNoStore: it is no data directory.
func Reach(ctx context.Context, dir string) (*Desk, error) {
	switch _, err := os.Stat(filepath.Join(dir, markerFile)); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, noStore(dir)
	case errors.Is(err, syscall.ENOTDIR):
		return nil, fmt.Errorf("%s: %w", dir, ErrIsFile)
	case err != nil:
		return nil, err
	}
	conn, err := dialControl(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	_ = conn.Close() // somebody listens; requests dial for themselves
	transport := &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dialControl(ctx, dir) },
		DisableKeepAlives: true,
	}
	return &Desk{dir: dir, remote: true, client: http.Client{Transport: transport}, close: func() error { return nil }}, nil
}

// noStore says what is there instead: serve makes a store where there is nothing, and nowhere else.
func noStore(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w, nor a directory: check the path", dir, ErrNoStore)
	case err == nil && len(entries) == 0:
		return fmt.Errorf("%s: %w, the directory is empty: check the path; tandem serve makes a store there", dir, ErrNoStore)
	case err == nil:
		return fmt.Errorf("%s: %w, it holds %q and no file %q: check the path", dir, ErrNoStore, entries[0].Name(), markerFile)
	}
	return fmt.Errorf("%s: %w, it has no file %q: check the path", dir, ErrNoStore, markerFile)
}

// openLocal is a Desk over a store of this process.
func openLocal(dir string, store *disk.Store, log *slog.Logger) *Desk {
	registry := doc.NewRegistry(store, doc.Config{Logger: log})
	pipe := newPipe()
	ctx, cancel := context.WithCancel(context.Background())
	server := newServer(ctx, New(dir, store, registry))
	server.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	served := make(chan struct{})
	go func() { // ends with Shutdown
		defer close(served)
		_ = server.Serve(pipe)
	}()
	transport := &http.Transport{DialContext: pipe.dial, DisableKeepAlives: true}
	return &Desk{
		dir: dir, client: http.Client{Transport: transport},
		close: func() error {
			cancel()
			err := server.Shutdown(context.Background()) // waits for what it has begun, which ctx has ended
			<-served
			return errors.Join(err, registry.Close(context.Background()), store.Close())
		},
	}
}

// Running reports whether a server runs on the directory.
func (d *Desk) Running() bool { return d.remote }

// Close closes the store, where this process has it.
func (d *Desk) Close() error { return d.close() }

// call makes a request, and reads its answer into out.
func (d *Desk) call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	answer, err := d.send(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil {
		return d.broken(ctx, err)
	}
	return nil
}

// send makes a request. An answer that is not good is an error.
func (d *Desk) send(ctx context.Context, method, path string, query url.Values, body io.Reader) (*http.Response, error) {
	at := url.URL{Scheme: "http", Host: "localhost", Path: path, RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, method, at.String(), body)
	if err != nil {
		return nil, err
	}
	answer, err := d.client.Do(request)
	if err != nil {
		return nil, d.broken(ctx, err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer, nil
	}
	defer answer.Body.Close()
	var p problem
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxProblem)).Decode(&p); err != nil || p.Error == "" {
		return nil, fmt.Errorf("the server that runs on %s does not know this command (%s): it is another version of tandem", d.dir, answer.Status)
	}
	return nil, p.err()
}

// broken is the error of a request that was not answered.
func (d *Desk) broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	if input, ok := errors.AsType[inputError](err); ok {
		return input
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the address in it is nobody's business
	}
	return fmt.Errorf("the server that runs on %s ended before it answered: %w", d.dir, err)
}

// inputError is that what is to be sent could not be read.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

// output notes why it could not be written to.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	o.err = err
	return n, err
}

// Backup writes a backup to a new file.
func (d *Desk) Backup(ctx context.Context, file string) (info disk.BackupInfo, err error) {
	if file, err = filepath.Abs(file); err != nil { // the server stands elsewhere
		return info, err
	}
	err = d.call(ctx, http.MethodPost, "/backup", nil, backupRequest{File: file}, &info)
	return info, err
}

// Compact gives the space that the database does not use back to the file system.
func (d *Desk) Compact(ctx context.Context) (c disk.Compacted, err error) {
	err = d.call(ctx, http.MethodPost, "/compact", nil, nil, &c)
	return c, err
}

// Copy makes a consistent copy of the database beside it. release removes it, and so does the end of this process.
func (d *Desk) Copy(ctx context.Context) (file string, release func(), err error) {
	held, hold := io.Pipe()
	answer, err := d.send(ctx, http.MethodPost, "/copy", nil, held)
	if err != nil {
		return "", nil, errors.Join(err, hold.Close())
	}
	release = func() {
		_ = hold.Close()
		_, _ = io.Copy(io.Discard, answer.Body) // until it is gone
		_ = answer.Body.Close()
	}
	var c copied
	if err := json.NewDecoder(answer.Body).Decode(&c); err != nil {
		release()
		return "", nil, d.broken(ctx, err)
	}
	return filepath.Join(d.dir, c.Name), release, nil
}

// Documents are the documents whose names come behind one, in the order of their names.
func (d *Desk) Documents(ctx context.Context, after string) (page []Document, err error) {
	err = d.call(ctx, http.MethodGet, "/documents", url.Values{"after": {after}}, nil, &page)
	return page, err
}

// Inspect is all that is known of a document.
func (d *Desk) Inspect(ctx context.Context, name string) (detail *Detail, err error) {
	err = d.call(ctx, http.MethodGet, "/document", url.Values{"name": {name}}, nil, &detail)
	return detail, err
}

// Export writes a document's content, or its history, to w.
func (d *Desk) Export(ctx context.Context, name string, format Format, w io.Writer) error {
	answer, err := d.send(ctx, http.MethodGet, "/export", url.Values{"name": {name}, "format": {string(format)}}, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	out := &output{w: w}
	switch _, err := io.Copy(out, answer.Body); {
	case out.err != nil:
		return fmt.Errorf("the output could not be written: %w", out.err)
	case err != nil:
		return d.broken(ctx, err)
	}
	if why := answer.Trailer.Get(errorTrailer); why != "" {
		return errors.New(why)
	}
	return nil
}

// Import makes a document of what r has: a text, or a history as Export writes it.
func (d *Desk) Import(ctx context.Context, name string, r io.Reader) (result Imported, err error) {
	// A request that is cancelled waits for its body, and a terminal may never say another word.
	body, from := io.Pipe()
	defer body.Close()
	defer context.AfterFunc(ctx, func() { _ = body.CloseWithError(context.Cause(ctx)) })()
	go func() { // ends with r, or when something comes from it after body was closed; else with the process
		_, err := io.Copy(from, r)
		if err != nil {
			err = inputError{fmt.Errorf("it could not be read: %w", err)}
		}
		_ = from.CloseWithError(err)
	}()
	answer, err := d.send(ctx, http.MethodPost, "/import", url.Values{"name": {name}}, body)
	if err != nil {
		return result, err
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&result); err != nil {
		return result, d.broken(ctx, err)
	}
	return result, nil
}

// Trim moves a document's floor up.
func (d *Desk) Trim(ctx context.Context, q TrimRequest) (t Trimmed, err error) {
	err = d.call(ctx, http.MethodPost, "/trim", nil, q, &t)
	return t, err
}

// Erase takes out of a document's past what was inserted and deleted again.
func (d *Desk) Erase(ctx context.Context, q EraseRequest) (e Erased, err error) {
	err = d.call(ctx, http.MethodPost, "/erase", nil, q, &e)
	return e, err
}

// Remove takes a document away.
func (d *Desk) Remove(ctx context.Context, q RemoveRequest) (r Removed, err error) {
	err = d.call(ctx, http.MethodPost, "/remove", nil, q, &r)
	return r, err
}
