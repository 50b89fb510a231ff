package tandem_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	gorilla = "github.com/gorilla/websocket"
	bbolt   = "go.etcd.io/bbolt"
	msgpack = "github.com/vmihailenco/msgpack/v5"
)

// A rule says what the files of a package may import directly. It speaks of the standard library only where it denies a part
// of it; packages of this module, gorilla, bbolt and msgpack need to be in allow; any other dependency is free unless closed.
type rule struct {
	allow  []string // packages of this module without "tandem/", or one of the three above
	deny   []string // of the standard library: the package and those below it
	closed bool     // no dependency but those in allow
	free   bool     // whatever it likes: tests, tools, the binary
	reason string
}

var pureStd = []string{"context", "io/fs", "log", "net", "os", "sync", "syscall", "time"}

const pureReason = "ot is the algebra: it blocks on nothing, keeps no time and does no I/O, so that everything in it is tested by calling functions"

// rules are by folder; a folder without one of its own follows the nearest above it.
var rules = map[string]rule{
	"ot": {allow: []string{msgpack, "ot/pack"}, deny: pureStd, closed: true, reason: pureReason},
	"ot/pack": {
		allow: []string{msgpack}, deny: []string{"io/fs", "log", "net", "os", "time"}, closed: true,
		reason: "pack is strict bytes, below everything",
	},
	"doc": {
		allow: []string{"ot", "ot/pack"}, deny: []string{"net", "os"}, closed: true,
		reason: "doc is the rules of a document: it knows no socket, no message and no store but the one that it declares",
	},
	"doc/disk": {
		allow:  []string{"doc", "doc/disk/wal", "ot", "ot/pack", bbolt, msgpack},
		deny:   []string{"net"},
		reason: "a store knows documents, not who edits them, so that another store can take its place",
	},
	"doc/disk/wal": {
		allow: []string{"golang.org/x/sys/unix"}, deny: []string{"net"}, closed: true,
		reason: "a log keeps opaque bytes: it knows no documents and no database, so that it is tested by itself",
	},
	"server/wire": {
		allow: []string{"ot", "ot/pack", "doc", msgpack}, deny: []string{"net", "os"},
		reason: "the messages are shared with the clients and are bytes only: no socket, no server",
	},
	"client-go": {
		allow:  []string{"ot", "doc", "server/wire", gorilla},
		reason: "a program that edits needs the protocol, neither the server nor a store",
	},
	"server": {
		allow:  []string{"doc", "ot", "server/wire", "client-js"},
		reason: "the server knows documents, not where they are stored; gorilla is in server/conn.go only, so that the transport can change",
	},
	"client-js":   {closed: true, reason: "it only embeds the built client"},
	"trace":       {allow: []string{"ot", "trace"}, closed: true, reason: "recorded sessions are data for tests and tools of every package"},
	"cmd":         {free: true},
	"internal":    {free: true},
	"scripts":     {free: true},
	"ot/ottest":   {free: true},
	"doc/doctest": {free: true},
}

// conn is the one file of the server that knows gorilla.
const conn = "server/conn.go"

func TestWhoMayImportWhom(t *testing.T) {
	eachGoFile(t, func(file string, content []byte) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, content, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			if reason := violation(file, imported); reason != "" {
				t.Errorf("%s imports %s: %s", file, imported, reason)
			}
		}
	})
}

// violation is the reason why file may not import a package, or "".
func violation(file, imported string) string {
	dir := path.Dir(file)
	rule, found := rules[dir]
	for above := dir; !found && above != "."; rule, found = rules[above] {
		above = path.Dir(above)
	}
	if !found {
		return "the folder has no rule: give it one in imports_test.go, with its reason"
	}
	if rule.free || file == conn && imported == gorilla {
		return ""
	}
	name, ours := strings.CutPrefix(imported, "tandem/")
	std := !ours && !strings.Contains(strings.Split(imported, "/")[0], ".")
	named := false
	for _, library := range []string{gorilla, bbolt, msgpack} {
		if imported == library || strings.HasPrefix(imported, library+"/") {
			name, named = library, true
		}
	}
	switch {
	case std:
		if !slices.ContainsFunc(rule.deny, func(d string) bool { return imported == d || strings.HasPrefix(imported, d+"/") }) {
			return ""
		}
	case slices.Contains(rule.allow, name), !ours && !named && !rule.closed:
		return ""
	}
	return rule.reason
}

// TestImportRulesNotice: the rules are a table, and a table that lets everything through is quickly written.
func TestImportRulesNotice(t *testing.T) {
	for _, row := range []struct {
		file, imported string
		ok             bool
	}{
		{"ot/op.go", "strings", true},
		{"ot/op.go", "time", false},
		{"ot/text.go", "sync/atomic", false},
		{"ot/codec.go", "tandem/ot/pack", true},
		{"ot/pack/reader.go", msgpack + "/msgpcode", true},
		{"doc/state.go", msgpack + "/msgpcode", false},
		{"ot/op.go", "tandem/doc", false},
		{"ot/op.go", "golang.org/x/text/unicode/norm", false},
		{"ot/ottest/model.go", "testing", true},
		{"doc/state.go", "tandem/ot", true},
		{"doc/state.go", "tandem/server/wire", false},
		{"doc/document.go", "net/http", false},
		{"doc/document.go", bbolt, false},
		{"doc/disk/store.go", bbolt, true},
		{"doc/disk/store.go", "github.com/klauspost/compress/zstd", true},
		{"doc/disk/store.go", "tandem/server", false},
		{"doc/disk/wal/append.go", "tandem/doc", false},
		{"doc/disk/wal/sync_linux.go", "golang.org/x/sys/unix", true},
		{"server/http.go", gorilla, false},
		{"server/conn.go", gorilla, true},
		{"server/http.go", "tandem/doc/disk", false},
		{"server/http.go", "tandem/client-js", true},
		{"server/wire/message.go", "tandem/doc", true},
		{"server/wire/message.go", "tandem/server", false},
		{"client-go/client.go", gorilla, true},
		{"client-go/client.go", "tandem/server", false},
		{"trace/gen/main.go", "tandem/trace", true},
		{"trace/seq.go", "tandem/doc", false},
		{"cmd/tandem/serve.go", "tandem/doc/disk", true},
		{"another/thing.go", "fmt", false},
	} {
		require.Equal(t, row.ok, violation(row.file, row.imported) == "", "%s imports %s", row.file, row.imported)
	}
}

// From v5.4.0 on, five bytes (dd ff ff ff ff) decoded into a slice ask for 34 GiB at once: fatal, and not recoverable.
func TestMsgpackStaysBelow54(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	require.Regexp(t, `(?m)^\s*(require )?github\.com/vmihailenco/msgpack/v5 v5\.3\.\d+`, string(mod),
		"msgpack must stay at v5.3.x: from v5.4.0 on, five hostile bytes end the process")
}

// What comes from outside is read by a strict cursor: the calls below allocate what the bytes claim, recurse as deep as they
// say, or coerce numbers silently.
var forbiddenMsgpack = regexp.MustCompile(`msgpack\.Unmarshal|\.DecodeInterface|\.DecodeRaw\(|\.DecodeMap|\.DecodeMulti|\.DecodeSlice\(|\.Skip\(\)|\.Decode\(&`)

func TestNoForbiddenMsgpackCalls(t *testing.T) {
	eachGoFile(t, func(file string, content []byte) {
		if strings.HasSuffix(file, "_test.go") || !strings.Contains(string(content), `"`+msgpack) {
			return
		}
		for i, line := range strings.Split(string(content), "\n") {
			code, _, _ := strings.Cut(line, "//")
			if call := forbiddenMsgpack.FindString(code); call != "" {
				t.Errorf("%s:%d: %s must not read what came from outside: decode by hand", file, i+1, call)
			}
		}
	})
	for _, call := range []string{"msgpack.Unmarshal(b, &v)", "dec.Decode(&v)", "dec.DecodeRaw()", "d.Skip()"} {
		require.Regexp(t, forbiddenMsgpack, call)
	}
}

// The lock file names no registry: npm ci takes the one that is set up where it runs (.npmrc in client-js sees to it).
func TestLockFileNamesNoRegistry(t *testing.T) {
	lock, err := os.ReadFile("client-js/package-lock.json")
	require.NoError(t, err)
	require.NotContains(t, string(lock), `"resolved"`, "client-js/.npmrc wants omit-lockfile-registry-resolved=true")
}

// What does not run with the race detector runs only in the second pass of scripts/test, which goes by the name.
func TestRaceFreeTestsAreRun(t *testing.T) {
	script, err := os.ReadFile("scripts/test")
	require.NoError(t, err)
	slow := regexp.MustCompile(`(?m)^slow='(.+)'$`).FindSubmatch(script)
	require.NotNil(t, slow, "scripts/test says which tests its second pass runs: slow='…'")
	taken := regexp.MustCompile(string(slow[1]))
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(\w+ \*testing\.T\)`)
	eachGoFile(t, func(file string, content []byte) {
		if !strings.HasPrefix(string(content), "//go:build !race\n") || !strings.HasSuffix(file, "_test.go") {
			return
		}
		for _, match := range function.FindAllSubmatch(content, -1) {
			if !taken.Match(match[1]) {
				t.Errorf("%s: %s is run by nothing: a test that is built without -race needs a name with %s", file, match[1], slow[1])
			}
		}
	})
}

// eachGoFile hands out every Go file of the module by its slash-separated path.
func eachGoFile(t *testing.T, f func(file string, content []byte)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if file != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || path.Dir(filepath.ToSlash(file)) == "." {
			return nil
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		files++
		f(filepath.ToSlash(file), content)
		return nil
	})
	require.NoError(t, err)
	require.NotZero(t, files)
}
