package wal

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"maps"
	"path"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// sampleLog is a log of three segments, with a few records each; behind them one is prepared, before it one is free.
func sampleLog(t testing.TB) *world {
	w := newWorld(7, bug{})
	w.prepare = func(*process) {} // nothing fails
	require.NoError(t, w.open())
	for _, size := range []int{100, 7000, 3000} {
		require.NoError(t, w.put(size))
		w.settle()
	}
	require.NoError(t, w.rotateAll())
	for i, sizes := range [][]int{{40, 9}, {200, 0, 600}, {30, 20, 10}} {
		if i > 0 {
			_, err := w.log.Rotate()
			require.NoError(t, err)
		}
		for _, size := range sizes {
			require.NoError(t, w.put(size))
			w.settle()
		}
	}
	require.NoError(t, w.log.Close())
	w.log = nil
	require.Equal(t, w.stored.Segment+2, w.acked[len(w.acked)-1].end.Segment)
	return w
}

// contents are the files of a log.
func (w *world) contents() map[string][]byte {
	files := map[string][]byte{}
	for name, n := range w.disk.nodes {
		if path.Dir(name) == simDir {
			files[path.Base(name)] = n.cache
		}
	}
	return files
}

// diskOf is a disk with such files.
func diskOf(files map[string][]byte) *disk {
	d := newDisk()
	d.nodes[simDir] = &node{dir: true}
	for name, b := range files {
		d.nodes[path.Join(simDir, name)] = &node{cache: b, kept: slices.Clone(b)}
	}
	d.kept = maps.Clone(d.nodes)
	return d
}

func (w *world) verify(files map[string][]byte, from Position) ([]sample, error) {
	cfg := w.cfg
	p := &process{disk: diskOf(files)}
	cfg.Files = p
	var found []sample
	_, err := Verify(simDir, from, cfg, into(&found))
	if p.calls != 0 {
		return nil, fmt.Errorf("Verify has changed something: %v", p.log)
	}
	return found, err
}

// What is wrong is said, with the file and the place; and nothing is written.
func TestDamage(t *testing.T) {
	w := sampleLog(t)
	whole := w.contents()
	segment := func(number uint64) string { // the file that has it
		for name, b := range whole {
			if h, err := readHeader(bytes.NewReader(b)); err == nil && h.number == number {
				return name
			}
		}
		return ""
	}
	first, second, prepared := w.stored.Segment, w.stored.Segment+1, w.stored.Segment+3
	end := w.acked[len(w.acked)-1].end
	future := func(b []byte) {
		order.PutUint32(b[8:], formatVersion+1)
		order.PutUint32(b[headerSize-4:], crc32.Checksum(b[:headerSize-4], castagnoli))
	}
	for _, row := range []struct {
		name string
		harm func(files map[string][]byte)
		from Position
		is   error
		says string
	}{
		{name: "a segment is missing", harm: func(f map[string][]byte) { delete(f, segment(second)) }, is: ErrCorrupt, says: fmt.Sprintf("segment %d is missing", second)},
		{name: "the first one is missing", harm: func(f map[string][]byte) { delete(f, segment(first)) }, is: ErrCorrupt, says: fmt.Sprintf("segment %d is missing", first)},
		{name: "the last one with records is missing", harm: func(f map[string][]byte) { delete(f, segment(end.Segment)) }, is: ErrCorrupt, says: fmt.Sprintf("segment %d is missing", end.Segment)},
		{name: "all are missing", harm: func(f map[string][]byte) { clear(f) }, is: ErrCorrupt, says: "there are none"},
		{name: "an empty file", harm: func(f map[string][]byte) { f[segment(second)] = nil }, is: ErrCorrupt, says: segment(second) + " has no header"},
		{name: "an empty file where a segment is prepared", harm: func(f map[string][]byte) { f[segment(prepared)] = nil }, is: ErrCorrupt, says: segment(prepared) + " has no header"},
		{name: "zeros", harm: func(f map[string][]byte) { clear(f[segment(second)]) }, is: ErrCorrupt, says: segment(second) + " has no header"},
		{name: "zeros behind the header", harm: func(f map[string][]byte) { clear(f[segment(second)][dataStart:]) }, is: ErrCorrupt, says: segment(second) + " at 8192"},
		{name: "a file cut short", harm: func(f map[string][]byte) { f[segment(second)] = f[segment(second)][:dataStart+99] }, is: ErrCorrupt, says: "has 8291 bytes and had 16384"},
		{name: "a segment twice", harm: func(f map[string][]byte) { f["00000000000000ff.log"] = f[segment(second)] }, is: ErrCorrupt, says: "is there twice"},
		{name: "a later format", harm: func(f map[string][]byte) { future(f[segment(second)]) }, is: ErrVersion, says: "it has the format 2 and this program knows formats up to 1"},
		{name: "a later format in the second copy", harm: func(f map[string][]byte) { future(f[segment(second)][copyStride:]) }, is: ErrVersion, says: "format 2"},
		{name: "another segment's bytes", harm: func(f map[string][]byte) {
			copy(f[segment(second)][dataStart:], f[segment(first)][dataStart:])
		}, is: ErrCorrupt, says: segment(second) + " at 8192"},
		{name: "another segment's header", harm: func(f map[string][]byte) {
			b := f[segment(first)]
			h, _ := readHeader(bytes.NewReader(b))
			h.salt++
			copy(b, h.encode())
			copy(b[copyStride:], h.encode())
		}, is: ErrCorrupt, says: "is not the one that segment"},
		{name: "a record moved", harm: func(f map[string][]byte) {
			b := f[segment(first)][w.acked[0].end.Offset:]
			copy(b[64:], b[:w.acked[1].end.Offset-w.acked[0].end.Offset])
			clear(b[:64])
		}, is: ErrCorrupt, says: fmt.Sprintf("%s at %d", segment(first), w.acked[0].end.Offset)},
		{name: "a position behind the end", from: Position{end.Segment, end.Offset + 1}, is: ErrCorrupt, says: fmt.Sprintf("before %d:%d", end.Segment, end.Offset+1)},
		{name: "a position behind the end of a segment that was left", from: Position{first, minSegmentBytes}, is: ErrCorrupt, says: fmt.Sprintf("before %d:16384", first)},
		{name: "a position in a later segment", from: Position{prepared + 1, 0}, is: ErrCorrupt, says: fmt.Sprintf("segment %d is missing", prepared+1)},
		{name: "a position within a record", from: Position{first, w.acked[0].end.Offset + 1}, is: ErrCorrupt, says: "none that begins at"},
		{name: "a position within a header", from: Position{first, 99}, is: ErrCorrupt, says: "before 8192"},
		{name: "a position in what is recycled", from: Position{}, is: ErrCorrupt, says: "segment 1 is missing"},
		{name: "a position behind the start of a segment with nothing in it", from: Position{prepared, dataStart + 1}, is: ErrCorrupt, says: "ends at 8192"},
	} {
		t.Run(row.name, func(t *testing.T) {
			files := map[string][]byte{}
			for name, b := range whole {
				files[name] = slices.Clone(b)
			}
			if row.harm != nil {
				row.harm(files)
			}
			from := row.from
			if row.harm != nil {
				from = w.stored
			}
			_, err := w.verify(files, from)
			require.ErrorIs(t, err, row.is)
			require.ErrorContains(t, err, row.says)
			p := &process{disk: diskOf(files)}
			cfg := w.cfg
			cfg.Files = p
			_, _, err = Open(simDir, from, cfg, into(new([]sample)))
			require.ErrorIs(t, err, row.is)
			require.ErrorContains(t, err, row.says)
			require.Zero(t, p.calls, "%v", p.log)
		})
	}
}

// Where the log is not damaged by what lies there.
func TestNoDamage(t *testing.T) {
	w := sampleLog(t)
	whole := w.contents()
	end := w.acked[len(w.acked)-1].end
	repeated := map[string][]byte{} // a copy of a whole frame, at a place that is not its own
	for name, b := range whole {
		if h, err := readHeader(bytes.NewReader(b)); err == nil && h.number == w.acked[4].end.Segment {
			b = slices.Clone(b)
			copy(b[w.acked[4].end.Offset:], b[w.acked[3].end.Offset:w.acked[4].end.Offset])
			repeated[name] = b
		}
	}
	for _, row := range []struct {
		name  string
		add   map[string][]byte
		from  Position
		count int
	}{
		{"foreign files", map[string][]byte{"lost+found": nil, "00000000000000ff.log.bak": nil, "ff.log": nil}, w.stored, len(w.acked)},
		{"a segment that was being made", map[string][]byte{"00000000000000ff.new": {1, 2, 3}}, w.stored, len(w.acked)},
		{"a record repeated behind itself", repeated, w.stored, len(w.acked)},
		{"from the end", nil, end, 0},
		{"from within", nil, w.acked[2].end, len(w.acked) - 3},
		{"from the start of a segment that is prepared", nil, Position{end.Segment + 1, 0}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			files := maps.Clone(whole)
			maps.Copy(files, row.add)
			found, err := w.verify(files, row.from)
			require.NoError(t, err)
			require.Len(t, found, row.count)
		})
	}
}
