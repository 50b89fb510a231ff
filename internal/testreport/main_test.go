package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const goRun = `{"Action":"run","Package":"tandem/ot","Test":"TestA"}
{"Action":"output","Package":"tandem/ot","Test":"TestA","Output":"    a_test.go:3: note: caught by seed 7\n"}
{"Action":"output","Package":"tandem/ot","Test":"TestA","Output":"    a_test.go:4: something else\n"}
{"Action":"pass","Package":"tandem/ot","Test":"TestA"}
{"Action":"output","Package":"tandem/ot","Test":"TestB/x","Output":"    a_test.go:9: TANDEM_TRACES is not set\n"}
{"Action":"output","Package":"tandem/ot","Test":"TestB/x","Output":"--- SKIP: TestB/x (0.00s)\n"}
{"Action":"skip","Package":"tandem/ot","Test":"TestB/x"}
{"Action":"output","Package":"tandem/ot","Output":"PASS\n"}
{"Action":"output","Package":"tandem/ot","Output":"ok  \ttandem/ot\t0.1s\n"}
{"Action":"pass","Package":"tandem/ot"}
{"Action":"output","Package":"tandem/doc","Test":"TestC","Output":"    c_test.go:1: broken\n"}
{"Action":"fail","Package":"tandem/doc","Test":"TestC"}
{"Action":"fail","Package":"tandem/doc"}
{"ImportPath":"tandem/cmd","Action":"build-output","Output":"cmd/x.go:1: syntax error\n"}
{"Action":"fail","Package":"tandem/cmd"}
`

const nodeRun = `✔ transforms (1.5ms)
﹣ opens a page (0.1ms) # chromium is not installed
ℹ tests 4
ℹ pass 2
ℹ fail 1
ℹ cancelled 0
ℹ skipped 1
ℹ todo 0

✖ failing tests:
`

func TestReport(t *testing.T) {
	t.Setenv("CI", "")
	t.Setenv("TANDEM_TRACES", "")
	file := filepath.Join(t.TempDir(), "results")
	report := func(in string, args ...string) (string, int) {
		var out strings.Builder
		status, err := run(args, strings.NewReader(in), &out)
		require.NoError(t, err)
		return out.String(), status
	}
	shown, status := report(goRun, "go", "race", file)
	require.Zero(t, status)
	require.Equal(t, "TestA: caught by seed 7\nok  \ttandem/ot\t0.1s\n    c_test.go:1: broken\ncmd/x.go:1: syntax error\n", shown)
	shown, _ = report(nodeRun, "node", "node", file)
	require.Equal(t, nodeRun, shown)
	shown, status = report("", "total", file)
	require.Equal(t, 1, status)
	require.Equal(t, `skipped (race): tandem/ot TestB/x: TANDEM_TRACES is not set
failed (race): tandem/doc TestC
failed (race): tandem/cmd (package)
skipped (node): opens a page: chromium is not installed
failed (node): (a test of node)
3 passed, 3 failed, 2 skipped
`, shown)

	_, err := run([]string{"total"}, nil, nil)
	require.ErrorContains(t, err, "usage")
}

func TestNoTestsIsAFailure(t *testing.T) {
	var out strings.Builder
	require.Equal(t, 1, total(&out, nil, judge{}))
	require.Contains(t, out.String(), "0 passed, 0 failed, 0 skipped\n")
}

func TestJudge(t *testing.T) {
	passedElsewhere := []result{{"plain", "p", "TestSlow", "pass", ""}}
	for _, row := range []struct{ name, reason, env, there, want string }{
		{"traces unset", "TANDEM_TRACES is not set", "", "", ""},
		{"traces set", "TANDEM_TRACES is not set", "TANDEM_TRACES", "", "TANDEM_TRACES is set"},
		{"long", "slow: TANDEM_LONG=1 runs it", "", "", ""},
		{"own variable", "TANDEM_BROWSER is not set", "", "", "TANDEM_BROWSER is not a variable that may be unset"},
		{"tool there", "strace is not installed", "", "strace", "strace is there"},
		{"tool missing", "strace is not installed", "", "", "strace is missing, and CI must have it"},
		{"facility missing", "no FUSE: /dev/fuse is absent", "", "", ""},
		{"facility there", "no FUSE: /dev/fuse is absent", "", "/dev/fuse", "/dev/fuse is there"},
		{"race", "too slow with the race detector", "", "", ""},
		{"nothing", "not today", "", "", "it names nothing that may be missing"},
	} {
		t.Run(row.name, func(t *testing.T) {
			j := judge{
				results: passedElsewhere, strict: true,
				getenv: func(name string) string { return map[string]string{row.env: "x"}[name] },
				exists: func(name string) bool { return name == row.there },
			}
			skip := result{"race", "p", "TestSlow", "skip", row.reason}
			require.Equal(t, row.want, j.complaint(skip))
			j.strict = false
			require.Empty(t, j.complaint(skip))
		})
	}
	j := judge{strict: true}
	require.NotEmpty(t, j.complaint(result{"race", "p", "TestSlow", "skip", "too slow with the race detector"}))
}
