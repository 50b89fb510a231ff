package doc

import (
	"context"
	"fmt"
	"math/bits"

	"tandem/ot"
)

const (
	// wholeBytes is up to how large what a session missed goes as one item.
	wholeBytes = 256 << 10
	// pieceBytes is about how large its pieces are otherwise. A single commit that is larger travels alone.
	pieceBytes = 64 << 10
)

// A stretch is a part of history that a session is to read as one item, or in pieces.
type stretch struct {
	from, to Revision
	bytes    []byte // the encoded operation; nil: not composed yet
}

// A catchUp is what a session still has to read of the past, composed. It costs the session what the difference is large, not how
// many commits led there. It is cut where the stream has something else to tell: at the session's own commit and at a check. Owned by
// the session's writer.
type catchUp struct {
	left    []stretch // the next one last
	cut     bool      // it was too large to go as a whole
	decided bool      // nothing of the session's was undecided when it began: it may get the content instead
	check   *Check    // that stands at its end, if one does; nil: not begun
}

// readPast reads on where history in memory does not reach, about pullBytes.
func (s *Session) readPast(ctx context.Context, view *View, ownRev Revision, items []Item) ([]Item, error) {
	c, u := &s.cursor, &s.ahead
	if len(u.left) == 0 {
		if ownRev == c.Rev+1 {
			return s.readOwn(ctx, view, ownRev, items)
		}
		next, err := s.nextStretch(ctx, view, ownRev)
		if err != nil {
			return nil, err
		}
		s.ahead = catchUp{left: []stretch{next}, decided: s.decided(ownRev)}
	}
	if u.check == nil {
		u.check = &Check{view.Check.Rev, view.Check.Hash}
	}
	for size := 0; len(u.left) > 0 && size < pullBytes; {
		item, err := s.readStretch(ctx, view)
		if err != nil {
			return items, err
		}
		size += len(item.Bytes)
		items = append(items, item)
	}
	return c.addCheck(items, *u.check), nil
}

// nextStretch is what a catch-up begins with. Where composing all of it is costly, a session opens again, which gets it the content; one
// that has something undecided must have the commits, and gets them a few at a time: what comes of them would be too large to go as a
// whole, and be composed again for each half of it, and each half of that.
func (s *Session) nextStretch(ctx context.Context, view *View, ownRev Revision) (stretch, error) {
	next := stretch{from: s.cursor.Rev, to: s.upTo(view, ownRev)}
	average, costly := s.doc.costly(ctx, view, next.from)
	switch {
	case !costly:
	case s.decided(ownRev):
		return next, fmt.Errorf("%w: revision %d is %d commits of about %.0f bytes behind, the content has %d",
			ErrOpenAgain, next.from, view.Place.Rev-next.from, average, view.Size)
	case view.Size > wholeBytes:
		next.to = min(next.to, next.from+max(1, Revision(wholeBytes/average)))
	}
	return next, nil
}

// decided reports whether the client knows what became of everything that the session named.
func (s *Session) decided(ownRev Revision) bool {
	return s.cursor.Own == Name{} || 0 < ownRev && ownRev <= s.cursor.Rev
}

// upTo is where a catch-up must stop: before the session's own commit, and at a check that it has not read.
func (s *Session) upTo(view *View, ownRev Revision) Revision {
	to := view.Place.Rev
	if s.cursor.Rev < view.Check.Rev && s.cursor.checked != view.Check {
		to = view.Check.Rev
	}
	if s.cursor.Rev < ownRev && ownRev <= to {
		to = ownRev - 1
	}
	return to
}

// readOwn reads the session's own commit.
func (s *Session) readOwn(ctx context.Context, view *View, rev Revision, items []Item) ([]Item, error) {
	place, err := s.doc.placeAt(ctx, view, rev)
	if err != nil {
		return nil, err
	}
	s.cursor.Rev = rev
	own := Item{First: rev, Count: 1, Place: place, Ack: s.cursor.Own.Seq, Caret: -1}
	return s.cursor.addCheck(append(items, own), view.Check), nil
}

// readStretch reads the next stretch, or as much of it as fits into a piece.
func (s *Session) readStretch(ctx context.Context, view *View) (Item, error) {
	u := &s.ahead
	for {
		last := len(u.left) - 1
		next := u.left[last]
		if next.bytes == nil {
			op, err := s.doc.between(ctx, view, next.from, next.to)
			if err != nil {
				return Item{}, err
			}
			next.bytes = ot.AppendOp(nil, op)
			u.left[last].bytes = next.bytes // should the place not be read at once
			if u.decided && !u.cut && len(next.bytes) > max(view.Size, wholeBytes) {
				return Item{}, fmt.Errorf("%w: what revision %d missed takes %d bytes, the content %d",
					ErrOpenAgain, next.from, len(next.bytes), view.Size)
			}
		}
		limit := wholeBytes
		if u.cut {
			limit = pieceBytes
		}
		if len(next.bytes) > limit && next.to-next.from > 1 {
			m := middle(next.from, next.to)
			u.left = append(u.left[:last], stretch{from: m, to: next.to}, stretch{from: next.from, to: m})
			u.cut = true
			continue
		}
		place, err := s.doc.placeAt(ctx, view, next.to)
		if err != nil {
			return Item{}, err
		}
		u.left = u.left[:last]
		s.cursor.Rev = next.to
		return Item{First: next.from + 1, Count: int(next.to - next.from), Bytes: next.bytes, Caret: -1, Place: place}, nil
	}
}

// middle is the revision between two at which the largest spans meet.
func middle(from, to Revision) Revision {
	k := bits.Len64(uint64(from^(to-1))) - 1
	return (to - 1) >> k << k
}
