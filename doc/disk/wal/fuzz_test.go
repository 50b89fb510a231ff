package wal

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// spread makes a segment of few bytes: what stands in its first 64 goes to the first copy of the header, then the second copy,
// then the records.
func spread(b []byte) []byte {
	file := make([]byte, dataStart+max(0, len(b)-2*headerSize))
	n := copy(file[:headerSize], b)
	n += copy(file[copyStride:][:headerSize], b[n:])
	copy(file[dataStart:], b[n:])
	return file
}

// Two files with any bytes whatever: reading ends, without a panic, without a change, and without more memory than the files
// have bytes; what it finds, Open finds too. The first record's link, which the checksum keeps a fuzzer from changing, is given.
func FuzzVerify(f *testing.F) {
	segment := func(number, salt uint64, before link, records ...string) []byte {
		var data []byte
		for _, r := range records {
			at := dataStart + int64(len(data))
			data = append(data, appendFrame(nil, at, salt, before, []byte(r))[prefix:]...)
		}
		h := header{number, salt, dataStart + int64(len(data))}.encode()
		return append(append(h, h...), data...)
	}
	one := segment(1, 77, link{1, 0, dataStart}, "one", "two")
	end := int64(len(spread(one)))
	two := segment(2, 78, link{1, 77, end}, "three", "")
	f.Add(one, two, false, uint64(0), uint64(0), int64(0), uint64(0), int64(0))
	f.Add(one, two, true, uint64(1), uint64(77), end, uint64(1), int64(dataStart))
	f.Add(one, two, true, uint64(2), uint64(0), end, uint64(2), int64(0))
	f.Add(one, two[:2*headerSize], false, uint64(0), uint64(0), int64(0), uint64(1), end)
	f.Fuzz(func(t *testing.T, one, two []byte, linked bool, number, salt uint64, end int64, from uint64, offset int64) {
		second := spread(two)
		if h, err := decodeHeader(second[:headerSize]); linked && err == nil {
			second = append(second[:dataStart], appendFrame(nil, dataStart, h.salt, link{number, salt, end}, two)[prefix:]...)
		}
		files := map[string][]byte{"0000000000000001.log": spread(one), "0000000000000002.log": second}
		at := Position{from, offset}
		w := newWorld(1, bug{})
		found, err := w.verify(files, at)
		if err != nil {
			return
		}
		w.cfg.Files = &process{disk: diskOf(files)}
		var opened []sample
		l, _, err := Open(simDir, at, w.cfg, into(&opened))
		require.NoError(t, err)
		require.NoError(t, l.Close())
		require.Equal(t, found, opened)
	})
}
