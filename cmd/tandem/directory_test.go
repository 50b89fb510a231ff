package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	client "tandem/client-go"
	"tandem/cmd/tandem/child"
	"tandem/doc"
	"tandem/doc/disk"
	"tandem/ot"
)

// served runs a server on a directory within the test, and is its address.
func served(t *testing.T, data string, flags ...string) (url string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, log := child.NewFirstLine(), &child.Tail{}
	status := make(chan int, 1)
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data}, flags...)
	go func() { // ends with stop
		status <- run(ctx, args, func(string) string { return "" }, strings.NewReader(""), out, log)
	}()
	ended := false
	stop = func() {
		if !ended {
			ended = true
			cancel()
			require.Zero(t, <-status, log.String())
		}
	}
	t.Cleanup(stop)
	select {
	case line := <-out.Line:
		return strings.TrimPrefix(line, "tandem: "), stop
	case s := <-status:
		ended = true
		cancel()
		require.FailNow(t, "the server did not start", "status %d: %s", s, log)
	}
	return "", nil
}

// good runs a command that must succeed without a word on stderr, and is its output.
func good(t *testing.T, args ...string) string {
	t.Helper()
	status, stdout, stderr := tandem(t.Context(), args...)
	require.Zero(t, status, "%q: %s%s", args, stdout, stderr)
	require.Empty(t, stderr, "%q", args)
	return stdout
}

// bad runs a command that must fail with one line on stderr, and is that line.
func bad(t *testing.T, want int, args ...string) string {
	t.Helper()
	status, _, stderr := tandem(t.Context(), args...)
	require.Equal(t, want, status, "%q: %s", args, stderr)
	require.Regexp(t, `^tandem: [^\n]+\n$`, stderr, "%q: one line", args)
	return stderr
}

func write(t *testing.T, text string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// everywhere runs a test on a stopped server's directory and on a running one's.
func everywhere(t *testing.T, test func(t *testing.T, data string)) {
	t.Run("stopped", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "data")) })
	t.Run("running", func(t *testing.T) {
		data := filepath.Join(t.TempDir(), "data")
		served(t, data)
		test(t, data)
	})
}

// TestCommands: each command, as README.md shows it.
func TestCommands(t *testing.T) {
	everywhere(t, func(t *testing.T, data string) {
		status, stdout, stderr := tandem(t.Context(), "import", "--data", data, "notes/today", write(t, "Hello\r\nworld 😀\n"))
		require.Zero(t, status, stderr)
		require.Equal(t, "notes/today: text, revision 1, 15 UTF-16 code units\n", stdout)
		require.Equal(t, "tandem: 1 line end became LF: a text's lines end with LF\n", stderr)
		good(t, "import", "--data", data, "empty", write(t, ""))

		list := good(t, "inspect", "--data", data)
		require.Contains(t, good(t, "inspect", "--data", data, "--json"), `"name": "notes/today",`)
		require.Contains(t, good(t, "inspect", "--data", data, "--json", "notes/today"), `"units": 15,`)
		require.Regexp(t, `(?m)^NAME +KIND +REVISION +FLOOR +HISTORY +LAST CHANGE$`, list)
		require.Regexp(t, `(?m)^notes/today +text +1 +0 +\d+ B +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$`, list)
		require.Less(t, strings.Index(list, "empty"), strings.Index(list, "notes/today"), "in the order of names")
		detail := good(t, "inspect", "--data", data, "notes/today")
		for _, want := range []string{"revision +1", "floor +0 ", "content +15 UTF-16 code units, 17 B", "client records +1,", "epoch +[0-9a-f]{16}", "id +[0-9a-f]{32}"} {
			require.Regexp(t, "(?m)^"+want, detail)
		}

		require.Equal(t, "Hello\nworld 😀\n", good(t, "export", "--data", data, "notes/today"))
		require.Empty(t, good(t, "export", "--data", data, "empty"))
		history := good(t, "export", "--data", data, "--format", "jsonl", "notes/today")
		require.Regexp(t, `^\{"format":"tandem-history","version":1,"document":"notes/today","kind":"text","created":"[^"]+","floor":0,"revision":1\}
\{"rev":1,"time":"[^"]+","author":"import","op":\["Hello\\nworld 😀\\n"\]\}
$`, history)
		require.Equal(t, "copy: text, revision 1, 15 UTF-16 code units\n", good(t, "import", "--data", data, "copy", write(t, history)))
		_, commits, _ := strings.Cut(history, "\n")
		_, copied, _ := strings.Cut(good(t, "export", "--data", data, "--format", "jsonl", "copy"), "\n")
		require.Equal(t, commits, copied, "times and authors are kept")

		require.Equal(t, data+": 3 documents, nothing is damaged\n", good(t, "check", "--data", data))
		var report disk.Report
		require.NoError(t, json.Unmarshal([]byte(good(t, "check", "--data", data, "--json")), &report))
		require.True(t, report.OK)
		require.Empty(t, report.Problems)
		require.Equal(t, disk.DocumentReport{Name: "copy", OK: true, Revision: 1}, report.Documents[0])
		require.NoFileExists(t, filepath.Join(data, "tandem.db.check"))

		backup := filepath.Join(t.TempDir(), "backup")
		require.Regexp(t, `: 3 documents, [\d.]+ .iB\n$`, good(t, "backup", "--data", data, backup))
		require.Contains(t, bad(t, 1, "backup", "--data", data, backup), "backup to "+backup+": file already exists: choose another name")
		require.Equal(t, backup+": 3 documents, nothing is damaged\n", good(t, "check", "--backup", backup))
		restored := filepath.Join(t.TempDir(), "restored")
		require.Equal(t, restored+": 3 documents restored; tandem serve --data "+restored+"\n", good(t, "restore", "--data", restored, backup))
		require.Equal(t, "Hello\nworld 😀\n", good(t, "export", "--data", restored, "notes/today"))
		require.Regexp(t, `: [\d.]+ .iB before, [\d.]+ .iB now\n$`, good(t, "compact", "--data", data))

		require.Equal(t, "copy: removed at revision 1\n", good(t, "remove", "--data", data, "copy"))
		require.Contains(t, bad(t, 1, "export", "--data", data, "copy"), "tandem inspect --data "+data+" lists them")
		require.NotContains(t, good(t, "inspect", "--data", data), "copy")
		good(t, "import", "--data", data, "copy", write(t, "another")) // the name is free
	})
}

// TestCommandsRefuse: what is wrong is said in one line, at once.
func TestCommandsRefuse(t *testing.T) {
	everywhere(t, func(t *testing.T, data string) {
		good(t, "import", "--data", data, "a", write(t, "text"))
		dir, file := t.TempDir(), write(t, "x")
		for _, row := range []struct {
			name   string
			status int
			says   string
			args   []string
		}{
			{"no such document", 1, `no document "b"`, []string{"inspect", "--data", data, "b"}},
			{"no such document", 1, `no document "b"`, []string{"export", "--data", data, "b"}},
			{"no such document", 1, `no document "b"`, []string{"remove", "--data", data, "b"}},
			{"no such document", 1, `no document "b"`, []string{"trim", "--data", data, "b", "--keep-commits", "1"}},
			{"no such document", 1, `no document "b"`, []string{"erase", "--data", data, "b", "0", "1"}},
			{"a document that is there", 1, `there already: "a"`, []string{"import", "--data", data, "a", write(t, "x")}},
			{"a file that is not there", 1, "no such file", []string{"import", "--data", data, "b", "/nowhere/file"}},
			{"a bad name", 2, "segment is empty", []string{"import", "--data", data, "b//c", write(t, "x")}},
			{"a bad format", 2, `"xml"`, []string{"export", "--data", data, "--format", "xml", "a"}},
			{"a revision that is a word", 2, `FROM is "x"`, []string{"erase", "--data", data, "a", "x", "1"}},
			{"nothing between", 2, "nothing lies between", []string{"erase", "--data", data, "a", "1", "1"}},
			{"a revision to come", 1, "no such revision", []string{"erase", "--data", data, "a", "0", "7"}},
			{"keep nothing", 2, "--keep-commits 0: it is at least 1", []string{"trim", "--data", data, "a", "--keep-commits", "0"}},
			{"keep what", 2, "--keep-commits is missing", []string{"trim", "--data", data, "a"}},
			{"import a directory", 1, dir + " is a directory: name a text file", []string{"import", "--data", data, "b", dir}},
			{"restore a directory", 1, dir + " is a directory; name the file", []string{"restore", "--data", filepath.Join(dir, "new"), dir}},
			{"check a file", 1, "it is a file: name the data directory; a backup is checked with tandem check --backup " + file, []string{"check", "--data", file}},
			{"check a backup that is none", 1, "not a whole backup", []string{"check", "--backup", file}},
			{"check two things", 2, "both given", []string{"check", "--backup", file, "--data", data}},
			{"inspect a file", 1, "it is a file: name the data directory", []string{"inspect", "--data", file}},
			{"a directory of something else", 1, `it holds "file" and no file "TANDEM": check the path`, []string{"check", "--data", filepath.Dir(file)}},
			{"a backup that is none", 1, "not a whole backup", []string{"restore", "--data", filepath.Join(t.TempDir(), "new"), write(t, "x")}},
			{"backup into nowhere", 1, "there is no directory /nowhere: make it first", []string{"backup", "--data", data, "/nowhere/backup"}},
			{"no directory", 2, "--data is missing", []string{"inspect"}},
			{"a directory that is not there", 1, "no tandem store", []string{"inspect", "--data", filepath.Join(data, "nothing")}},
			{"an empty directory", 1, "the directory is empty: check the path; tandem serve makes a store there", []string{"check", "--data", t.TempDir()}},
			{"no FILE", 2, "FILE is missing: tandem backup --data DIR FILE", []string{"backup", "--data", data}},
			{"no DOC", 2, "DOC is missing: tandem export", []string{"export", "--data", data}},
			{"no DOC and FILE", 2, "DOC and FILE are missing: tandem import", []string{"import", "--data", data}},
			{"no DOC, FROM and TO", 2, "DOC, FROM and TO are missing: tandem erase", []string{"erase", "--data", data}},
			{"no TO", 2, "TO is missing: tandem erase", []string{"erase", "--data", data, "a", "1"}},
			{"a negative revision", 2, "-1 is no revision: FROM and TO are numbers from 0 on", []string{"erase", "--data", data, "a", "-1", "5"}},
			{"a directory without --data", 2, fmt.Sprintf("%q is one argument too many; a data directory is named with --data: tandem compact --data DIR", data), []string{"compact", data}},
			{"two documents", 2, `"b" is one argument too many: tandem inspect --data DIR [DOC]`, []string{"inspect", "--data", data, "a", "b"}},
		} {
			t.Run(row.name, func(t *testing.T) { require.Contains(t, bad(t, row.status, row.args...), row.says) })
		}
	})
}

// TestImportsRefuse: a file that cannot be imported leaves nothing behind.
func TestImportsRefuse(t *testing.T) {
	const head = `{"format":"tandem-history","version":1,"document":"x","kind":"text","created":"2026-01-02T03:04:05Z","floor":0,"revision":2}` + "\n"
	const commit = `{"rev":1,"time":"2026-01-02T03:04:05Z","op":["a"]}` + "\n"
	everywhere(t, func(t *testing.T, data string) {
		good(t, "import", "--data", data, "other", write(t, ""))
		for _, row := range []struct{ name, file, says string }{
			{"not UTF-8", strings.Repeat("ä", 40_000) + "\xffz", "0xff at offset 80000"},
			{"cut within a character", "ab\xf0\x9f", "0xf0 at offset 2"},
			{"cut", head + commit, "behind line 2"},
			{"cut within a line", head + commit + `{"rev":2,"ti`, "line 3"},
			{"no commits", head, "behind line 1"},
			{"a revision is missing", head + `{"rev":2,"time":"2026-01-02T03:04:05Z","op":["a"]}`, "revision 2 stands where 1 should"},
			{"no op", head + `{"rev":1,"time":"2026-01-02T03:04:05Z"}`, "has no op"},
			{"no time", head + `{"rev":1,"op":["a"]}`, "has no time after 1970"},
			{"an op that is none", head + `{"rev":1,"time":"2026-01-02T03:04:05Z","op":[0]}`, "line 2"},
			{"an op that does not fit", head + commit + `{"rev":2,"time":"2026-01-02T03:04:05Z","op":[5,"a"]}`, "line 3"},
			{"attributes in a text", head + `{"rev":1,"time":"2026-01-02T03:04:05Z","op":[["a","b",1]]}`, "attributes"},
			{"a key of the server's", strings.Replace(head, `"text"`, `"rich"`, 1) + `{"rev":1,"time":"2026-01-02T03:04:05Z","op":[["a","\u0000by","x"]]}`, "reserved"},
			{"a long author", head + `{"rev":1,"time":"2026-01-02T03:04:05Z","author":"` + strings.Repeat("a", 65) + `","op":["a"]}`, "65 bytes"},
			{"more than it says", head + commit + strings.Replace(commit, "1", "2", 1) + strings.Replace(commit, "1", "3", 1), "line 4"},
			{"another kind", strings.Replace(head, `"text"`, `"table"`, 1), `"table"`},
			{"a later version", strings.Replace(head, `"version":1`, `"version":2`, 1), "newer version of tandem"},
			{"a floor beyond the end", strings.Replace(head, `"floor":0`, `"floor":3`, 1), "floor"},
			{"a base that is none", strings.Replace(head, `"floor":0`, `"floor":1`, 1) + `{"base":[3]}`, "line 2"},
		} {
			t.Run(row.name, func(t *testing.T) {
				line := bad(t, 1, "import", "--data", data, "x", write(t, row.file))
				require.Contains(t, line, row.says)
				require.Contains(t, bad(t, 1, "inspect", "--data", data, "x"), "no document")
			})
		}
		require.Contains(t, good(t, "check", "--data", data), "1 document,")
	})
}

// TestLargeImport: a large text goes in as operations within limits, on a running server, and comes out as it was; one that is too large
// does not go in.
func TestLargeImport(t *testing.T) {
	size := 1 << 20
	data := filepath.Join(t.TempDir(), "data")
	if os.Getenv("TANDEM_LONG") != "" {
		size = 10 << 20
		large := write(t, strings.Repeat("0123456789abcdef", ot.MaxDocument/16)+"x")
		require.Contains(t, bad(t, 1, "import", "--data", data, "large", large), "16777217 code units")
	}
	url, _ := served(t, data)
	var text strings.Builder
	for text.Len() < size {
		text.WriteString("The quick brown fox 🦊 jumps over the lazy dög.\r\n")
	}
	status, _, stderr := tandem(t.Context(), "import", "--data", data, "large", write(t, text.String()))
	require.Zero(t, status, stderr)
	want := strings.ReplaceAll(text.String(), "\r\n", "\n")
	require.True(t, want == good(t, "export", "--data", data, "large")) // nobody reads a difference of this size
	conn, err := client.Connect(url, client.Options{})
	require.NoError(t, err)
	defer conn.Close()
	d, err := conn.Open("large", doc.Text)
	require.NoError(t, err)
	require.NoError(t, d.WaitReady(t.Context()))
	require.True(t, want == d.Text())
	require.NoError(t, d.Edit(ot.Op{{Kind: ot.Insert, N: 1, Text: "!"}}, -1))
	require.NoError(t, d.WaitSaved(t.Context()))
}

// TestFromStdin: "-" is stdin, and stdout of export is a file like any other.
func TestFromStdin(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	var out, errs bytes.Buffer
	status := run(t.Context(), []string{"import", "--data", data, "a", "-"}, os.Getenv, strings.NewReader("from stdin"), &out, &errs)
	require.Zero(t, status, errs.String())
	require.Equal(t, "from stdin", good(t, "export", "--data", data, "a"))
	errs.Reset()
	status = run(t.Context(), []string{"export", "--data", data, "a"}, os.Getenv, nil, brokenPipe{}, &errs)
	require.Equal(t, 1, status)
	require.Equal(t, "tandem: the output could not be written: io: read/write on closed pipe\n", errs.String())
	errs.Reset()
	broken := iotest.ErrReader(errors.New("input/output error"))
	status = run(t.Context(), []string{"import", "--data", data, "c", "-"}, os.Getenv, broken, &out, &errs)
	require.Equal(t, 1, status)
	require.Equal(t, "tandem: -: it could not be read: input/output error\n", errs.String())
	require.Contains(t, bad(t, 1, "inspect", "--data", data, "c"), "no document")
	variable := func(name string) string { return map[string]string{"TANDEM_DATA": data}[name] }
	out.Reset()
	require.Zero(t, run(t.Context(), []string{"export", "a"}, variable, nil, &out, &errs), "TANDEM_DATA names the directory to read from")
	require.Equal(t, "from stdin", out.String())
	require.Equal(t, 2, run(t.Context(), []string{"import", "b", "-"}, variable, nil, &out, &errs), "but not the one to write to")
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestAdvice: a full disk is not the end: what can be done is said.
func TestAdvice(t *testing.T) {
	full := fmt.Errorf("%w: %w: write tandem.db", doc.ErrUnavailable, doc.ErrNoSpace)
	require.EqualError(t, advise(full, "data", true), full.Error()+"; free space on the disk of data and try again; tandem export and inspect work meanwhile")
	require.EqualError(t, advise(full, "data", false), full.Error()+"; free space on the disk of data and try again")
	require.ErrorIs(t, advise(full, "data", false), doc.ErrNoSpace)
	require.Equal(t, doc.ErrUnavailable, advise(doc.ErrUnavailable, "data", true))
	require.NoError(t, advise(nil, "data", true))
}
