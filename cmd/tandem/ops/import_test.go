package ops

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// readLines reads a text to its end.
func readLines(r io.Reader) (text string, changed int, err error) {
	l := lineReader{r: r}
	for {
		slice, err := l.next()
		if err != nil || slice == "" {
			return text, l.changed, err
		}
		text += slice
	}
}

// TestLines: slices end anywhere, within a character and between CR and LF, and the text is the same.
func TestLines(t *testing.T) {
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	pieces := []string{"a", "ä", "€", "😀", "\r", "\n", "\r\n", "\r\r\n", strings.Repeat("x", 1000), "\ufeff", "\u2028"}
	for range 10 {
		var file strings.Builder
		for file.Len() < importSlice-20 {
			file.WriteString(strings.Repeat("y", random.IntN(2000)))
		}
		for range 200 {
			file.WriteString(pieces[random.IntN(len(pieces))])
		}
		want := strings.ReplaceAll(strings.ReplaceAll(file.String(), "\r\n", "\n"), "\r", "\n")
		changed := strings.Count(file.String(), "\r")
		for _, r := range []io.Reader{strings.NewReader(file.String()), iotest.HalfReader(strings.NewReader(file.String())), iotest.DataErrReader(strings.NewReader(file.String()))} {
			text, n, err := readLines(r)
			require.NoError(t, err)
			require.True(t, want == text, "seed %d", seed)
			require.Equal(t, changed, n)
		}
	}
}

// TestLinesRefuse: the offset is that of the byte in the file, wherever slices end.
func TestLinesRefuse(t *testing.T) {
	for _, bad := range []string{"\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xed\xa0\xbd", "\xc0\x80"} {
		for _, at := range []int{0, importSlice - 2, importSlice - 1, importSlice + 1} {
			for _, behind := range []string{"", "z", strings.Repeat("z", importSlice)} {
				_, _, err := readLines(strings.NewReader(strings.Repeat("\r", at) + bad + behind))
				require.ErrorIs(t, err, ErrFile)
				require.Contains(t, err.Error(), fmt.Sprintf("the byte %#02x at offset %d;", bad[0], at), "%q, %d behind it", bad, len(behind))
			}
		}
	}
	_, _, err := readLines(iotest.ErrReader(io.ErrClosedPipe))
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

// TestBase: the content at the floor is made over as many revisions as there were, however many that is.
func TestBase(t *testing.T) {
	var b ot.Builder
	for i := range 1200 {
		b.InsertText(fmt.Sprint("😀 paragraph ", i, strings.Repeat(" 😀", i%40), "\n"), ot.NewAttrs(
			ot.Attr{Key: "\x00by", Value: ot.String(fmt.Sprint("author ", i%7))}, ot.Attr{Key: "n", Value: ot.Int(int64(i % 3))}))
	}
	base := b.Op()
	desk, err := Open(t.Context(), filepath.Join(t.TempDir(), "data"), Options{Create: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, desk.Close()) }()
	for _, floor := range []doc.Revision{1, 3, 1000} {
		var file bytes.Buffer
		out := json.NewEncoder(&file)
		for _, line := range []any{
			historyHeader{historyFormat, historyVersion, "x", "rich", moment(1_700_000_000_000), floor, floor},
			historyBase{base},
		} {
			require.NoError(t, out.Encode(line))
		}
		name := fmt.Sprint("floor ", floor)
		made, err := desk.Import(t.Context(), name, &file)
		require.NoError(t, err)
		require.Equal(t, floor, made.Revision)
		var exported bytes.Buffer
		require.NoError(t, desk.Export(t.Context(), name, HistoryFormat, &exported))
		lines := bytes.Split(exported.Bytes(), []byte("\n"))
		require.Len(t, lines, 3)
		var back historyBase
		require.NoError(t, json.Unmarshal(lines[1], &back))
		require.True(t, base.Equal(back.Base), "floor %d", floor)
	}
}
