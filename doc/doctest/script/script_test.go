package script_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tandem/doc/doctest/script"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write what the scripts lead to; read every line of it before you keep it")

// TestScripts plays whole sessions.
func TestScripts(t *testing.T) {
	play(t, "../../../testdata/scripts/*.txt", func() script.Player { return script.NewWorld() })
}

// TestPendingScripts plays one client alone; client-js/test/scripts.test.ts plays the same files.
func TestPendingScripts(t *testing.T) {
	play(t, "../../../testdata/scripts/pending/*.txt", func() script.Player { return script.NewPage() })
}

func play(t *testing.T, pattern string, player func() script.Player) {
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			have, err := script.Play(string(want), player())
			require.NoError(t, err)
			if *update && have != string(want) {
				require.NoError(t, os.WriteFile(file, []byte(have), 0o644))
				return
			}
			require.Equal(t, string(want), have)
		})
	}
}

// TestPlayNotices: a script that lies fails.
func TestPlayNotices(t *testing.T) {
	lie := "edit [\"x\"]\n----\ncontent [\"x\"]\n"
	have, err := script.Play(lie, script.NewPage())
	require.NoError(t, err)
	require.NotEqual(t, lie, have)
	for name, text := range map[string]string{
		"unknown command": "dance\n----\n", "no expectation": "edit [\"x\"]\n", "no such client": "edit a [\"x\"]\n----\n",
	} {
		_, err := script.Play(text, script.NewWorld())
		require.Error(t, err, name)
	}
}
