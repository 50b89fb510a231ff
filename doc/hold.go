package doc

import "context"

func heldEntry() *entry {
	return &entry{held: true, loaded: make(chan struct{}), gone: make(chan struct{})}
}

// hold takes a document out of memory and keeps it out until release is called: its sessions end, and are told why, and opens wait.
func (r *Registry) hold(ctx context.Context, name string, why error) (release func(), err error) {
	for {
		h := heldEntry()
		e, waits, err := r.reserve(name, h)
		switch {
		case err != nil:
			return nil, err
		case e == nil:
			return func() { r.release(name, h) }, nil
		case !waits: // somebody else holds it, or is about to
			select {
			case <-e.gone:
				continue
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		if err := r.clear(ctx, e, why); err != nil {
			r.giveUp(name, e, h)
			return nil, err
		}
		return func() { r.release(name, h) }, nil
	}
}

// reserve puts h in the place of a document's entry: at once where there is none (e is nil), or when e has gone, if nobody else
// waits for that.
func (r *Registry) reserve(name string, h *entry) (e *entry, waits bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, false, ErrClosed
	}
	e = r.entries[name]
	switch {
	case e == nil:
		r.entries[name] = h
	case e.next == nil && !e.held:
		e.next = h
		return e, true, nil
	}
	return e, false, nil
}

// clear has an entry go; its sessions hear why.
func (r *Registry) clear(ctx context.Context, e *entry, why error) error {
	select {
	case <-e.loaded:
	case <-ctx.Done():
		return ctx.Err()
	}
	if e.doc != nil {
		e.doc.stop(why)
	}
	select {
	case <-e.gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// giveUp takes back what reserve did.
func (r *Registry) giveUp(name string, e, h *entry) {
	r.mu.Lock()
	waits := e.next == h
	if waits {
		e.next = nil
	}
	r.mu.Unlock()
	if !waits { // it went in the same moment
		r.release(name, h)
	}
}

// holdIdle is hold where the document is not in memory; nil where it is.
func (r *Registry) holdIdle(name string) (release func()) {
	h := heldEntry()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.entries[name] != nil {
		return nil
	}
	r.entries[name] = h
	return func() { r.release(name, h) }
}

// release lets opens in again. Who waits for the entry finds that the document is not in memory, and that the entry has gone.
func (r *Registry) release(name string, h *entry) {
	r.mu.Lock()
	delete(r.entries, name)
	r.mu.Unlock()
	close(h.gone)
	close(h.loaded)
}
