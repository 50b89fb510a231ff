package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
)

// How long what comes by itself is waited for, and how often it is looked at.
const (
	patience = 20 * time.Second
	poll     = 10 * time.Millisecond
)

// edits has authors take turns in a document of a running server, one commit each, and waits until all is saved.
func edits(t *testing.T, url, name string, kind doc.Kind, by []string, ops ...string) {
	t.Helper()
	docs := map[string]*client.Doc{}
	for _, author := range by {
		conn, err := client.Connect(url, client.Options{User: client.User{Name: author}})
		require.NoError(t, err)
		defer conn.Close()
		docs[author], err = conn.Open(name, kind)
		require.NoError(t, err)
		require.NoError(t, docs[author].WaitReady(t.Context()))
		docs[author].SetPresence(&ot.Range{})
	}
	for _, d := range docs { // commits have the names that the server has been told
		require.Eventually(t, func() bool {
			return len(d.Peers()) == len(by)-1 && !slices.ContainsFunc(d.Peers(), func(p client.Peer) bool { return p.User.Name == "" })
		}, patience, poll)
	}
	for i, text := range ops {
		d, rev := docs[by[i%len(by)]], doc.Revision(i)
		require.Eventually(t, func() bool { return d.Revision() >= rev }, patience, poll)
		var op ot.Op
		require.NoError(t, op.UnmarshalJSON([]byte(text)))
		require.NoError(t, d.Edit(op, -1))
		require.NoError(t, d.WaitSaved(t.Context()))
	}
}

// TestHistoryRoundTrip: a history goes out and comes in with revisions, times, authors, attributes and embeds, from its floor on.
func TestHistoryRoundTrip(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	url, stop := served(t, data)
	edits(t, url, "rich", doc.Rich, []string{"Ann", "Ben"},
		`["hello 😀"]`, `[[5,"bold",true,"size",3]]`, `[6,[null,"image","a.png","w",10],-2]`, `[-1,["H","bold",true]]`, `[7,"\u2028<&>"]`, `[-1]`)
	stop()

	everywhere(t, func(t *testing.T, copies string) {
		history := good(t, "export", "--data", data, "--format", "jsonl", "rich")
		require.Equal(t, 7, strings.Count(history, "\n"))
		require.Contains(t, history, `"author":"Ben","op":[[5,"bold",true,"size",3]]`)
		good(t, "import", "--data", copies, "copy", write(t, history))
		require.Equal(t, behindFirst(history), behindFirst(good(t, "export", "--data", copies, "--format", "jsonl", "copy")))
		require.Equal(t, good(t, "export", "--data", data, "rich"), good(t, "export", "--data", copies, "copy"))
	})

	require.Equal(t, "rich: history reached back to revision 0, and now to 4\n", good(t, "trim", "--data", data, "rich", "--keep-commits", "2"))
	trimmed := good(t, "export", "--data", data, "--format", "jsonl", "rich")
	require.Contains(t, trimmed, `"floor":4,"revision":6}`)
	require.Regexp(t, `(?m)^\{"base":\[.*\["H","\\u0000by","Ben","bold",true\],.*\]\}$`, trimmed, "the base has its authors")
	everywhere(t, func(t *testing.T, copies string) {
		good(t, "import", "--data", copies, "copy", write(t, trimmed))
		require.Equal(t, behindFirst(trimmed), behindFirst(good(t, "export", "--data", copies, "--format", "jsonl", "copy")))
		require.Regexp(t, `(?m)^floor +4 `, good(t, "inspect", "--data", copies, "copy"))
		require.Equal(t, good(t, "export", "--data", data, "rich"), good(t, "export", "--data", copies, "copy"))
		good(t, "check", "--data", copies)
	})
}

// behindFirst is a history without its first line, which has its name and when it was made.
func behindFirst(history string) string {
	_, rest, _ := strings.Cut(history, "\n")
	return rest
}

// TestErase: what was written and deleted again is in no file any more, while people have the document open.
func TestErase(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	url, stop := served(t, data)
	edits(t, url, "a", doc.Text, []string{"Ann"}, `["kept "]`, `[5,"the secret"]`, `[5,-10]`, `[5,"words"]`)
	conn, err := client.Connect(url, client.Options{})
	require.NoError(t, err)
	defer conn.Close()
	open, err := conn.Open("a", doc.Text)
	require.NoError(t, err)
	require.NoError(t, open.WaitReady(t.Context()))

	require.Equal(t, "a: 10 UTF-16 code units erased\n", good(t, "erase", "--data", data, "a", "1", "3"))
	require.Equal(t, "kept words", good(t, "export", "--data", data, "a"))
	history := good(t, "export", "--data", data, "--format", "jsonl", "a")
	require.Contains(t, history, `"revision":4}`)
	require.NotContains(t, history, "secret")
	require.NoError(t, open.Edit(ot.Op{{Kind: ot.Insert, N: 1, Text: "!"}}, -1)) // it loads the document anew
	require.NoError(t, open.WaitSaved(t.Context()))
	require.Equal(t, "!kept words", good(t, "export", "--data", data, "a"))
	require.NoError(t, conn.Close())
	stop()
	requireNowhere(t, data, "the secret")
	require.Contains(t, good(t, "check", "--data", data), "nothing is damaged")

	good(t, "import", "--data", data, "b", write(t, "to be removed"))
	good(t, "remove", "--data", data, "b")
	require.NotContains(t, good(t, "inspect", "--data", data), "b ")
}

// requireNowhere looks for words in every file of a directory, as they are stored.
func requireNowhere(t *testing.T, dir, words string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		require.False(t, bytes.Contains(content, []byte(words)), path)
		return err
	}))
}

// TestServeKeeps: the flags are a retention.
func TestServeKeeps(t *testing.T) {
	for _, row := range []struct{ flag, value, says string }{
		{"--keep-age", "-1s", "0 or more"},
		{"--keep-commits", "-1", "0 or more"},
		{"--keep-bytes", "-1", "0 or more"},
		{"--keep-age", "30d", `"30d" for "--keep-age" flag: hours are the largest unit: 720h`},
		{"--keep-every", "soon", "such as 90s, 10m or 720h"},
	} {
		require.Contains(t, bad(t, 2, "serve", "--data", t.TempDir(), row.flag, row.value), row.says)
	}
	data := filepath.Join(t.TempDir(), "data")
	url, stop := served(t, data, "--unload-after", "10ms")
	ops := make([]string, 20)
	for i := range ops {
		ops[i] = fmt.Sprintf(`["%d"]`, i)
	}
	edits(t, url, "a", doc.Text, []string{"Ann"}, ops...)
	require.Eventually(t, func() bool { // the floor moves up to the newest snapshot
		return strings.Contains(good(t, "inspect", "--data", data, "a"), "of revision 20")
	}, patience, poll)
	stop()
	served(t, data, "--keep-commits", "5", "--keep-every", "50ms")
	require.Eventually(t, func() bool {
		return strings.Contains(good(t, "inspect", "--data", data, "a"), "15 (history reaches back")
	}, patience, poll, "trimmed in the next pass")
}
