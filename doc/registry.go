package doc

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// A Registry has the documents that are in memory, by name. Loading, live and unloading are states of one entry: an entry is
// in the map from before its load until after its document's goroutine has ended.
type Registry struct {
	// Immutable after New.
	store    Store
	composer *composer
	history  *History
	cfg      Config
	// Ends the loads that are under way, and the retention pass.
	ctx       context.Context
	cancel    context.CancelFunc
	retaining sync.WaitGroup // the retention pass

	// Guarded by mu.
	mu      sync.Mutex
	entries map[string]*entry
	closed  bool
}

// entry is one document in memory, or on its way there.
type entry struct {
	kind   Kind          // as the first to open it asked for
	loaded chan struct{} // closed when doc or err is set
	doc    *Document
	err    error
	gone   chan struct{} // closed when the entry has left the map
	held   bool          // it keeps the document out of memory (hold.go), and has neither doc nor err

	// Guarded by Registry.mu.
	next *entry // takes its place in the map; nil: none
}

// NewRegistry keeps documents of a store in memory while they are used. The store stays the caller's to close, after the Registry.
func NewRegistry(store Store, cfg Config) *Registry {
	ctx, cancel := context.WithCancel(context.Background())
	cfg = cfg.withDefaults()
	r := &Registry{
		store: store, composer: newComposer(store, cfg.Logger), cfg: cfg,
		ctx: ctx, cancel: cancel, entries: map[string]*entry{},
	}
	r.history = newHistory(r)
	switch {
	case cfg.Retention == Retention{}:
	case r.history.archive == nil:
		cfg.Logger.Warn("the store keeps no past: nothing is trimmed")
	default:
		r.retaining.Go(r.keepRetention) // ends with Close
	}
	return r
}

// Open attaches a session to the document called name, which is loaded, or created, where it is not in memory; of kind 0 it is
// ErrNotFound where there is none. wake is called whenever the session has something to read; it must not block.
func (r *Registry) Open(ctx context.Context, name string, kind Kind, o *OpenRequest, wake func()) (*Session, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	var session *Session
	err := r.with(ctx, name, kind, func(d *Document) (err error) {
		if kind != 0 && d.kind != kind {
			return fmt.Errorf("%w: %q is %s, not %s", ErrKind, name, d.kind, kind)
		}
		session, err = d.open(ctx, o, wake)
		return err
	})
	return session, err
}

// with calls f with the document, which is loaded where it is not in memory; again with the next, as long as f says errUnloaded.
func (r *Registry) with(ctx context.Context, name string, kind Kind, f func(*Document) error) error {
	for {
		e, err := r.entry(name, kind)
		if err != nil {
			return err
		}
		select {
		case <-e.loaded:
		case <-ctx.Done():
			return ctx.Err()
		}
		switch {
		case e.held:
		case e.err != nil && e.kind != kind: // that answers another question
		case e.err != nil:
			return e.err
		default:
			if err := f(e.doc); !errors.Is(err, errUnloaded) {
				return err
			}
		}
		// It is on its way out. Whoever comes meanwhile waits, and has it loaded anew.
		select {
		case <-e.gone:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// entry is the entry of a document, made where there is none.
func (r *Registry) entry(name string, kind Kind) (*entry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	e := r.entries[name]
	if e == nil && len(r.entries) >= r.cfg.MaxDocuments {
		return nil, fmt.Errorf("%w: %d documents are in memory", ErrBusy, len(r.entries))
	}
	if e == nil {
		e = &entry{kind: kind, loaded: make(chan struct{}), gone: make(chan struct{})}
		r.entries[name] = e
		go r.run(name, e)
	}
	return e, nil
}

// run loads a document, and has it live on a goroutine of its own: loading has made this one's stack large. Close waits for both.
func (r *Registry) run(name string, e *entry) {
	e.doc, e.err = r.load(name, e.kind)
	close(e.loaded)
	if e.err != nil {
		r.remove(name, e)
		return
	}
	go e.doc.live(func() { r.remove(name, e) }) // ends when the document has
}

// remove takes the entry of a document away that has ended.
func (r *Registry) remove(name string, e *entry) {
	r.mu.Lock()
	if delete(r.entries, name); e.next != nil {
		r.entries[name] = e.next
	}
	r.mu.Unlock()
	close(e.gone)
}

// load starts a document from the store. A panic over what is stored there is this document's alone (D8).
func (r *Registry) load(name string, kind Kind) (d *Document, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.cfg.Logger.Error("document not loaded: broken invariant", "doc", name, "err", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("load %q: %w: internal error", name, ErrDamaged)
		}
	}()
	stored, err := r.store.Load(r.ctx, name, kind)
	if err != nil {
		return nil, err
	}
	return newDocument(name, stored, r.store, r.composer, r.cfg)
}

// Loaded is how many documents are in memory.
func (r *Registry) Loaded() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.entries)
}

// Sessions is how many sessions are attached to documents.
func (r *Registry) Sessions() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, e := range r.entries {
		select {
		case <-e.loaded:
			if e.doc != nil {
				n += int(e.doc.present.Load())
			}
		default: // nobody is attached yet
		}
	}
	return n
}

// Close ends every session with ErrOpenAgain, once what was taken in is durable, and waits until all documents are stored
// and gone, or ctx is done.
func (r *Registry) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	entries := make([]*entry, 0, len(r.entries))
	for _, e := range r.entries {
		entries = append(entries, e)
	}
	r.mu.Unlock()
	r.cancel()
	r.composer.stop()
	for _, e := range entries {
		go func() { // ends with the document
			<-e.loaded
			if e.doc != nil {
				e.doc.stop(ErrOpenAgain)
			}
		}()
	}
	for _, e := range entries {
		select {
		case <-e.gone:
		case <-ctx.Done():
			return fmt.Errorf("documents were still at the store: %w", ctx.Err())
		}
	}
	r.composer.wait()
	r.retaining.Wait()
	return nil
}
