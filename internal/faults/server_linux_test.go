//go:build !race

package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// server is `tandem serve` on one directory and one port, in one process after the other. Its methods are called by one goroutine.
type server struct {
	// Immutable after the first start.
	program string
	dir     string
	wrap    []string // what the program is run by: strace and its arguments. It stays the direct child (strace -D)
	env     []string // more variables
	user    *syscall.Credential

	listen string // with the real port, once it is known
	life   *life
}

// life is one process.
type life struct {
	cmd   *exec.Cmd
	ready chan string   // gets the first line of standard output
	ended chan struct{} // closed when the process is gone
	log   *tail
}

// patience is how long anything may take that ends by itself, far from what is usual, also on a machine that is busy with other tests.
const patience = time.Minute

func newServer(program, dir string) *server {
	return &server{program: program, dir: dir, listen: "127.0.0.1:0"}
}

func (s *server) url() string { return "http://" + s.listen + "/" }

// environment is this process's without what would set flags of the program.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "TANDEM_") })
}

// launch starts a process and does not wait for it.
func (s *server) launch() error {
	args := slices.Concat(s.wrap, []string{s.program, "serve", "--listen", s.listen, "--data", s.dir})
	l := &life{cmd: exec.Command(args[0], args[1:]...), ready: make(chan string, 1), ended: make(chan struct{}), log: &tail{}}
	l.cmd.Env = append(environment(), s.env...)
	l.cmd.Stdout, l.cmd.Stderr = &firstLine{line: l.ready}, l.log
	// A group of its own, so that what traces it is killed with it; and the kernel kills it when this process is gone, however it went.
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: s.user}
	if err := l.cmd.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	go func() { // ends with the process, for which kill waits
		_ = l.cmd.Wait() // ProcessState has it
		close(l.ended)
	}()
	s.life = l
	return nil
}

var (
	errEnded   = errors.New("the server ended by itself")
	errRefused = errors.New("the server refused") // it said why, and exited with status 1
)

// failure is why a process that nobody killed is gone.
func (l *life) failure() error {
	err := errEnded
	if l.cmd.ProcessState.ExitCode() == 1 {
		err = errRefused
	}
	return fmt.Errorf("%w (%v):\n%s", err, l.cmd.ProcessState, l.log)
}

// await waits until the process that was launched is ready.
func (s *server) await() error {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case line := <-s.life.ready:
		at, err := url.Parse(strings.TrimPrefix(line, "tandem: "))
		if err != nil || at.Port() == "" {
			return fmt.Errorf("the server's first line is %q", line)
		}
		s.listen = at.Host
		return nil
	case <-s.life.ended:
		return s.life.failure()
	case <-timeout.C:
		return fmt.Errorf("the server was not ready within %v:\n%s", patience, s.life.log)
	}
}

// start starts a process, and returns when it is ready.
func (s *server) start() error {
	if err := s.launch(); err != nil {
		return err
	}
	if err := s.await(); err != nil {
		return errors.Join(err, s.kill())
	}
	return nil
}

// die is SIGKILL for the process and what traces it.
func (l *life) die() {
	_ = syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL) // an error: it is gone
}

// kill is SIGKILL. It returns when the process is gone, and an error where that was before.
func (s *server) kill() error {
	select {
	case <-s.life.ended:
		return s.life.failure()
	default:
	}
	s.life.die()
	<-s.life.ended
	return nil
}

// stop is SIGTERM, and an exit status of 0.
func (s *server) stop() error {
	_ = s.life.cmd.Process.Signal(syscall.SIGTERM) // an error: it is gone, which is seen below
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-s.life.ended:
	case <-timeout.C:
		return errors.Join(errors.New("the server did not stop in time"), s.kill())
	}
	if !s.life.cmd.ProcessState.Success() {
		return s.life.failure()
	}
	return nil
}

// end is for cleaning up: whatever still runs is killed.
func (s *server) end() {
	if s.life != nil {
		_ = s.kill() // an error: nothing runs
	}
}

// firstLine is a process's standard output, of which only the first line matters.
type firstLine struct {
	line chan<- string // gets it
	got  bool
	buf  []byte
}

// Write is called by one goroutine, that of exec.
func (f *firstLine) Write(p []byte) (int, error) {
	if !f.got {
		f.buf = append(f.buf, p...)
		if line, _, ok := bytes.Cut(f.buf, []byte("\n")); ok {
			f.got = true
			f.line <- string(line)
		}
	}
	return len(p), nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

// tailSize is how much a tail keeps, in bytes.
const tailSize = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - tailSize; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.buf))
}

// until is a context of the length of a patience.
func until(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.Background(), d, fmt.Errorf("not within %v", d))
}
