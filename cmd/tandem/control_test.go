package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/cmd/tandem/child"
	"tandem/doc/disk"
)

// TestControlPaths: a socket's address holds 108 bytes, and a directory may be anywhere, be reached over a link, and be moved.
func TestControlPaths(t *testing.T) {
	deep := filepath.Join(t.TempDir(), strings.Repeat("deep", 30), strings.Repeat("deeper", 30))
	require.NoError(t, os.MkdirAll(deep, 0o700))
	data := filepath.Join(deep, "data")
	_, stop := served(t, data)
	info, err := os.Lstat(filepath.Join(data, "control"))
	require.NoError(t, err)
	require.Equal(t, os.ModeSocket|0o600, info.Mode(), "for nobody else")
	good(t, "import", "--data", data, "a", write(t, "text"))

	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(data, link))
	require.Equal(t, "text", good(t, "export", "--data", link, "a"))

	moved := filepath.Join(deep, "moved")
	require.NoError(t, os.Rename(data, moved))
	require.Equal(t, "text", good(t, "export", "--data", moved, "a"))
	require.Contains(t, bad(t, 1, "export", "--data", data, "a"), "no tandem store")
	stop()
	require.NoFileExists(t, filepath.Join(moved, "control"), "removed at the stop")
	require.Equal(t, "text", good(t, "export", "--data", moved, "a"))

	wd, err := os.Getwd()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.Chdir(wd)) })
	require.NoError(t, os.Chdir(deep))
	served(t, "moved")
	require.Equal(t, "text", good(t, "export", "--data", "./moved/", "a"), "relative")
}

// TestControlAfterKill: the socket of a server that was killed is nobody's.
func TestControlAfterKill(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	server := newServer(t, data)
	require.NoError(t, server.Start(t.Context()))
	good(t, "import", "--data", data, "a", write(t, "text"))
	require.NoError(t, os.WriteFile(filepath.Join(data, "tandem.db.check"), []byte("left by a check"), 0o600))
	server.Stop()
	require.FileExists(t, filepath.Join(data, "control"))
	require.Equal(t, "text", good(t, "export", "--data", data, "a"), "nobody answers at it")
	require.NoFileExists(t, filepath.Join(data, "tandem.db.check"))
	served(t, data)
	require.Equal(t, "text", good(t, "export", "--data", data, "a"), "it was replaced")
}

// TestControlNameTaken: a server serves without its socket, and the commands say that it has the directory.
func TestControlNameTaken(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	good(t, "import", "--data", data, "a", write(t, "text"))
	require.NoError(t, os.WriteFile(filepath.Join(data, "control"), []byte("of somebody"), 0o600))
	served(t, data)
	require.Contains(t, bad(t, 1, "inspect", "--data", data), fmt.Sprintf("in use by process %d (tandem serve on 127.0.0.1:0)", os.Getpid()))
	text, err := os.ReadFile(filepath.Join(data, "control"))
	require.NoError(t, err)
	require.Equal(t, "of somebody", string(text))
}

// atOnce is how long it may take to say who has a directory; serve waits a second of it for who may be about to go.
const atOnce = 10 * time.Second

// TestWhoHasIt: whoever comes second is told at once who was first.
func TestWhoHasIt(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	store, err := disk.Open(data, disk.Config{Owner: "tandem compact"})
	require.NoError(t, err)
	holder := fmt.Sprintf("in use by process %d (tandem compact)", os.Getpid())
	for _, args := range [][]string{
		{"inspect"},
		{"check"},
		{"backup", filepath.Join(t.TempDir(), "backup")},
		{"compact"},
		{"export", "a"},
		{"import", "a", write(t, "x")},
		{"remove", "a"},
		{"serve", "--listen", "127.0.0.1:0"},
	} {
		began := time.Now()
		require.Contains(t, bad(t, 1, append(args, "--data", data)...), holder, "%q", args)
		require.Less(t, time.Since(began), atOnce, "%q", args)
	}
	require.NoError(t, store.Close())
	served(t, data)
	require.Contains(t, bad(t, 1, "serve", "--listen", "127.0.0.1:0", "--data", data), "tandem serve on 127.0.0.1:0")
	good(t, "inspect", "--data", data)
}

// program starts this program, for what only a process can do.
func started(t *testing.T, args ...string) (cmd *exec.Cmd, stderr *child.Tail) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	stderr = &child.Tail{}
	cmd = exec.Command(self, args...)
	cmd.Stderr, cmd.SysProcAttr = stderr, child.DieWithParent()
	return cmd, stderr
}

// appears waits until a running server knows a document, or does not.
func appears(t *testing.T, data, name string, there bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		status, _, _ := tandem(context.Background(), "inspect", "--data", data, name)
		return (status == 0) == there
	}, patience, poll, "document %q: there is %v", name, there)
}

// TestInterruptedImport: Ctrl-C takes the half of the document along, in the server and without one.
func TestInterruptedImport(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	_, stop := served(t, data)
	half := strings.Repeat("half of a text\n", 100_000) // several batches
	importing := func(name string) (cmd *exec.Cmd, stderr *child.Tail) {
		cmd, stderr = started(t, "import", "--data", data, name, "-")
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		_, err = in.Write([]byte(half))
		require.NoError(t, err)
		return cmd, stderr
	}
	cmd, stderr := importing("a")
	appears(t, data, "a", true)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.Error(t, cmd.Wait())
	require.Equal(t, 1, cmd.ProcessState.ExitCode(), stderr)
	require.Contains(t, stderr.String(), "interrupted")
	appears(t, data, "a", false)

	cmd, stderr = importing("b")
	appears(t, data, "b", true)
	stop() // the server does not wait for who may never end
	require.Error(t, cmd.Wait())
	require.Equal(t, 1, cmd.ProcessState.ExitCode(), stderr)
	require.Contains(t, bad(t, 1, "inspect", "--data", data, "b"), "no document")

	cmd, stderr = importing("c")
	require.Eventually(t, func() bool {
		_, _, line := tandem(context.Background(), "inspect", "--data", data)
		return strings.Contains(line, "(tandem import)")
	}, patience, poll)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.Error(t, cmd.Wait())
	require.Contains(t, stderr.String(), "interrupted")
	require.Contains(t, bad(t, 1, "inspect", "--data", data, "c"), "no document")
}

// TestCheckFinds: what is damaged is named, the rest goes on, and the end of who reads it is a finding, too.
func TestCheckFinds(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	secret := "the words that will be damaged"
	good(t, "import", "--data", data, "bad", write(t, secret))
	good(t, "import", "--data", data, "whole", write(t, "text"))
	good(t, "compact", "--data", data) // no other copy of the words
	path := filepath.Join(data, "tandem.db")
	database, err := os.ReadFile(path)
	require.NoError(t, err)
	at := strings.Index(string(database), secret)
	require.Positive(t, at)
	database[at] ^= 1
	require.NoError(t, os.WriteFile(path, database, 0o600))

	finds := func() {
		t.Helper()
		status, stdout, stderr := tandem(t.Context(), "check", "--data", data)
		require.Equal(t, 1, status)
		require.Regexp(t, "(?m)^bad: ", stdout)
		require.NotContains(t, stdout+stderr, "words", "nobody's text is told")
		require.Contains(t, stderr, "1 of 2 documents damaged")
		status, stdout, _ = tandem(t.Context(), "check", "--data", data, "--json")
		require.Equal(t, 1, status)
		require.Regexp(t, `(?s)"ok": false,.*"name": "bad",\s+"ok": false,\s+"revision": 1,\s+"problem": "[^"]+"\s.*"name": "whole",\s+"ok": true`, stdout)
	}
	finds()
	served(t, data)
	finds()
	require.Equal(t, "text", good(t, "export", "--data", data, "whole"))
	require.Contains(t, bad(t, 1, "export", "--data", data, "--format", "jsonl", "bad"), "damaged")
	require.Equal(t, secret, good(t, "export", "--data", data, "bad"), "its snapshot is whole")

	backup := filepath.Join(t.TempDir(), "backup")
	status, stdout, stderr := tandem(t.Context(), "backup", "--data", data, backup)
	require.Equal(t, 1, status, "who throws older backups away has to hear of it")
	require.Contains(t, stdout, backup+": 2 documents,")
	require.Contains(t, stderr, backup+" is written, but it has what the store has, 1 damaged document: bad; keep older backups")
	status, stdout, stderr = tandem(t.Context(), "check", "--backup", backup)
	require.Equal(t, 1, status)
	require.Regexp(t, "(?m)^bad: ", stdout)
	require.Contains(t, stderr, "1 of 2 documents damaged: take an older backup")
	good(t, "backup", "--data", data, "--no-check", backup+"2")
	restored := filepath.Join(t.TempDir(), "restored")
	good(t, "restore", "--data", restored, backup)
	require.Equal(t, "text", good(t, "export", "--data", restored, "whole"))
}

// TestCheckerDies: a store that ends who reads it.
func TestCheckerDies(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	good(t, "import", "--data", data, "a", write(t, "text"))
	t.Setenv(checkerDies, "1")
	status, stdout, stderr := tandem(t.Context(), "check", "--data", data, "--json")
	require.Equal(t, 1, status)
	require.Contains(t, stdout, "ended the checker (signal: killed)")
	require.Contains(t, stderr, "is damaged")
	served(t, data)
	require.Contains(t, bad(t, 1, "check", "--data", data), "is damaged")
	require.NoFileExists(t, filepath.Join(data, "tandem.db.check"))
}
