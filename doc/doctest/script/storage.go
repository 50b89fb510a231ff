package script

import (
	"errors"

	client "tandem/client-go"
	"tandem/doc"
)

// A client may keep what it has in its browser's storage: a copy, which is durable at once where the transaction is strict, and
// otherwise when something strict follows.

// keep stores what a client has: store a, store a strict.
func (w *World) keep(args []string) error {
	p, err := w.person(args[0])
	if err != nil {
		return err
	}
	p.stored = p.pending.Copy(p.pending.Client())
	if args[1] == "strict" {
		p.durable = p.stored
	}
	return nil
}

// power has a client's computer lose its power: the page is gone, and in storage is what was durable.
func (w *World) power(args []string) error {
	p, err := w.person(args[0])
	if err != nil {
		return err
	}
	for _, c := range p.conns {
		c.leave()
	}
	p.stored, p.frozen, p.pending = p.durable, nil, client.NewPending(p.pending.Client(), doc.Text)
	return nil
}

// claim makes a client, of its own id, that takes over what another has in storage: that is moved, not copied.
func (w *World) claim(args []string) error {
	p, err := w.person(args[0])
	switch {
	case err != nil:
		return err
	case p.stored == nil:
		return errors.New("there is nothing in storage")
	}
	stored := p.stored
	p.stored, p.durable = nil, nil
	if err := w.client([]string{args[1], ""}); err != nil {
		return err
	}
	q := w.people[args[1]]
	q.pending = stored.Copy(q.pending.Client())
	q.stored, q.durable = stored, stored
	return nil
}
