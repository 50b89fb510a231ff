package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The files are what genvectors makes: nobody edits an expectation by hand.
func TestFilesAreGenerated(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "testdata", "ot")
	for _, fam := range families {
		have, err := os.ReadFile(filepath.Join(dir, fam.name+".jsonl"))
		require.NoError(t, err)
		want := newFile(fam.name, fam.fill).lines.Bytes()
		require.True(t, bytes.Equal(want, have), "%s.jsonl is not what genvectors makes of it", fam.name)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	require.NoError(t, err)
	require.Len(t, files, len(families))
}
