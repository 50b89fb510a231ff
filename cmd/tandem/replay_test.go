package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	client "tandem/client-go"
	"tandem/cmd/tandem/child"
	"tandem/doc"
	"tandem/ot"
	"tandem/trace"
)

const morningNotes = "../../testdata/traces/morning-notes.seq.jsonl.gz"

// asProgram has the test binary be the tandem program: replay starts its own executable as a server.
const asProgram = "TANDEM_TEST_AS_PROGRAM"

// checkerDies has a test binary that is the checker end as for want of memory.
const checkerDies = "TANDEM_TEST_CHECKER_DIES"

func TestMain(m *testing.M) {
	if os.Getenv(checkerDies) != "" && len(os.Args) > 1 && os.Args[1] == checkerName {
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
	}
	if os.Getenv(asProgram) != "" {
		main()
	}
	if err := os.Setenv(asProgram, "1"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// tandem runs a command within the test.
func tandem(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(ctx, args, func(string) string { return "" }, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

// newServer is a server in a process of its own, that was not started yet, and must not end by itself.
func newServer(t *testing.T, data string) *child.Server {
	return child.New(func(err error) { t.Error(err) }, "serve", "--data", data)
}

// replayed runs a replay that must be identical, and is its report.
func replayed(t *testing.T, args ...string) report {
	t.Helper()
	status, stdout, stderr := tandem(t.Context(), append([]string{"replay", "--json"}, args...)...)
	require.Zero(t, status, "%s\n%s", stdout, stderr)
	var r report
	dec := json.NewDecoder(strings.NewReader(stdout))
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&r))
	_, err := dec.Token()
	require.ErrorIs(t, err, io.EOF, "one object, and nothing else")
	require.Equal(t, identical, r.Verdict)
	require.Empty(t, r.Errors)
	t.Logf("note: %d authors, %d readers: %d transactions, %d revisions in %.1f s; ack %v; visible %v; %d reconnects, %d resubmissions, %d kills",
		r.Authors, r.Readers, r.Transactions, r.Revisions, r.Seconds, r.AckMs, r.VisibleMs, r.Reconnects, r.Resubmissions, r.Kills)
	return r
}

func TestReplayPlain(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.txt")
	r := replayed(t, "--limit", "300", "--readers", "3", "--seed", "7", "--doc", "a/b", "--out", out, morningNotes, morningNotes)
	require.Equal(t, "a/b", r.Doc)
	require.EqualValues(t, 7, r.Seed)
	require.Equal(t, 600, r.Transactions)
	require.Equal(t, 601, r.Submissions, "one transaction is one submission; the separators are one")
	require.EqualValues(t, 601, r.Revisions, "one submission is one revision")
	require.Equal(t, 6, r.Replicas)
	require.Zero(t, r.Reconnects+r.Resubmissions+r.Kills)
	require.Positive(t, r.AckMs.P50)
	require.LessOrEqual(t, r.AckMs.P50, r.AckMs.P99)
	require.LessOrEqual(t, r.AckMs.P99, r.AckMs.Max)
	require.Positive(t, r.VisibleMs.P50)

	content, err := os.ReadFile(out)
	require.NoError(t, err)
	seq, err := trace.ReadSeq(morningNotes)
	require.NoError(t, err)
	text, err := seq.Text(300)
	require.NoError(t, err)
	require.Equal(t, "── 1 😀 morning-notes ──\n"+text+"── 2 😀 morning-notes ──\n"+text, string(content))
	require.Equal(t, trace.SHA256(string(content)), r.SHA256)
}

func TestReplayWholeTrace(t *testing.T) {
	r := replayed(t, "--rate", "2000", morningNotes)
	require.Equal(t, r.Authors, 1)
	require.Less(t, int(r.Revisions), r.Transactions, "what was typed meanwhile went as one")
}

func TestReplayWithDrops(t *testing.T) {
	r := replayed(t, "--limit", "300", "--readers", "2", "--rate", "300", "--drop", "0.02", "--seed", "3", morningNotes, morningNotes)
	require.Positive(t, r.Reconnects)
	r = replayed(t, "--limit", "100", "--drop", "0.2", "--seed", "4", morningNotes, morningNotes)
	require.Positive(t, r.Resubmissions)
}

func TestReplayWithKills(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	r := replayed(t, "--limit", "300", "--readers", "2", "--rate", "300", "--kill", "2", "--seed", "5", "--data", data, morningNotes, morningNotes)
	require.Equal(t, 2, r.Kills)
	require.GreaterOrEqual(t, r.Reconnects, 2)
	require.DirExists(t, data, "--data is kept")
}

// TestReplayAgainstURL also has a document that is not empty.
func TestReplayAgainstURL(t *testing.T) {
	server := newServer(t, t.TempDir())
	require.NoError(t, server.Start(t.Context()))
	defer server.Stop()
	replayed(t, "--url", server.URL(), "--doc", "notes", "--limit", "20", morningNotes)
	status, stdout, stderr := tandem(t.Context(), "replay", "--json", "--url", server.URL(), "--doc", "notes", "--limit", "20", morningNotes)
	require.Equal(t, 2, status)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "must be empty")
}

// TestReplayGivesUp: nobody answers.
func TestReplayGivesUp(t *testing.T) {
	server := newServer(t, t.TempDir())
	require.NoError(t, server.Start(t.Context()))
	url := server.URL()
	server.Stop()
	status, stdout, stderr := tandem(t.Context(), "replay", "--json", "--url", url, "--wait", "1s", morningNotes)
	require.Equal(t, 1, status, stderr)
	var r report
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	require.Equal(t, incomplete, r.Verdict)
	require.NotEmpty(t, r.Errors)
	require.Contains(t, stderr, "no progress")
	require.Contains(t, stderr, "connection refused")
}

// TestReplayDifferent: somebody else writes into the document.
func TestReplayDifferent(t *testing.T) {
	server := newServer(t, t.TempDir())
	require.NoError(t, server.Start(t.Context()))
	defer server.Stop()
	conn, err := client.Connect(server.URL(), client.Options{})
	require.NoError(t, err)
	defer conn.Close()
	d, err := conn.Open("notes", doc.Text)
	require.NoError(t, err)
	wrote := make(chan struct{})
	d.OnChange(func(_ ot.Op, local bool) {
		if !local && wrote != nil { // the separators have come
			close(wrote)
			wrote = nil
		}
	})
	first := wrote
	go func() { // ends with the replay's first operation
		<-first
		var b ot.Builder
		b.InsertText("me too", nil)
		if err := d.Edit(b.Op(), -1); err != nil {
			t.Error(err)
		}
	}()
	status, stdout, stderr := tandem(t.Context(), "replay", "--json", "--url", server.URL(), "--doc", "notes", "--rate", "300", "--limit", "100", "--readers", "1", morningNotes)
	require.Equal(t, 1, status, stderr)
	var r report
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	require.Equal(t, different, r.Verdict, "%v", r.Errors)
	require.Len(t, r.Errors, 1)
	require.Contains(t, r.Errors[0], "the document: it has")
	require.Contains(t, stderr, "the replay is different")
}

// TestReplayInterrupted also leaves no server behind.
func TestReplayInterrupted(t *testing.T) {
	data := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	status, stdout, _ := tandem(ctx, "replay", "--rate", "1", "--data", data, morningNotes)
	require.Equal(t, 1, status)
	require.Contains(t, stdout, incomplete)
	server := newServer(t, data)
	require.NoError(t, server.Start(t.Context()), "the directory is free")
	server.Stop()
}

func TestReplayUsage(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	dag := write("d.dag.jsonl", `{"format":"dagtrace/1","name":"d","unit":"utf16","txns":0,"patches":0,"endSha256":"`+trace.SHA256("")+`"}`+"\n")
	for _, row := range []struct {
		name string
		args []string
		want string
	}{
		{"no trace", nil, "TRACE... is missing"},
		{"absent", []string{filepath.Join(dir, "absent")}, "no such file"},
		{"other format", []string{dag}, `want "seqtrace/1"`},
		{"text", []string{write("t.txt", "Dear diary\n")}, "line 1 is not the header"},
		{"damaged", []string{write("cut.gz", beginning(t, morningNotes))}, "cut.gz:"},
		{"unknown flag", []string{"--speed", "3", morningNotes}, "unknown flag"},
		{"url and data", []string{"--url", "http://localhost:1/", "--data", dir, morningNotes}, "--data"},
		{"url and kill", []string{"--url", "http://localhost:1/", "--kill", "1", morningNotes}, "--kill"},
		{"bad url", []string{"--url", "localhost:8080", morningNotes}, "want http://HOST:PORT/"},
		{"negative", []string{"--readers", "-1", morningNotes}, "--readers"},
		{"rate", []string{"--rate", "NaN", morningNotes}, "--rate"},
		{"drop", []string{"--drop", "1.5", morningNotes}, "--drop"},
		{"wait", []string{"--wait", "0s", morningNotes}, "--wait"},
		{"name", []string{"--doc", "a//b", morningNotes}, "--doc"},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, stdout, stderr := tandem(t.Context(), append([]string{"replay", "--json"}, row.args...)...)
			require.Equal(t, 2, status, stderr)
			require.Empty(t, stdout)
			require.Contains(t, stderr, row.want)
		})
	}
}

// beginning is the first half of a file.
func beginning(t *testing.T, path string) string {
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	r, err := gzip.NewReader(bytes.NewReader(content))
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return string(content[:len(content)/2])
}

func TestReplaySocketURL(t *testing.T) {
	for from, want := range map[string]string{
		"http://h:1":               "ws://h:1/ws",
		"http://h:1/":              "ws://h:1/ws",
		"https://h/tandem/":        "wss://h/tandem/ws",
		"ws://h:1/ws":              "ws://h:1/ws",
		"wss://h/tandem/ws?room=1": "wss://h/tandem/ws?room=1",
	} {
		got, err := socketURL(from)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// TestReplayCompare: a verdict that never says "different" would be worth nothing.
func TestReplayCompare(t *testing.T) {
	scripts := []*script{
		{separator: "── 1 😀 a ──\n", end: "one\n"},
		{separator: "── 2 😀 b ──\n"},
		{separator: "── 3 😀 b ──\n", end: "three"},
	}
	good := expected(scripts)
	require.Equal(t, "── 1 😀 a ──\none\n── 2 😀 b ──\n── 3 😀 b ──\nthree", good)
	require.Empty(t, compare(scripts, good))
	for _, row := range []struct{ name, text, want string }{
		{"letter", strings.Replace(good, "one", "onE", 1), "section 1: it has 4 bytes, expected are 4; they part at byte 2"},
		{"doubled", strings.Replace(good, "one\n", "one\none\n", 1), "section 1: it has 8 bytes, expected are 4; they part at byte 4"},
		{"in an empty section", strings.Replace(good, "── 3", "x── 3", 1), "section 2: it has 1 bytes, expected are 0; they part at byte 0"},
		{"cut", good[:len(good)-1], "section 3: it has 4 bytes, expected are 5; they part at byte 4"},
		{"before all", "x" + good, "the document: it has"},
		{"separator", strings.Replace(good, "2 😀", "2 😁", 1), "section 2: its separator is not there"},
		{"empty", "", "section 1: its separator is not there"},
	} {
		t.Run(row.name, func(t *testing.T) { require.Contains(t, fmt.Sprint(compare(scripts, row.text)), row.want) })
	}
}

func TestReplaySpread(t *testing.T) {
	require.Nil(t, spreadOf(nil))
	samples := make([]time.Duration, 0, 1000)
	for i := 1000; i > 0; i-- {
		samples = append(samples, time.Duration(i)*time.Millisecond)
	}
	require.Equal(t, &spread{P50: 501, P99: 991, Max: 1000}, spreadOf(samples))
}
