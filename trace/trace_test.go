package trace_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"tandem/ot"
	"tandem/trace"
)

const ours = "../testdata/traces/morning-notes.seq.jsonl.gz"

// sum of the text "hé".
var sumHe = trace.SHA256("hé")

const emptySum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func header(fields string) string {
	return `{"format":"seqtrace/1","name":"t","unit":"utf16","startLen":0,"endSha256":"` + sumHe + `",` + fields + `}` + "\n"
}

func write(t *testing.T, content string) string {
	path := filepath.Join(t.TempDir(), "t.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestReadSeq(t *testing.T) {
	good := header(`"txns":2,"patches":3,"endLen":2`) + `[0,0,"hx"]` + "\n" + `[ 1, 1, "\u00e9😀" ]` + "\n" + `[2,2,"",1]` + "\n"
	s, err := trace.ReadSeq(write(t, good))
	require.NoError(t, err)
	require.Equal(t, "t", s.Header.Name)
	require.Equal(t, [][]trace.Patch{
		{{Offset: 0, Deleted: 0, Inserted: "hx"}},
		{{Offset: 1, Deleted: 1, Inserted: "é😀"}, {Offset: 2, Deleted: 2}},
	}, s.Transactions)
	text, err := s.Text(1)
	require.NoError(t, err)
	require.Equal(t, "hx", text)

	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err = io.WriteString(z, good)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	again, err := trace.ReadSeq(write(t, zipped.String()))
	require.NoError(t, err)
	require.Equal(t, s, again)

	_, err = trace.ReadSeq(write(t, zipped.String()[:zipped.Len()-9]))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut short")
}

func TestReadSeqRefuses(t *testing.T) {
	whole := header(`"txns":1,"patches":1,"endLen":2`)
	for _, row := range []struct{ name, content, want string }{
		{"empty file", "", "t.jsonl:1: not a readable trace: the file is empty"},
		{"no header", `[0,0,"a"]` + "\n", "line 1 is not the header"},
		{"text", "Dear diary\n", "line 1 is not the header"},
		{"other format", strings.Replace(whole, "seqtrace/1", "seqtrace/2", 1), `the format is "seqtrace/2", want "seqtrace/1"`},
		{"other unit", strings.Replace(whole, "utf16", "utf8", 1), `offsets count "utf8"`},
		{"starts from text", strings.Replace(whole, `"startLen":0`, `"startLen":3`, 1), "starts from a text of 3 units"},
		{"too few", whole, "the header promises 1 transactions, the file holds 0"},
		{"too many", whole + `[0,0,"h"]` + "\n" + `[1,0,"é"]` + "\n", "t.jsonl:3: not a readable trace: the header promises 1 transactions, the file holds 2"},
		{"other text", whole + `[0,0,"ho"]` + "\n", "the header says " + sumHe},
		{"other length", whole + `[0,0,"hé!"]` + "\n", "the header promises 2 units of text at the end, the file holds 3"},
		{"past the end", whole + `[1,0,"h"]` + "\n", "t.jsonl:2: not a readable trace: the patch takes [1, 1) of a text of 0 units"},
		{"negative", whole + `[0,-1,"h"]` + "\n", "want [offset, deleted"},
		{"float", whole + `[0.0,0,"h"]` + "\n", "want [offset, deleted"},
		{"two elements", whole + `[0,0]` + "\n", "want [offset, deleted"},
		{"fourth not 1", whole + `[0,0,"h",2]` + "\n", "want [offset, deleted"},
		{"behind it", whole + `[0,0,"h"] 7` + "\n", "want [offset, deleted"},
		{"open string", whole + `[0,0,"h]` + "\n", "want [offset, deleted"},
		{"nothing done", whole + `[0,0,""]` + "\n", "does nothing"},
		{"joins nothing", whole + `[0,0,"h",1]` + "\n", "belongs to no transaction"},
		{"lone surrogate", whole + `[0,0,"h\ud83d"]` + "\n", "a lone surrogate"},
		{"invalid UTF-8", whole + "[0,0,\"h\xff\"]\n", "invalid UTF-8"},
		{"half a pair", whole + `[0,0,"h😀"]` + "\n" + `[1,1,"",1]` + "\n", "the header promises 1 patches"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := trace.ReadSeq(write(t, row.content))
			require.ErrorIs(t, err, trace.ErrFormat)
			require.ErrorContains(t, err, row.want)
		})
	}
	_, err := trace.ReadSeq(filepath.Join(t.TempDir(), "absent"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = trace.ReadSeq(write(t, header(`"txns":1,"patches":2,"endLen":2`)+`[0,0,"h😀"]`+"\n"+`[1,1,"",1]`+"\n"))
	require.ErrorContains(t, err, "half a surrogate pair")
}

func dagHeader(txns string) string {
	return `{"format":"dagtrace/1","name":"d","unit":"utf16","txns":` + txns + `,"patches":` + txns + `,"agentsDeclared":3,"endSha256":"` + sumHe + `"}` + "\n"
}

func TestReadDag(t *testing.T) {
	d, err := trace.ReadDag(write(t, dagHeader("5")+
		`{"a":0,"p":[],"x":[[0,0,"a"]]}`+"\n"+
		`{"a":1,"p":[0],"x":[[1,0,"b"]]}`+"\n"+
		`{"a":0,"p":[0],"x":[[1,0,"c"]]}`+"\n"+ // has not seen 1
		`{"a":2,"p":[],"x":[[0,0,"d"]]}`+"\n"+ // has seen nothing
		`{"a":0,"p":[2,1],"x":[[0,1,"e"]]}`+"\n"))
	require.NoError(t, err)
	require.Equal(t, trace.DagTransaction{Agent: 0, Parents: []int{2, 1}, Patches: []trace.Patch{{Offset: 0, Deleted: 1, Inserted: "e"}}}, d.Transactions[4])
	seen, err := d.Seen()
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 0, 0, 2}, seen)

	d.Transactions[4].Parents = []int{1}
	_, err = d.Seen()
	require.ErrorContains(t, err, "transaction 4 of d: its base is not a prefix", "the agent's own transaction 2 is missing")
	d.Transactions[4].Parents = []int{2, 3}
	_, err = d.Seen()
	require.ErrorContains(t, err, "its base is not a prefix", "3 is there without 1")
}

func TestReadDagRefuses(t *testing.T) {
	for _, row := range []struct{ name, line, want string }{
		{"parent ahead", `{"a":0,"p":[0],"x":[[0,0,"a"]]}`, "d.jsonl:2: not a readable trace: transaction 0 has the parent 0"},
		{"unknown agent", `{"a":3,"p":[],"x":[[0,0,"a"]]}`, "agent 3 of 3"},
		{"no patches", `{"a":0,"p":[],"x":[]}`, "without patches"},
		{"unknown field", `{"a":0,"p":[],"x":[[0,0,"a"]],"y":1}`, "unknown field"},
		{"bad patch", `{"a":0,"p":[],"x":[[0,0]]}`, "want [offset"},
		{"two values", `{"a":0,"p":[],"x":[[0,0,"a"]]} {}`, "more than one value"},
		{"missing", ``, "the header promises 1 transactions, the file holds 0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			content := dagHeader("1")
			if row.line != "" {
				content += row.line + "\n"
			}
			_, err := trace.ReadDag(write(t, content))
			require.ErrorIs(t, err, trace.ErrFormat)
			require.ErrorContains(t, err, strings.TrimPrefix(row.want, "d.jsonl"))
		})
	}
}

func TestOp(t *testing.T) {
	op, err := trace.Op([]trace.Patch{{Offset: 3, Deleted: 2, Inserted: "ab"}, {Offset: 1, Deleted: 3, Inserted: "😀"}})
	require.NoError(t, err)
	require.Equal(t, `[1,"😀",-2,"b",-2]`, op.String())

	_, err = trace.Op([]trace.Patch{{Inserted: "😀"}, {Offset: 1, Inserted: "x"}})
	require.ErrorIs(t, err, ot.ErrSurrogate)
	require.ErrorContains(t, err, "patch 2 of 2")
}

// TestMorningNotes: the committed session is what the model types, and has in it what the recorded ones lack.
func TestMorningNotes(t *testing.T) {
	made, err := trace.MorningNotes()
	require.NoError(t, err)
	kept, err := trace.ReadSeq(ours)
	require.NoError(t, err)
	require.Equal(t, kept, made, "run: go run ./trace/gen testdata/traces/morning-notes.seq.jsonl.gz")

	h := kept.Header
	require.Equal(t, emptySum, h.StartSHA256)
	require.GreaterOrEqual(t, h.Txns, 1500)
	require.LessOrEqual(t, h.Txns, 2500)
	require.Greater(t, h.AstralPatches, 40)
	require.Greater(t, h.DeleteOnly, 50)
	require.Greater(t, h.Replace, 10)
	require.Greater(t, h.Patches, h.Txns, "a transaction of several patches")

	text := []uint16{}
	wholeClusters := 0
	for _, transaction := range kept.Transactions {
		for _, p := range transaction {
			gone := string(utf16.Decode(text[p.Offset : p.Offset+p.Deleted]))
			require.NotContains(t, gone, "\uFFFD", "half of a pair is deleted")
			if p.Deleted > 2 && p.Inserted == "" && strings.ContainsAny(gone, "\u200D\uFE0F🏽🇳") {
				wholeClusters++
			}
			rest := append(utf16.Encode([]rune(p.Inserted)), text[p.Offset+p.Deleted:]...)
			text = append(text[:p.Offset], rest...)
		}
	}
	require.Greater(t, wholeClusters, 3, "joined characters are deleted whole")
	require.Equal(t, h.EndSHA256, trace.SHA256(string(utf16.Decode(text))))
}

func TestWriteReadsBack(t *testing.T) {
	s, err := trace.NewSeq("n", "s", trace.Type(7, 300))
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, s.Write(&out))
	again, err := trace.ReadSeq(write(t, out.String()))
	require.NoError(t, err)
	require.Equal(t, s, again)
	require.ErrorIs(t, s.Write(brokenWriter{}), errBroken)
}

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }
