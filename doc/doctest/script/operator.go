package script

import (
	"errors"
	"fmt"
	"strconv"

	"tandem/doc"
)

// offline does something to the store while the document is not in memory.
func (w *World) offline(do func() error) error {
	if w.store.atStore != nil {
		return errors.New("a batch is at the store")
	}
	w.server.drop(doc.ErrOpenAgain)
	if err := do(); err != nil {
		return err
	}
	return w.server.load()
}

// forget forgets a client's record.
func (w *World) forget(args []string) error {
	p, err := w.person(args[0])
	if err != nil {
		return err
	}
	return w.offline(func() error { return w.store.forget(p.pending.Client()) })
}

// floor forgets history up to a revision.
func (w *World) floor(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	return w.offline(func() error { return w.store.cut(doc.Revision(n)) })
}

// erase has what came and went between two revisions go.
func (w *World) erase(args []string) error {
	var from, to doc.Revision
	if _, err := fmt.Sscan(args[0]+" "+args[1], &from, &to); err != nil {
		return err
	}
	return w.offline(func() error { return w.store.erase(from, to) })
}
