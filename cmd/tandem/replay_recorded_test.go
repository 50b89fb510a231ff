package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// recordedTraces are all sessions of people who typed, in one order.
func recordedTraces(t *testing.T) []string {
	folder := os.Getenv("TANDEM_TRACES")
	if folder == "" {
		t.Skip("TANDEM_TRACES is not set: it names the folder of the recorded sessions")
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.seq.jsonl.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, paths, "no *.seq.jsonl.gz in TANDEM_TRACES=%s", folder)
	return paths
}

// threeAuthors are automerge-paper twice and sveltecomponent once; in a folder without them, its first twice and its last.
func threeAuthors(t *testing.T) []string {
	paths := recordedTraces(t)
	named := func(name string, otherwise string) string {
		if i := slices.IndexFunc(paths, func(p string) bool { return strings.Contains(p, name) }); i >= 0 {
			return paths[i]
		}
		return otherwise
	}
	twice := named("automerge-paper", paths[0])
	return []string{twice, twice, named("sveltecomponent", paths[len(paths)-1])}
}

// TestReplayRecorded plays 3000 transactions of each, with 20 readers; with TANDEM_LONG set, everything.
func TestReplayRecorded(t *testing.T) {
	traces := threeAuthors(t)
	if raceEnabled {
		t.Skip("plays 3000 transactions of each trace, without -race; TestReplayRecordedBeginning plays 500 with it")
	}
	if os.Getenv("TANDEM_LONG") != "" {
		playRecorded(t, traces, []string{"--rate", "1000", "--drop", "0.0005"}, []string{"--rate", "1000", "--kill", "10"})
		return
	}
	playRecorded(t, append([]string{"--limit", "3000"}, traces...), []string{"--rate", "300", "--drop", "0.005"}, []string{"--rate", "300", "--kill", "3"})
}

// TestReplayRecordedBeginning is short enough for the race detector.
func TestReplayRecordedBeginning(t *testing.T) {
	playRecorded(t, append([]string{"--limit", "500"}, threeAuthors(t)...),
		[]string{"--rate", "300", "--drop", "0.005"}, []string{"--rate", "300", "--kill", "3"})
}

func playRecorded(t *testing.T, args, drops, kills []string) {
	for _, row := range []struct {
		name string
		args []string
	}{{"plain", nil}, {"drops", drops}, {"kills", kills}} {
		t.Run(row.name, func(t *testing.T) {
			r := replayed(t, slices.Concat([]string{"--readers", "20", "--seed", "11"}, row.args, args)...)
			require.Equal(t, 3, r.Authors)
			require.Equal(t, 24, r.Replicas)
		})
	}
}

// TestReplayEveryRecorded plays the beginning of each trace that there is.
func TestReplayEveryRecorded(t *testing.T) {
	for _, path := range recordedTraces(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			replayed(t, "--limit", "200", "--rate", "1000", "--drop", "0.01", path, path)
		})
	}
}
