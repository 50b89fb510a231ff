//go:build !race

package faults

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// scratch is where the program is built, and where disks are mounted: names there are short enough for a socket. Set by TestMain.
var scratch string

func TestMain(m *testing.M) {
	status := func() int {
		var err error
		if scratch, err = os.MkdirTemp("", "tandem"); err == nil {
			err = os.Chmod(scratch, 0o755) // another user runs the program from there
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(scratch)
		status := m.Run()
		if err := goleak.Find(); status == 0 && err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return status
	}()
	os.Exit(status)
}

// build makes the program once for all tests. TANDEM_PROGRAM names another one that is driven instead, a release for instance.
var build = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("TANDEM_PROGRAM"); path != "" {
		return path, nil
	}
	path := filepath.Join(scratch, "tandem")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, "tandem/cmd/tandem").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

// program is the path of the program.
func program(t *testing.T) string {
	t.Helper()
	path, err := build()
	require.NoError(t, err)
	return path
}

// checks says whether the program can check a store by itself.
var checks = sync.OnceValue(func() bool {
	path, err := build()
	if err != nil {
		return false
	}
	help, err := exec.Command(path, "--help").Output()
	return err == nil && bytes.Contains(help, []byte("\n  check "))
})

// check is `tandem check` on the directory of a stopped server; nil where the program has no such command.
func check(path, dir string) error {
	if !checks() {
		return nil
	}
	var out bytes.Buffer
	cmd := exec.Command(path, "check", "--data", dir)
	cmd.Env, cmd.Stdout, cmd.Stderr = environment(), &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("tandem check: %w: %s", err, bytes.TrimSpace(out.Bytes()))
	}
	return nil
}

func long() bool { return os.Getenv("TANDEM_LONG") != "" }

// number is how often a rig does what it does: few, many with TANDEM_LONG=1, or what a variable says.
func number(t *testing.T, variable string, few, many int) int {
	t.Helper()
	if text := os.Getenv(variable); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err, variable)
		return n
	}
	if long() {
		return many
	}
	return few
}

// seed is TANDEM_SEED, or 1; it is printed when the test fails.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(number(t, "TANDEM_SEED", 1, 1))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed: TANDEM_SEED=%d", n)
		}
	})
	return n
}
