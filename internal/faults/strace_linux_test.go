//go:build !race

package faults

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// changing are the system calls that change files; a process that dies before one has done all of those before.
var changing = []string{
	"write", "pwrite64", "fdatasync", "fsync", "ftruncate", "fallocate", "rename", "renameat", "renameat2", "unlink", "unlinkat",
}

// needStrace skips a test where no process can be traced.
func needStrace(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed")
	}
	if out, err := exec.Command("strace", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("strace is not permitted here: %v: %s", err, out)
	}
}

// traced is how a program is run under strace, which stays out of the way and writes to a file. With --seccomp-bpf strace 6.1 would not
// see the second call of a "when".
func traced(log string, args ...string) []string {
	return append([]string{"strace", "-D", "-f", "-qq", "-e", "signal=none", "-o", log}, args...)
}

// point is one call of a kind, counted from 1 in each thread, as strace counts. The first thread that reaches it dies with the process.
type point struct {
	call string
	n    int
}

func (p point) String() string { return fmt.Sprintf("%s %d", p.call, p.n) }

// oneThread keeps most calls on one thread, so that a point that was counted in one run is reached in another.
var oneThread = []string{"GOMAXPROCS=1"}

// shortRun is a small session under strace: two authors, two documents, and a clean stop. An error is errEnded where the process was killed
// on the way; the crowd goes on.
func shortRun(s *server, seed uint64) (c *crowd, err error) {
	if err := s.launch(); err != nil {
		return nil, err
	}
	first := s.await()
	if first != nil && s.listen == "127.0.0.1:0" {
		return nil, first // nobody has seen it, so nothing can be lost
	}
	if c, err = newCrowd(s.url(), seed, 2, 2); err != nil {
		return nil, err
	}
	c.pace = 2 * time.Millisecond
	c.begin()
	err = c.progress(40, s)
	c.pause()
	if err != nil {
		return c, err
	}
	return c, s.stop()
}

// points are all calls of a short run.
func points(t *testing.T) []point {
	log := filepath.Join(t.TempDir(), "log")
	s := newServer(program(t), t.TempDir())
	s.env = oneThread
	s.wrap = traced(log, "-e", "trace="+strings.Join(changing, ","))
	defer s.end()
	c, err := shortRun(s, 1)
	require.NoError(t, err)
	require.NoError(t, c.close())
	content, err := os.ReadFile(log)
	require.NoError(t, err)
	most := map[string]int{} // by call, of one thread
	threads := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^(\d+) +(\w+)\(`).FindAllSubmatch(content, -1) {
		threads[string(m[0])]++
		most[string(m[2])] = max(most[string(m[2])], threads[string(m[0])])
	}
	var all []point
	for _, call := range changing {
		for n := range most[call] {
			all = append(all, point{call, n + 1})
		}
	}
	return all
}

// spread takes n points: of each call in turn, anywhere in the first two thirds of its own, which nearly every run reaches.
func spread(rng *rand.Rand, all []point, n int) (out []point) {
	by := map[string][]point{}
	for _, p := range all {
		by[p.call] = append(by[p.call], p)
	}
	for len(out) < n {
		for _, call := range changing {
			if of := by[call]; len(of) > 0 && len(out) < n {
				out = append(out, of[rng.IntN((2*len(of)+2)/3)])
			}
		}
	}
	return out
}

// TestRigKillAtCall: the process dies right before a system call that changes files. A few of them; all with TANDEM_LONG=1.
func TestRigKillAtCall(t *testing.T) {
	needStrace(t)
	n := seed(t)
	all := points(t)
	some := all
	if !long() {
		some = spread(rand.New(rand.NewPCG(n, 3)), all, 10)
	}
	killed := 0
	for _, p := range some {
		died, err := killAt(t, p, n)
		require.NoError(t, err, "killed at %v", p)
		if died {
			killed++
		}
	}
	// Threads share the calls differently each time, so that the last ones are not always reached.
	require.Greater(t, 2*killed, len(some), "runs that were killed")
	t.Logf("note: %d of %d runs killed at %v", killed, len(some), some[:min(len(some), 10)])
}

func killAt(t *testing.T, p point, seed uint64) (died bool, err error) {
	s := newServer(program(t), t.TempDir())
	s.env = oneThread
	s.wrap = traced(os.DevNull, "-e", "trace="+p.call, "-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", p.call, p.n))
	defer s.end()
	c, err := shortRun(s, seed)
	if c != nil {
		defer func() { err = errors.Join(err, c.close()) }()
	}
	if err != nil && !s.killedBySignal() {
		return false, err
	}
	died = err != nil
	s.wrap = nil
	if c == nil { // it died before it was ready, when there may have been no store yet
		return died, errors.Join(s.start(), s.stop(), check(s.program, s.dir))
	}
	if err := errors.Join(check(s.program, s.dir), s.start()); err != nil {
		return died, err
	}
	if err := c.settle(); err != nil {
		return died, err
	}
	return died, errors.Join(s.kill(), s.start(), c.verdict(s.url()))
}

// killedBySignal reports whether the last process died of SIGKILL.
func (s *server) killedBySignal() bool {
	status, ok := s.life.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// TestRigSyncError: a sync of a running server fails with EIO, or one after the other does for a while. The server goes on by itself.
func TestRigSyncError(t *testing.T) {
	needStrace(t)
	n, failures := seed(t), number(t, "TANDEM_FAILURES", 4, 60)
	rng := rand.New(rand.NewPCG(n, 4))
	s := newServer(program(t), t.TempDir())
	require.NoError(t, s.start())
	defer s.end()
	c, err := newCrowd(s.url(), n, 3, 4)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.close()) }()
	require.NoError(t, c.ready())
	c.begin()
	for i := range failures {
		when, lasting := 1+rng.IntN(20), i%4 == 3
		if err = syncError(s, c, when, lasting); err != nil {
			err = fmt.Errorf("failure %d, at sync %d, lasting: %v: %w\n%s", i+1, when, lasting, err, s.life.log)
			break
		}
	}
	c.pause()
	require.NoError(t, err)
	require.NoError(t, c.settle(), "%s", s.life.log)
	require.NoError(t, errors.Join(s.kill(), s.start()))
	require.NoError(t, c.verdict(s.url()))
}

// syncError has the n-th sync of each thread of the running server fail, and waits until edits are acknowledged again. After the first
// failure it is over, or with lasting when every thread has had one that makes as many.
func syncError(s *server, c *crowd, n int, lasting bool) (err error) {
	cmd := exec.Command("strace", "-f", "-e", "signal=none", "-e", "trace=fsync,fdatasync",
		"-e", fmt.Sprintf("inject=fsync,fdatasync:error=EIO:when=%d", n), "-p", fmt.Sprint(s.life.cmd.Process.Pid))
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	failed, read := make(chan struct{}), make(chan struct{})
	go func() { // ends with strace
		defer close(read)
		follow(stderr, failed)
	}()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-failed:
	case <-timeout.C:
		err = errors.New("nothing is synced any more")
	case <-read:
		err = errors.New("strace ended")
	}
	if err == nil && lasting {
		err = c.progress(20, s)
	}
	_ = cmd.Process.Signal(os.Interrupt) // it detaches, if it has not ended
	<-read
	_ = cmd.Wait() // of the signal
	if err == nil {
		err = c.progress(20, s)
	}
	return err
}

// follow reads what strace writes until it ends, and closes failed with the first injected failure.
func follow(r io.Reader, failed chan<- struct{}) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		if failed != nil && strings.Contains(lines.Text(), "(INJECTED)") {
			close(failed)
			failed = nil
		}
	}
}
