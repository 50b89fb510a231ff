package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"tandem/doc"
)

// errEnough ends a scan.
var errEnough = errors.New("disk: enough")

// A pair is what stands in the database, copied.
type pair struct{ key, value []byte }

// scan calls each, outside of any transaction, with the pairs from a key on whose keys begin with prefix. It copies them in
// several short transactions, so it may see some before and some after a commit.
func (s *Store) scan(ctx context.Context, bucket string, prefix, from []byte, each func(key, value []byte) error) error {
	for {
		pairs, more, err := s.chunk(ctx, bucket, prefix, from, nil, readChunk)
		if err != nil {
			return err
		}
		for _, p := range pairs {
			if err := each(p.key, p.value); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		from = append(pairs[len(pairs)-1].key, 0) // the first key that may come after it
	}
}

// chunk copies pairs, in one transaction, until they have more than size bytes or one's key is at or behind to; nil is no bound.
func (s *Store) chunk(ctx context.Context, bucket string, prefix, from, to []byte, size int) (pairs []pair, more bool, err error) {
	err = s.engine.view(ctx, func(tx *reading) error {
		pairs, more = nil, false
		left := size
		tx.scan(bucket, prefix, from, func(key, value []byte) bool {
			if left < 0 {
				more = true
				return false
			}
			pairs = append(pairs, pair{bytes.Clone(key), bytes.Clone(value)})
			left -= len(key) + len(value)
			return to == nil || bytes.Compare(key, to) < 0
		})
		return nil
	})
	return pairs, more, err
}

// Read implements doc.Store.
func (s *Store) Read(ctx context.Context, id doc.ID, first, last doc.Revision, maxBytes int) (got []doc.Commit, err error) {
	ahead := s.tails.of(id) // before the head: what the tail lacks, the database has from then on
	err = s.steady(ctx, id, func(h *head) error {
		if err := ahead.fits(h); err != nil {
			return err
		}
		got, err = s.read(ctx, h, ahead.behind(h), first, last, maxBytes)
		return err
	})
	return got, err
}

// read is Read of a document of which only the log has what is ahead of its head.
func (s *Store) read(ctx context.Context, h *head, ahead []doc.Commit, first, last doc.Revision, maxBytes int) (got []doc.Commit, err error) {
	end := h.rev + doc.Revision(len(ahead))
	if first <= h.floor || first > last || first > end {
		return nil, fmt.Errorf("disk: revisions %d to %d of document %s, which has %d to %d", first, last, h.id, h.floor+1, end)
	}
	maxBytes = max(maxBytes, 0)
	size := 0
	if first <= h.rev {
		if got, size, err = s.readBlocks(ctx, h, first, min(last, h.rev), maxBytes); err != nil {
			return nil, err
		}
	}
	next := first + doc.Revision(len(got))
	if next <= h.rev || next > end {
		return got, nil
	}
	for _, c := range ahead[next-h.rev-1:] {
		if c.Rev > last || size > maxBytes && len(got) > 0 {
			break
		}
		got = append(got, c)
		size += len(c.Bytes)
	}
	return got, nil
}

// readBlocks is Read of what the database has; size is that of the commits' Bytes.
func (s *Store) readBlocks(ctx context.Context, h *head, first, last doc.Revision, maxBytes int) (got []doc.Commit, size int, err error) {
	at := doc.Place{ID: h.id, Epoch: h.epoch, Rev: first - 1}
	end := numberKey(h.history, uint64(last)) // the block that has it ends there, or behind
	for at.Rev < last && (size <= maxBytes || len(got) == 0) {
		pairs, _, err := s.chunk(ctx, commitsBucket, h.history[:], numberKey(h.history, uint64(at.Rev)+1), end, min(maxBytes-size, readChunk))
		if err != nil {
			return nil, 0, structural(h, err)
		}
		if len(pairs) == 0 {
			return nil, 0, damaged(h, at.Rev+1, errors.New("it is missing"))
		}
		for _, p := range pairs {
			lineage, commits, err := decodeBlock(p.key, p.value)
			if err != nil {
				return nil, 0, damaged(h, at.Rev+1, err)
			}
			if len(got) == 0 {
				at.Lineage = lineageBefore(first, lineage, commits)
			}
			if commits, err = follow(h, &at, lineage, commits); err != nil {
				return nil, 0, err
			}
			for i := range commits {
				if commits[i].Rev > last || size > maxBytes && len(got) > 0 {
					return got, size, nil
				}
				got = append(got, commits[i])
				size += len(commits[i].Bytes)
			}
		}
	}
	return got, size, nil
}

// lineageBefore is the lineage before revision first, as the block that should hold it has it.
func lineageBefore(first doc.Revision, lineage doc.Lineage, commits []doc.Commit) doc.Lineage {
	if skip := first - commits[0].Rev; skip > 0 && skip <= doc.Revision(len(commits)) {
		return commits[skip-1].Lineage
	}
	return lineage
}

// headOf reads the head of a document.
func (s *Store) headOf(ctx context.Context, id doc.ID) (h *head, err error) {
	err = s.engine.view(ctx, func(tx *reading) error {
		if h, err = tx.head(id); h == nil && err == nil {
			err = fmt.Errorf("%w: %s", doc.ErrNotFound, id)
		}
		return err
	})
	if errors.Is(err, errStructure) {
		err = fmt.Errorf("%w: document %s: %w", doc.ErrDamaged, id, err)
	}
	return h, err
}
