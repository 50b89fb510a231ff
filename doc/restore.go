package doc

import (
	"context"
	"crypto/rand"
	"fmt"

	"tandem/ot"
)

// Restore has the document be again what it was at a revision: as new commits by an author, with the smallest difference, cut as any
// large submission is. People who edit meanwhile go on, and what they do stays. It returns the revision of the last of its commits;
// the newest, where there was nothing to do. With an error, only a part of it may have been committed.
func (h *History) Restore(ctx context.Context, name string, rev Revision, by string) (Revision, error) {
	m, err := h.Content(ctx, name, rev)
	if err != nil {
		return 0, err
	}
	wake := make(chan struct{}, 1)
	o := &OpenRequest{User: User{Name: author(by)}}
	_, _ = rand.Read(o.Client[:]) // it never fails
	session, err := h.registry.Open(ctx, name, 0, o, func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return 0, err
	}
	defer session.Close()
	now := session.TakeContent()
	r := &restorer{session: session, wake: wake, rev: session.Opened().Place.Rev, rest: ot.Diff(now, m.Content)}
	if id := session.Opened().Place.ID; id != m.Place.ID {
		return 0, fmt.Errorf("%w: %q is another document than it was", ErrConflict, name)
	}
	r.last = r.rev
	if err := r.run(ctx); err != nil {
		return r.last, fmt.Errorf("restore revision %d of %q: %w", m.Place.Rev, name, err)
	}
	return r.last, nil
}

// A restorer is a client with one large edit.
type restorer struct {
	session *Session
	wake    chan struct{}
	rev     Revision // up to which the session was read
	seq     Seq      // of the last submission
	last    Revision // of its commits; before the first, that of the content it began with

	outstanding ot.Op // moved to rev; nil: nothing is
	rest        ot.Op // what is left, after outstanding
}

// run submits what is left, part by part.
func (r *restorer) run(ctx context.Context) error {
	limits := ot.DefaultLimits
	for len(r.rest) > 0 {
		// A code unit takes at most three bytes.
		op, rest := ot.Split(r.rest, limits.Text/3, limits.Components)
		r.seq++
		r.outstanding, r.rest = op, rest
		if err := r.session.Submit(ctx, r.seq, r.rev, op, ot.AppendOp(nil, op), -1); err != nil {
			return err
		}
		for acked := false; !acked; {
			var err error
			if acked, err = r.readOn(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// readOn reads what the session has, and waits where it has nothing. True: the submission was acknowledged.
func (r *restorer) readOn(ctx context.Context) (acked bool, err error) {
	u, err := r.session.Next(ctx, nil)
	if err != nil {
		return false, err
	}
	for _, item := range Singles(u.Items) {
		switch {
		case item.Ack > 0:
			acked, r.outstanding, r.last = true, nil, item.Place.Rev
		case item.Count > 0:
			op, err := ot.DecodeOp(item.Bytes, ot.StoredLimits)
			if err != nil {
				return false, err
			}
			r.receive(op)
		default:
			continue
		}
		r.rev = item.Place.Rev
	}
	switch {
	case acked:
		return true, nil
	case len(u.Refused) > 0:
		return false, u.Refused[0].Err
	case u.Ended != nil:
		return false, u.Ended
	case u.More:
		return false, nil
	}
	select {
	case <-r.wake:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// receive moves what is left over an operation of others.
func (r *restorer) receive(op ot.Op) {
	r.outstanding, op = ot.Transform(r.outstanding, op, ot.Left), ot.Transform(op, r.outstanding, ot.Right)
	r.rest = ot.Transform(r.rest, op, ot.Left)
}
