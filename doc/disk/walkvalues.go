package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// values reads what is in a database file without bbolt: with plain reads, of which each is checked before it is used, so that
// no file, whatever happened to it, can do more harm than an error. One page with its overflow is in memory at a time, and one
// for each level above it.
type values struct {
	walker  *walker
	buckets map[string]bucketAt
}

// bucketAt is where the pages of a bucket begin.
type bucketAt struct {
	root     uint64 // 0: its one page is inline
	inline   []byte
	sequence uint64
}

// openValues finds the buckets of a database file. What is wrong with its pages goes to failed, and then what they lead to is not
// there.
func openValues(f io.ReaderAt, size int64, failed func(error)) (*values, error) {
	w, root, err := newWalker(f, size)
	if err != nil {
		return nil, err
	}
	w.failed = failed
	if err := w.page(root, nil, nil, 0); err != nil {
		failed(err)
	}
	d := &values{walker: w, buckets: map[string]bucketAt{}}
	way := &descent{walker: w, failed: failed, visit: func(e element) error {
		if !e.bucket || len(e.value) < 16 {
			return fmt.Errorf("%w: %q stands where buckets are", errStructure, e.key)
		}
		d.buckets[string(e.key)] = bucketAt{
			root: order.Uint64(e.value), sequence: order.Uint64(e.value[8:]), inline: bytes.Clone(e.value[16:]),
		}
		return nil
	}}
	if err := way.down(root, nil, nil, 0); err != nil {
		failed(err)
	}
	return d, nil
}

// scan calls each with the pairs from key on whose keys begin with prefix, in order. errEnough ends it, and is no error. What each
// is given is valid during the call.
func (d *values) scan(bucket string, prefix, from []byte, each func(key, value []byte) error) error {
	return d.walk(bucket, from, nil, func(key, value []byte) error {
		if !bytes.HasPrefix(key, prefix) {
			return errEnough
		}
		return each(key, value)
	})
}

// all calls each with all pairs of a bucket. What is wrong with its pages goes to failed, and what they lead to is left out.
func (d *values) all(bucket string, failed func(error), each func(key, value []byte) error) error {
	return d.walk(bucket, nil, failed, each)
}

func (d *values) walk(bucket string, from []byte, failed func(error), each func(key, value []byte) error) error {
	b, there := d.buckets[bucket]
	if !there {
		return nil
	}
	way := &descent{walker: d.walker, from: from, failed: failed, visit: func(e element) error {
		switch {
		case bytes.Compare(e.key, from) < 0:
			return nil
		case e.bucket:
			return fmt.Errorf("%w: a bucket stands in %s", errStructure, bucket)
		}
		return each(e.key, e.value)
	}}
	var err error
	if b.root != 0 {
		err = way.down(b.root, nil, nil, 0)
	} else {
		var elements []element
		if elements, err = d.walker.inline(0, b.inline); err == nil {
			err = way.visitAll(elements)
		}
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// get returns a copy of the value under key, nil where there is none.
func (d *values) get(bucket string, key []byte) (value []byte, err error) {
	err = d.scan(bucket, key, key, func(k, v []byte) error {
		if len(k) == len(key) {
			value = append([]byte{}, v...)
		}
		return errEnough
	})
	return value, err
}

// first returns the first key from one on; nil where there is none.
func (d *values) first(bucket string, from []byte) (key []byte, err error) {
	err = d.scan(bucket, nil, from, func(k, _ []byte) error {
		key = bytes.Clone(k)
		return errEnough
	})
	return key, err
}

// A descent visits the elements of the leaves below a page, but for leaves that end before from.
type descent struct {
	walker *walker
	from   []byte
	visit  func(element) error
	failed func(error) // takes what is wrong with a page, and the descent goes on beside it; nil: it ends there
}

// down goes below a page, whose keys must lie from low up to, and without, high; nil is no bound.
func (w *descent) down(id uint64, low, high []byte, depth int) error {
	buf, err := w.walker.read(id)
	if err != nil {
		return err
	}
	branch, elements, err := w.walker.elements(id, buf, low, high, depth)
	if err != nil {
		return err
	}
	if !branch {
		return w.visitAll(elements)
	}
	for i, e := range elements {
		end := endOf(elements, i, high)
		if end != nil && bytes.Compare(end, w.from) <= 0 {
			continue
		}
		err := w.down(e.child, e.key, end, depth+1)
		if err != nil && w.failed != nil && errors.Is(err, errStructure) {
			w.failed(err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (w *descent) visitAll(elements []element) error {
	for _, e := range elements {
		if err := w.visit(e); err != nil {
			return err
		}
	}
	return nil
}
