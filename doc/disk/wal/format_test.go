package wal

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const goldenDir = "../../../testdata/disk/wal1"

// example is a header or a frame as FORMAT.md writes it.
type example struct {
	kind   string // header or frame
	offset int64  // of a frame
	bytes  []byte
	says   string
}

func (e example) String() string {
	at := ""
	if e.kind == "frame" {
		at = fmt.Sprintf("at    %d\n", e.offset)
	}
	return fmt.Sprintf("```%s\n%sbytes %x\nsays  %s\n```\n", e.kind, at, e.bytes, e.says)
}

// describe decodes an example, and encodes it again from what it says.
func (e example) describe() (says string, again []byte, err error) {
	if e.kind == "header" {
		h, err := decodeHeader(e.bytes)
		return fmt.Sprintf("number=%d salt=%016x size=%d", h.number, h.salt, h.size), h.encode(), err
	}
	segment := append(make([]byte, e.offset), e.bytes...)
	salt := order.Uint64(e.bytes)
	f, ok := readFrame(segment, e.offset, salt)
	if !ok {
		return "", nil, errNoHeader
	}
	says = fmt.Sprintf("salt=%016x record=%q", salt, f.record)
	if e.offset == dataStart {
		says += fmt.Sprintf(" after=%d:%d salt=%016x", f.before.segment, f.before.end, f.before.salt)
	}
	return says, appendFrame(nil, e.offset, salt, f.before, f.record)[prefix:], nil
}

func parseExample(t *testing.T, kind, text string) example {
	e := example{kind: kind}
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimSpace(rest)
		var err error
		switch word {
		case "at":
			_, err = fmt.Sscan(rest, &e.offset)
		case "bytes":
			e.bytes, err = hex.DecodeString(rest)
		case "says":
			e.says = rest
		default:
			err = fmt.Errorf("a line begins with %q", word)
		}
		require.NoError(t, err)
	}
	return e
}

// Every example in FORMAT.md says what is written there, and none of its bytes may be another.
func TestFormatExamples(t *testing.T) {
	text, err := os.ReadFile("FORMAT.md")
	require.NoError(t, err)
	for kind, count := range map[string]int{"header": 1, "frame": 2} {
		parts := strings.Split(string(text), "```"+kind+"\n")[1:]
		require.Len(t, parts, count, kind)
		for _, part := range parts {
			block, _, ended := strings.Cut(part, "```")
			require.True(t, ended)
			e := parseExample(t, kind, block)
			says, again, err := e.describe()
			require.NoError(t, err, "%s", e)
			require.Equal(t, e.says, says)
			require.Equal(t, e.bytes, again)
			for i := range e.bytes {
				e.bytes[i] ^= 0x10
				_, _, err := e.describe()
				require.Error(t, err, "byte %d of %s", i, e)
				e.bytes[i] ^= 0x10
			}
		}
	}
}

// The golden log opens, and says what it always said. Its files are never written again: a new format is a new directory.
func TestGoldenLog(t *testing.T) {
	dir := t.TempDir()
	packed, err := filepath.Glob(filepath.Join(goldenDir, "*.log.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, packed)
	for _, name := range packed {
		f, err := os.Open(name)
		require.NoError(t, err)
		defer f.Close()
		unpacked, err := gzip.NewReader(f)
		require.NoError(t, err)
		content, err := io.ReadAll(unpacked)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, strings.TrimSuffix(filepath.Base(name), ".gz")), content, 0o600))
	}
	want, err := os.ReadFile(filepath.Join(goldenDir, "records.txt"))
	require.NoError(t, err)
	var from Position
	_, err = fmt.Sscanf(string(want), "from %d:%d\n", &from.Segment, &from.Offset)
	require.NoError(t, err)
	var found []sample
	replay, err := Verify(dir, from, Config{}, into(&found))
	require.NoError(t, err)
	require.Equal(t, string(want), describeRecords(from, found, replay))

	l, opened := openDir(t, dir, from, Config{SegmentBytes: minSegmentBytes})
	require.Equal(t, found, opened)
	end, err := l.Append([]byte("and it can be written to"))
	require.NoError(t, err)
	require.NoError(t, l.Recycle(end))
	require.NoError(t, l.Close())
}

func describeRecords(from Position, records []sample, replay Replay) string {
	var b strings.Builder
	fmt.Fprintf(&b, "from %s\n", from)
	for _, r := range records {
		text := fmt.Sprintf("%q", r.record)
		if len(r.record) > 100 {
			text = fmt.Sprintf("%d bytes %08x", len(r.record), crc32.Checksum(r.record, castagnoli))
		}
		fmt.Fprintf(&b, "%s up to %s\n", text, r.end)
	}
	fmt.Fprintf(&b, "%d records, %d bytes, %d torn\n", replay.Records, replay.Bytes, replay.Torn)
	return b.String()
}

// TestMakeGolden writes the golden log where there is none: a position within a segment, a segment of its own size, a record in
// doubt that a reset has left behind, a record that was torn, a prepared segment, and a free one; and prints examples.
func TestMakeGolden(t *testing.T) {
	if os.Getenv("TANDEM_GOLDEN") != "make" {
		return
	}
	_, err := os.Stat(goldenDir)
	require.ErrorIs(t, err, os.ErrNotExist, "golden files are never written again")
	w := newWorld(1, bug{})
	w.prepare = func(*process) {}
	require.NoError(t, w.open())
	add := func(record string) {
		settle(w.log)
		end, err := w.log.Append([]byte(record))
		require.NoError(t, err)
		w.acked = append(w.acked, sample{end, []byte(record)})
	}
	add("old")
	require.NoError(t, w.rotateAll())
	add("before the position")
	require.NoError(t, w.storeAll())
	add("naïve 😀")
	add("")
	add(strings.Repeat("large ", 3000))
	settle(w.log)
	w.proc.failAt[w.proc.calls+2] = failAfter
	_, err = w.log.Append([]byte("in doubt"))
	require.ErrorIs(t, err, ErrUnsafe)
	_, err = w.log.Reset()
	require.NoError(t, err)
	add("after the reset")
	settle(w.log)
	w.proc.failAt[w.proc.calls+1] = failHalf
	_, err = w.log.Append([]byte("torn, torn, torn, torn, torn, torn, torn"))
	require.ErrorIs(t, err, ErrUnsafe)
	require.NoError(t, w.log.Close())

	var found []sample
	replay, err := Verify(simDir, w.stored, w.cfg, into(&found))
	require.NoError(t, err)
	require.True(t, slices.EqualFunc(w.acked, found, sample.equal))
	require.NotZero(t, replay.Torn)
	require.NoError(t, os.MkdirAll(goldenDir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(goldenDir, "records.txt"), []byte(describeRecords(w.stored, found, replay)), 0o644))
	for name, content := range w.contents() {
		var b bytes.Buffer
		packed := gzip.NewWriter(&b)
		_, err := packed.Write(content)
		require.NoError(t, err)
		require.NoError(t, packed.Close())
		require.NoError(t, os.WriteFile(filepath.Join(goldenDir, name+".gz"), b.Bytes(), 0o644))
	}
	for _, e := range []example{
		{"header", 0, header{3, 0x6a09e667f3bcc908, defaultSegmentBytes}.encode(), ""},
		{"frame", dataStart, appendFrame(nil, dataStart, 0x6a09e667f3bcc908, link{2, 0xbb67ae8584caa73b, 9000}, []byte("naïve 😀"))[prefix:], ""},
		{"frame", 8243, appendFrame(nil, 8243, 0x6a09e667f3bcc908, link{}, []byte("next"))[prefix:], ""},
	} {
		e.says, _, err = e.describe()
		require.NoError(t, err)
		t.Logf("\n%s", e)
	}
}
