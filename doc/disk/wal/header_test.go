package wal

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// A crash leaves the second copy of the header old; an old page that has come back, the first.
func TestReadHeader(t *testing.T) {
	first, second := header{number: 3, salt: 11, size: 1 << 20}, header{number: 7, salt: 12, size: 1 << 20}
	again := header{number: 7, salt: 13, size: 1 << 20} // the same number, prepared once more
	for _, row := range []struct {
		name    string
		copies  [2]header
		frame   uint64 // the salt of what is in it; 0: nothing
		read    header
		failure error
	}{
		{"one use", [2]header{second, second}, 12, second, nil},
		{"a crash between the copies", [2]header{second, first}, 11, second, nil},
		{"the first copy is old", [2]header{first, second}, 12, second, nil},
		{"a crash between the copies, prepared once more", [2]header{again, second}, 0, again, nil},
		{"the first copy is old, prepared once more", [2]header{second, again}, 13, again, nil},
		{"the first copy is damaged", [2]header{{}, second}, 12, second, nil},
		{"the second copy is damaged", [2]header{second, {}}, 12, second, nil},
		{"both are damaged", [2]header{{}, {}}, 12, header{}, errNoHeader},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := make([]byte, dataStart+64)
			for i, h := range row.copies {
				if h != (header{}) {
					copy(file[i*copyStride:], h.encode())
				}
			}
			order.PutUint64(file[dataStart:], row.frame)
			h, err := readHeader(bytes.NewReader(file))
			require.ErrorIs(t, err, row.failure)
			require.Equal(t, row.read, h)
			_, err = readHeader(bytes.NewReader(file[:100]))
			if row.copies[0] == (header{}) {
				require.ErrorIs(t, err, errNoHeader)
			}
		})
	}
}
