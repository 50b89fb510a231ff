package script

import (
	"errors"
	"fmt"

	"tandem/doc"
)

// commit says what becomes of the batch at the store.
func (w *World) commit(args []string) error {
	batch := w.store.atStore
	if batch == nil {
		return errors.New("nothing is at the store")
	}
	w.store.atStore = nil
	switch args[0] {
	case "":
		if err := w.store.write(batch); err != nil {
			return err
		}
		return w.server.committed()
	case "failed-there":
		if err := w.store.write(batch); err != nil {
			return err
		}
	case "failed-not-there":
	case "failed-sync":
		// Nobody may see it until the store is safe again.
		w.store.unsafe = batch
		w.server.drop(doc.ErrOpenAgain)
		return nil
	default:
		return fmt.Errorf("no outcome is called %q", args[0])
	}
	w.server.drop(doc.ErrOpenAgain)
	return w.server.load()
}

// heal makes the store safe after a failed sync: what the page cache showed is on disk, or it was not kept.
func (w *World) heal(args []string) error {
	if w.store.unsafe == nil {
		return errors.New("no sync failed")
	}
	if args[0] == "kept" {
		if err := w.store.write(w.store.unsafe); err != nil {
			return err
		}
	}
	w.store.unsafe = nil
	return w.server.load()
}

// crash takes the server's memory and all connections away; a batch at the store is there after it, or is not.
func (w *World) crash(args []string) error {
	if batch := w.store.atStore; batch != nil && args[0] == "there" {
		if err := w.store.write(batch); err != nil {
			return err
		}
	}
	w.store.atStore = nil
	for _, p := range w.people {
		for _, c := range p.conns {
			c.leave()
			c.dead, c.up = true, nil
		}
	}
	w.server.drop(doc.ErrOpenAgain)
	if w.store.unsafe != nil {
		return nil
	}
	return w.server.load()
}
