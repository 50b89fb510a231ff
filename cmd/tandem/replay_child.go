package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// child is a `tandem serve` of our own. It is killed and started again on one port and one directory, and it never outlives the
// replay.
type child struct {
	// Immutable.
	dir  string
	died func(error) // called when a server ends that nobody killed
	log  *tail       // what all its processes logged

	// Owned by the goroutine that kills and restarts, and by stop after it.
	listen string // with the real port, once it is known
	life   *life
}

// life is one process of the child.
type life struct {
	cmd    *exec.Cmd
	out    *firstLine
	killed chan struct{} // closed before it is killed
	ended  chan struct{} // closed when it is gone
}

const (
	// childReady is how long a server may take to be ready; its store is recovered within that time.
	childReady = 60 * time.Second
	// childPatience is for how long a restart is tried: another program may have been given the port for a connection.
	childPatience = 10 * time.Second
	// childLog is how much is kept of what the server logs, in bytes.
	childLog = 32 << 10
)

// newChild is a child that was not started yet. dir is made by the server where it is missing.
func newChild(dir string, died func(error)) *child {
	return &child{dir: dir, listen: "127.0.0.1:0", died: died, log: &tail{}}
}

// url is where the server is, for people and for clients.
func (c *child) url() string { return "http://" + c.listen + "/" }

// start starts the server, and returns when it is ready.
func (c *child) start(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the tandem program: %w", err)
	}
	l := &life{
		out: newFirstLine(), killed: make(chan struct{}), ended: make(chan struct{}),
		cmd: exec.Command(program, "serve", "--listen", c.listen, "--data", c.dir),
	}
	l.cmd.Stdout, l.cmd.Stderr, l.cmd.SysProcAttr = l.out, c.log, dieWithParent()
	if err := l.cmd.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	go func() { // ends with the process, which kill ends and waits for
		_ = l.cmd.Wait() // ProcessState has it
		close(l.ended)
	}()
	c.life = l
	if err := c.ready(ctx); err != nil {
		_ = c.kill()
		return err
	}
	go func() { // ends with the process
		<-l.ended
		select {
		case <-l.killed:
		default:
			c.died(errEnded(l))
		}
	}()
	return nil
}

func errEnded(l *life) error {
	return fmt.Errorf("the server ended by itself (%v)", l.cmd.ProcessState)
}

// ready waits for the line that says where the server is.
func (c *child) ready(ctx context.Context) error {
	l := c.life
	select {
	case line := <-l.out.line:
		at, err := url.Parse(strings.TrimPrefix(line, "tandem: "))
		if err != nil || at.Port() == "" {
			return fmt.Errorf("the server's first line is %q", line)
		}
		c.listen = at.Host
		return nil
	case <-l.ended:
		return fmt.Errorf("the server did not start (%v)", l.cmd.ProcessState)
	case <-time.After(childReady):
		return fmt.Errorf("the server was not ready within %v", childReady)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// kill is SIGKILL, and waits until the process is gone.
func (c *child) kill() error {
	l := c.life
	select {
	case <-l.ended:
		return errEnded(l)
	default:
	}
	close(l.killed)
	if err := l.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill the server: %w", err)
	}
	<-l.ended
	return nil
}

// restart starts the server again on the same port after kill.
func (c *child) restart(ctx context.Context) error {
	for began := time.Now(); ; {
		err := c.start(ctx)
		if err == nil || time.Since(began) > childPatience || ctx.Err() != nil {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// stop kills what still runs.
func (c *child) stop() {
	if c.life != nil {
		_ = c.kill() // it fails where there is nothing to kill
	}
}

// firstLine is a process's standard output, of which only the first line matters.
type firstLine struct {
	line chan string // gets the line
	got  bool
	buf  []byte
}

func newFirstLine() *firstLine { return &firstLine{line: make(chan string, 1)} }

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

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - childLog; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.buf))
}
