package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// TestReadmeFlags: the README's tables name the flags that there are, with the defaults that they have.
func TestReadmeFlags(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	root := (&program{}).root()
	var commands []string
	for _, c := range root.Commands() {
		if !c.Hidden && c.HasFlags() {
			commands = append(commands, c.Name())
		}
	}
	require.GreaterOrEqual(t, len(commands), 12)
	row := regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\| (?:`([^`]*)`|([^|]*?)) *\\|")
	for _, name := range commands {
		t.Run(name, func(t *testing.T) {
			at := strings.LastIndex(string(readme), "\n`tandem "+name)
			require.Positive(t, at, "the README has no table for it")
			section := string(readme[at+1:])
			section, _, _ = strings.Cut(section, "\n`tandem ")
			i := slices.IndexFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == name })
			flags := root.Commands()[i].Flags()
			var named []string
			for _, m := range row.FindAllStringSubmatch(section, -1) {
				named = append(named, m[1])
				flag := flags.Lookup(m[1])
				require.NotNil(t, flag, "--%s", m[1])
				if m[2] != "" && !strings.Contains(m[2], "<") {
					require.Equal(t, flag.DefValue, normal(m[2]), "--%s", m[1])
				}
			}
			flags.VisitAll(func(f *pflag.Flag) {
				if f.Name != "help" {
					require.Contains(t, named, f.Name)
				}
			})
		})
	}
}

// TestReadmeHistory: the README's history is one.
func TestReadmeHistory(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	history := regexp.MustCompile("(?s)```json\n(\\{\"format\".*?)```").FindSubmatch(readme)
	require.NotNil(t, history)
	data := filepath.Join(t.TempDir(), "data")
	good(t, "import", "--data", data, "notes/today", write(t, string(history[1])))
	require.Equal(t, "hello there", good(t, "export", "--data", data, "notes/today"))
	require.Equal(t, behindFirst(string(history[1])), behindFirst(good(t, "export", "--data", data, "--format", "jsonl", "notes/today")))
}

// normal is a default as a flag prints it.
func normal(s string) string {
	if d, err := time.ParseDuration(s); err == nil && s != "0" {
		return d.String()
	}
	return s
}
