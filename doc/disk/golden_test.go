package disk

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// describe is what a record says, in one line; and the record encoded again from that, which is another where its form is old.
func describe(bucket string, key, value []byte) (says string, again []byte, err error) {
	switch bucket {
	case namesBucket:
		id, err := decodeName(string(key), value)
		return fmt.Sprintf("%q is %s", key, id), encodeName(string(key), id), err
	case documentsBucket:
		h, err := decodeHead(doc.ID(key), value)
		if err != nil {
			return "", nil, err
		}
		says = fmt.Sprintf("%q kind=%s created=%d epoch=%s rev=%d lineage=%s floor=%d records-floor=%d clients=%d snapshot=%d",
			h.name, h.kind, h.created, h.epoch, h.rev, h.lineage, h.floor, h.recordsFloor, h.clients, h.snapshot)
		if value[0] >= form2 {
			says += fmt.Sprintf(" history=%s base=%d floor-lineage=%s history-bytes=%d", h.history, h.base, h.floorLineage, h.historyBytes)
		}
		return says, h.encode(), nil
	case clientsBucket:
		client, r, err := decodeClient(key, value)
		return fmt.Sprintf("%x seq=%d rev=%d digest=%x", client[:], r.Seq, r.Rev, r.Digest[:]), encodeClient(key, r), err
	case commitsBucket:
		before, commits, err := decodeBlock(key, value)
		if err != nil {
			return "", nil, err
		}
		var b strings.Builder
		fmt.Fprintf(&b, "after=%s", before)
		size := 0
		for _, c := range commits {
			author := ""
			if value[0] >= form2 {
				author = fmt.Sprintf(" author=%q", c.Author)
			}
			fmt.Fprintf(&b, " [rev=%d client=%x seq=%d digest=%x time=%d%s op=%x lineage=%s]", c.Rev, c.Client[:], c.Seq, c.Digest[:], c.Time, author, c.Bytes, c.Lineage)
			size += len(c.Bytes)
		}
		_, again = encodeBlock(before, commits, size).under(doc.ID(key[:16]))
		return b.String(), again, nil
	case snapshotsBucket:
		s, err := decodeSnapshot(key, value)
		if err != nil {
			return "", nil, err
		}
		return fmt.Sprintf("rev=%d lineage=%s hash=%d length=%d pieces=%08x", s.rev, s.lineage, s.hash, s.length, s.sums), s.encode(key), nil
	case piecesBucket:
		r, err := unseal(bucket, key, value)
		if err != nil {
			return "", nil, err
		}
		op, err := ot.DecodeOp(r.rest, ot.StoredLimits)
		return op.String(), seal(bucket, key, ot.AppendOp([]byte{form}, op)), err
	case spansBucket:
		return describeSpan(key, value)
	case versionsBucket:
		v, err := decodeVersion(key, value)
		if err != nil {
			return "", nil, err
		}
		return fmt.Sprintf("rev=%d time=%d name=%q author=%q content=%d", v.Rev, v.Time, v.Name, v.Author, v.content), v.encode(key), nil
	case trashBucket:
		t, err := decodeTrash(key, value)
		if err != nil {
			return "", nil, err
		}
		if value[0] < form2 {
			return "does not count", nil, nil
		}
		return fmt.Sprintf("does not count: %s of document %s, number=%d, floor=%d", t.kind, t.document, t.number, t.floor), t.encode(), nil
	case metaBucket:
		p, err := decodePosition(value)
		return fmt.Sprintf("segment %d offset %d", p.Segment, p.Offset), encodePosition(p), err
	case straysBucket:
		record, err := unseal(bucket, key, value)
		if err != nil {
			return "", nil, err
		}
		says, again, err := describeLogRecord(record.rest)
		return says, seal(bucket, key, append([]byte{form}, again...)), err
	}
	return "", nil, fmt.Errorf("there is no bucket %q", bucket)
}

// describeLogRecord is what a record of the log says, in one line; and the record again.
func describeLogRecord(record []byte) (says string, again []byte, err error) {
	entries, err := decodeRecord(record)
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "{%s epoch=%s after rev=%d lineage=%s:", e.prev.ID, e.prev.Epoch, e.prev.Rev, e.prev.Lineage)
		for _, c := range e.commits {
			fmt.Fprintf(&b, " [client=%x seq=%d digest=%x time=%d author=%q op=%x]", c.Client[:], c.Seq, c.Digest[:], c.Time, c.Author, c.Bytes)
		}
		b.WriteString("}")
		e.encode()
	}
	return b.String(), appendRecord(nil, entries), nil
}

// Every example of a record of the log in FORMAT.md is one.
func TestFormatLogRecords(t *testing.T) {
	text, err := os.ReadFile("FORMAT.md")
	require.NoError(t, err)
	parts := strings.Split(string(text), "```log\n")
	require.Greater(t, len(parts), 1)
	for _, part := range parts[1:] {
		block, _, _ := strings.Cut(part, "```")
		lines := strings.Split(strings.TrimSpace(block), "\n")
		record, err := hex.DecodeString(strings.TrimSpace(strings.TrimPrefix(lines[0], "record")))
		require.NoError(t, err)
		says, again, err := describeLogRecord(record)
		require.NoError(t, err)
		require.Equal(t, strings.TrimSpace(strings.TrimPrefix(lines[1], "says")), says)
		require.Equal(t, record, again)
		for n := range record[:len(record)-1] {
			fewer, _, err := describeLogRecord(record[:n])
			require.True(t, err != nil || strings.HasPrefix(says, fewer) && (n == 1 || strings.HasSuffix(fewer, "}")), "%d bytes", n)
		}
	}
}

func describeSpan(key, value []byte) (says string, again []byte, err error) {
	_, s, part, err := splitSpanKey(key)
	if err != nil {
		return "", nil, err
	}
	if part >= 0 {
		op, err := decodeSpanPart(key, value)
		return fmt.Sprintf("part %d of revisions %d to %d: %x", part, s.First(), s.Last(), op), encodeSpanPart(key, op), err
	}
	r, err := decodeSpan(key, value)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("revisions %d to %d: op=%x parts=%08x", s.First(), s.Last(), r.op, r.sums), r.encode(key), nil
}

// example is a record as FORMAT.md and the golden files write it.
type example struct {
	bucket     string
	key, value []byte
	says       string
}

func (e example) String() string {
	return fmt.Sprintf("bucket %s\nkey    %x\nvalue  %x\nsays   %s\n", e.bucket, e.key, e.value, e.says)
}

func parseExample(text string) (e example, err error) {
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimSpace(rest)
		switch word {
		case "bucket":
			e.bucket = rest
		case "key":
			e.key, err = hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
		case "value":
			e.value, err = hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
		case "says":
			e.says = rest
		case "":
		default:
			err = fmt.Errorf("a line begins with %q", word)
		}
		if err != nil {
			return e, err
		}
	}
	return e, nil
}

func checkExample(t *testing.T, text string) {
	e, err := parseExample(text)
	require.NoError(t, err)
	says, again, err := describe(e.bucket, e.key, e.value)
	require.NoError(t, err, "%s", text)
	require.Equal(t, e.says, says)
	if e.value[0] == newestForm(e.bucket) {
		require.Equal(t, e.value, again, "%s", text)
	}
	for i := range e.value { // and none of its bytes may be another
		harmed := bytes.Clone(e.value)
		harmed[i] ^= 0x10
		_, _, err := describe(e.bucket, e.key, harmed)
		require.Error(t, err, "byte %d of %s", i, text)
	}
	for n := range e.value {
		_, _, err := describe(e.bucket, e.key, e.value[:n])
		require.Error(t, err, "%d bytes of %s", n, text)
	}
}

// Every example in FORMAT.md is a record.
func TestFormatExamples(t *testing.T) {
	text, err := os.ReadFile("FORMAT.md")
	require.NoError(t, err)
	seen := map[string]bool{}
	for i, part := range strings.Split(string(text), "```record\n") {
		if i == 0 {
			continue
		}
		block, _, ended := strings.Cut(part, "```")
		require.True(t, ended)
		checkExample(t, block)
		e, _ := parseExample(block)
		seen[fmt.Sprint(e.bucket, " ", e.value[0])] = true
	}
	for _, bucket := range buckets {
		for f := byte(form); f <= newestForm(bucket); f++ {
			require.True(t, seen[fmt.Sprint(bucket, " ", f)], "FORMAT.md has no example of %s, form %d", bucket, f)
		}
	}
}
