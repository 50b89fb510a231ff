package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/cmd/tandem/bench"
)

// benchReport is what programs read of `tandem bench --json`.
type benchReport struct {
	Machine    string
	Filesystem string
	FsyncMs    *benchSpread `json:"fsync_ms"`
	Results    []map[string]any
	Median     map[string]map[string]map[string]any
	Ratio      map[string]map[string]map[string]any
	Goals      []map[string]any
}

type benchSpread struct{ P50, P95, P99, Max float64 }

// measured runs a bench that must be good, and is its report.
func measured(t *testing.T, args ...string) benchReport {
	t.Helper()
	status, stdout, stderr := tandem(t.Context(), append([]string{"bench", "--json"}, args...)...)
	require.Zero(t, status, "%s\n%s", stdout, stderr)
	var r benchReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &r), stdout)
	require.NotEmpty(t, r.Machine)
	for _, row := range r.Results {
		require.Equal(t, true, row["identical"], "%v", row)
	}
	return r
}

// onDisk is a directory to be made that is not in memory, as the system's temporary one may be.
func onDisk(t *testing.T) string {
	dir, err := os.MkdirTemp(".", "bench-test-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return filepath.Join(dir, "data")
}

// positives are figures that must have been measured.
func positives(t *testing.T, row map[string]any, names ...string) {
	t.Helper()
	for _, name := range names {
		at := any(row)
		for part := range strings.SplitSeq(name, ".") {
			at = at.(map[string]any)[part]
		}
		require.IsType(t, 0.0, at, "%s of %s", name, row["target"])
		require.Positive(t, at, "%s of %s", name, row["target"])
	}
}

// TestBenchTyping: the workloads that baselines take part in, with all of them, in turn.
func TestBenchTyping(t *testing.T) {
	for workload, flags := range map[string][]string{
		"hot":      {"--people", "4", "--rate", "20"},
		"many":     {"--docs", "3", "--people", "2", "--rate", "20"},
		"saturate": {"--people", "4"},
	} {
		t.Run(workload, func(t *testing.T) {
			r := measured(t, append(flags, workload, "--target", "all", "--data", onDisk(t), "--duration", "200ms", "--runs", "1")...)
			require.Len(t, r.Results, 4)
			require.NotEmpty(t, r.Filesystem)
			require.Positive(t, r.FsyncMs.P50)
			for i, target := range bench.Targets() {
				row := r.Results[i]
				require.Equal(t, target, row["target"])
				require.Equal(t, workload, row["workload"])
				require.Equal(t, 1.0, row["run"])
				positives(t, row, "edits", "seconds", "edits_per_s", "ack_ms.p50", "ack_ms.p95", "ack_ms.p99", "ack_ms.max", "visible_ms.p99",
					"bytes_out_per_edit", "writes_per_edit", "rss_mib_peak", "rss_anon_mib_peak")
				require.Nil(t, row["join_ms"])
				require.Nil(t, row["rss_kib_per_conn"])
				if target != bench.Tandem {
					positives(t, r.Ratio[workload][target], "visible_ms.p50", "edits_per_s")
				}
			}
			if workload == "hot" {
				require.Equal(t, 16.0, r.Results[0]["edits"], "4 people, 20 edits a second, 0.2 s")
			}
			require.Equal(t, r.Results[0]["edits"], r.Median[workload][bench.Tandem]["edits"])
		})
	}
}

// TestBenchOthers: the workloads of a server with documents.
func TestBenchOthers(t *testing.T) {
	for workload, row := range map[string]struct {
		flags    []string
		measures []string
	}{
		"idle":     {[]string{"--docs", "2", "--conns", "20", "--duration", "10ms"}, []string{"rss_mib_peak"}},
		"big":      {[]string{"--people", "3", "--size", "5kB", "--missed", "100"}, []string{"join_ms", "resume_ms", "resume_bytes"}},
		"presence": {[]string{"--people", "4", "--duration", "300ms"}, []string{"visible_ms.p99", "before_ms.p99", "carets_per_s"}},
		"isolation": {
			[]string{"--docs", "2", "--people", "2", "--rate", "20", "--size", "300kB", "--duration", "200ms"},
			[]string{"before_ms.p99", "beside_hot_ms.p99", "beside_paste_ms.p99", "beside_import_ms.p99", "edits_per_s", "pasted_mb_per_s"},
		},
		"storm": {[]string{"--docs", "2", "--conns", "10"}, []string{"back_ms", "rss_mib_peak"}},
		"slow": {
			[]string{"--people", "4", "--stopped", "2", "--size", "20kB", "--rate", "50", "--duration", "300ms"},
			[]string{"visible_ms.p99", "before_ms.p99", "back_ms"},
		},
	} {
		t.Run(workload, func(t *testing.T) {
			r := measured(t, append(row.flags, workload, "--runs", "1", "--data", onDisk(t))...)
			require.Len(t, r.Results, 1)
			positives(t, r.Results[0], row.measures...)
		})
	}
}

// TestBenchURL: a server that runs already is measured from outside only.
func TestBenchURL(t *testing.T) {
	server := newServer(t, t.TempDir())
	require.NoError(t, server.Start(t.Context()))
	defer server.Stop()
	r := measured(t, "hot", "--url", server.URL(), "--people", "2", "--duration", "200ms", "--runs", "2")
	require.Len(t, r.Results, 2)
	require.Nil(t, r.FsyncMs, "its disk is elsewhere")
	for _, row := range r.Results {
		positives(t, row, "edits", "visible_ms.p50", "bytes_out_per_edit")
		for _, name := range []string{"cpu_us_per_edit", "writes_per_edit", "rss_mib_peak", "rss_anon_mib_peak"} {
			require.Nil(t, row[name], name)
		}
	}
}

// TestBenchTable: for people there is a table, with the goals.
func TestBenchTable(t *testing.T) {
	status, stdout, stderr := tandem(t.Context(), "bench", "hot", "--data", onDisk(t), "--target", "tandem,hub-durable", "--people", "2",
		"--duration", "200ms", "--runs", "1")
	require.Zero(t, status, stderr)
	require.Regexp(t, `median of 1 run +tandem +hub-durable`, stdout)
	require.Regexp(t, `hot +visible p50 ÷ hub-durable +≤ 1\.15 × +\d.* of another size`, stdout)
	require.Regexp(t, `hot +visible p99 ÷ hub +≤ 2\.1 × +– +not measured`, stdout)
	require.Contains(t, stdout, "4 goals: 0 met, 0 missed, 4 not measured")
	require.Contains(t, stderr, "bench: hot, tandem, run 1: ")
}

func TestBenchUsage(t *testing.T) {
	for name, row := range map[string]struct {
		args []string
		want string
	}{
		"no workload":         {nil, "requires at least 1 arg"},
		"an unknown workload": {[]string{"warm"}, `no workload is called "warm": there are hot, many`},
		"a workload twice":    {[]string{"hot", "hot"}, "the workload hot is named twice"},
		"an unknown target":   {[]string{"hot", "--target", "tandem,bus"}, `no target is called "bus"`},
		"a target twice":      {[]string{"hot", "--target", "hub,hub"}, "named twice"},
		"no documents":        {[]string{"big", "--target", "hub"}, "big needs a server with documents"},
		"a storm elsewhere":   {[]string{"storm", "--url", "http://127.0.0.1:1"}, "leave --url out"},
		"no duration":         {[]string{"hot", "--duration", "0s"}, "--duration 0s: want more than 0"},
		"a short duration":    {[]string{"hot", "--duration", "1ms"}, "nobody types"},
		"no runs":             {[]string{"hot", "--runs", "0"}, "--runs 0: want more than 0"},
		"a rate below 0":      {[]string{"hot", "--rate", "-1"}, "--rate -1: want more than 0"},
		"a rate beyond":       {[]string{"hot", "--rate", "1e9"}, "want up to 10000 edits a second"},
		"one person":          {[]string{"hot", "--people", "1"}, "--people 1: want 2 at least"},
		"all stopped":         {[]string{"slow", "--people", "5", "--stopped", "5"}, "somebody must go on reading"},
		"few connections":     {[]string{"idle", "--docs", "10", "--conns", "20"}, "--conns 20 on --docs 10"},
		"a size of nothing":   {[]string{"big", "--size", "0"}, `--size "0": want 1 to 15000000 letters`},
		"a size beyond":       {[]string{"big", "--size", "16MB"}, `--size "16MB"`},
		"a URL of nothing":    {[]string{"hot", "--url", "ftp://host"}, "--url"},
		"URL and data":        {[]string{"hot", "--url", "http://127.0.0.1:1", "--data", "x"}, "leave it out, or --url"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := tandem(t.Context(), append([]string{"bench"}, row.args...)...)
			require.Equal(t, 2, status, stderr)
			require.Empty(t, stdout)
			require.Contains(t, stderr, row.want)
			require.NoFileExists(t, "x")
		})
	}
}

// TestBenchNoServer: what could not be measured is said, and is no success; all else is tried as well.
func TestBenchNoServer(t *testing.T) {
	status, stdout, stderr := tandem(t.Context(), "bench", "all", "--json", "--url", "ws://127.0.0.1:1/ws", "--runs", "1")
	require.Equal(t, 1, status)
	var r benchReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	var tried []any
	for _, row := range r.Results {
		tried = append(tried, row["workload"])
		require.Equal(t, false, row["identical"])
		require.Contains(t, row["error"], "connect to ws://127.0.0.1:1/ws")
	}
	require.Equal(t, []any{"hot", "many", "saturate", "big", "presence", "slow", "isolation"}, tried, "the others need a server of their own")
	bad := map[any]any{}
	for _, goal := range r.Goals {
		require.Nil(t, goal["met"])
		bad[goal["workload"]] = goal["bad"]
	}
	require.Equal(t, map[any]any{"hot": 1.0, "many": 1.0, "saturate": 1.0, "idle": 0.0, "big": 1.0, "presence": 1.0, "storm": 0.0, "slow": 1.0, "isolation": 1.0}, bad)
	require.Contains(t, stderr, "not every run was good")
}

// TestBenchInMemory: a store in memory syncs nothing, and is refused.
func TestBenchInMemory(t *testing.T) {
	const memory = "/dev/shm"
	if _, err := os.Stat(memory); err != nil {
		t.Skipf("needs %s: a file system in memory", memory)
	}
	dir, err := os.MkdirTemp(memory, "tandem-")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	status, stdout, stderr := tandem(t.Context(), "bench", "hot", "--data", filepath.Join(dir, "data"))
	require.Equal(t, 1, status)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "is on tmpfs")
	require.Contains(t, stderr, "name a directory on a disk with --data")
	require.Equal(t, 1, strings.Count(stderr, "\n"), "one line")
}
