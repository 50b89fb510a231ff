package tandem_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scriptLayers are the layers of client-js/src, by the names of files: one with a * ends a name. No file of a layer imports
// one of a layer named in deny. Files that stand in no layer are free.
var scriptLayers = []struct {
	name   string
	files  []string
	deny   []string
	reason string
}{
	{
		"algebra",
		[]string{"op", "attrs", "builder", "codec*", "component", "compose", "content", "diff", "hash", "invert", "iter", "text", "transform"},
		[]string{"pending", "protocol", "socket", "doc", "index", "binding"},
		"the algebra knows nothing of how it is used",
	},
	{
		"pending",
		[]string{"pending*"},
		[]string{"protocol", "socket", "doc", "index", "binding"},
		"pending is pure: no socket, timer or emitter, so that simulation and scripts can run it",
	},
	{
		"protocol",
		[]string{"protocol*"},
		[]string{"pending", "socket", "doc", "index", "binding"},
		"protocol is messages and bytes",
	},
	{
		"socket",
		[]string{"socket*", "backoff"},
		[]string{"pending", "doc", "index", "binding"},
		"a socket carries messages and does not know what they are for",
	},
	{
		"doc",
		[]string{"doc", "presence", "undo"},
		[]string{"index", "binding"},
		"a document knows no editor",
	},
	{
		"index",
		[]string{"index"},
		[]string{"binding"},
		"the client is usable without any editor's package",
	},
	{
		"binding",
		[]string{"codemirror*"},
		[]string{"pending", "protocol", "socket"},
		"a binding knows Doc and its editor",
	},
}

// scriptLayer is the name of the layer that a file stands in, or "".
func scriptLayer(file string) string {
	for _, layer := range scriptLayers {
		for _, pattern := range layer.files {
			if ok, _ := path.Match(pattern, file); ok {
				return layer.name
			}
		}
	}
	return ""
}

var scriptImport = regexp.MustCompile(`(?m)^\s*(?:import|export)\b[^;'"]*?["'](\.{1,2}/[^"']+)["']`)

func TestWhichScriptMayImportWhich(t *testing.T) {
	files, err := filepath.Glob("client-js/src/*.ts")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		own := scriptLayer(strings.TrimSuffix(filepath.Base(file), ".ts"))
		for _, layer := range scriptLayers {
			if layer.name != own {
				continue
			}
			for _, imported := range scriptImports(string(content)) {
				if slices.Contains(layer.deny, scriptLayer(imported)) {
					t.Errorf("%s imports %s: %s", filepath.ToSlash(file), imported, layer.reason)
				}
			}
		}
	}
	require.Equal(t, []string{"socket", "doc", "op"},
		scriptImports("import './socket.js';\nimport {\n\tDoc,\n} from \"./doc.js\"\nexport * from './op';\nimport { x } from 'ws';\n"))
}

// scriptImports are the base names of the files that a script imports.
func scriptImports(content string) []string {
	var names []string
	for _, match := range scriptImport.FindAllStringSubmatch(content, -1) {
		names = append(names, strings.TrimSuffix(strings.TrimSuffix(filepath.Base(match[1]), ".js"), ".ts"))
	}
	return names
}
