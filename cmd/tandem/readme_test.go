package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// TestReadmeFlags: the README's tables name the flags that there are, with the defaults that they have.
func TestReadmeFlags(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	root := (&program{}).root()
	row := regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\| (?:`([^`]*)`|([^|]*?)) *\\|")
	for _, name := range []string{"serve", "replay"} {
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

// normal is a default as a flag prints it.
func normal(s string) string {
	if s == "60s" {
		return "1m0s"
	}
	return s
}
