package child

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// A Server is a server of our own. It is killed and started again on one port with the same arguments.
type Server struct {
	// Immutable.
	args []string
	died func(error) // called when a server ends that nobody killed
	log  *Tail       // what all its processes logged

	// Owned by the goroutine that kills and restarts, and by Stop after it.
	Listen string // a free port of 127.0.0.1 by default; with the real port, once it is known
	life   *life
}

// life is one process of a Server.
type life struct {
	cmd    *exec.Cmd
	out    *FirstLine
	killed chan struct{} // closed before it is killed
	ended  chan struct{} // closed when it is gone
}

const (
	// readyWithin is how long a server may take to be ready; its store is recovered within that time.
	readyWithin = 60 * time.Second
	// patience is for how long a restart is tried: another program may have been given the port for a connection.
	patience = 10 * time.Second
)

// New is a Server that was not started yet: this program with args, and --listen with an address, which prints a first line as
// `tandem serve` does. died is called, on a goroutine of the Server, when it ends and nobody killed it.
func New(died func(error), args ...string) *Server {
	return &Server{args: args, Listen: "127.0.0.1:0", died: died, log: &Tail{}}
}

// URL is where the server is, for people and for clients.
func (s *Server) URL() string { return "http://" + s.Listen + "/" }

// PID is the number of the process that runs.
func (s *Server) PID() int { return s.life.cmd.Process.Pid }

// Log is the end of what the server has logged, in all its lives.
func (s *Server) Log() string { return s.log.String() }

// Start starts the server, and returns when it is ready.
func (s *Server) Start(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the tandem program: %w", err)
	}
	l := &life{
		out: NewFirstLine(), killed: make(chan struct{}), ended: make(chan struct{}),
		cmd: exec.Command(program, append(slices.Clone(s.args), "--listen", s.Listen)...),
	}
	l.cmd.Stdout, l.cmd.Stderr, l.cmd.SysProcAttr = l.out, s.log, DieWithParent()
	if err := l.cmd.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	go func() { // ends with the process, which Kill ends and waits for
		_ = l.cmd.Wait() // ProcessState has it
		close(l.ended)
	}()
	s.life = l
	if err := s.ready(ctx); err != nil {
		_ = s.Kill()
		return err
	}
	go func() { // ends with the process
		<-l.ended
		select {
		case <-l.killed:
		default:
			s.died(errEnded(l))
		}
	}()
	return nil
}

func errEnded(l *life) error {
	return fmt.Errorf("the server ended by itself (%v)", l.cmd.ProcessState)
}

// ready waits for the line that says where the server is.
func (s *Server) ready(ctx context.Context) error {
	l := s.life
	select {
	case line := <-l.out.Line:
		at, err := url.Parse(strings.TrimPrefix(line, "tandem: "))
		if err != nil || at.Port() == "" {
			return fmt.Errorf("the server's first line is %q", line)
		}
		s.Listen = at.Host
		return nil
	case <-l.ended:
		return fmt.Errorf("the server did not start (%v)", l.cmd.ProcessState)
	case <-time.After(readyWithin):
		return fmt.Errorf("the server was not ready within %v", readyWithin)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Kill is SIGKILL, and waits until the process is gone.
func (s *Server) Kill() error {
	l := s.life
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

// Restart starts the server again on the same port after Kill.
func (s *Server) Restart(ctx context.Context) error {
	for began := time.Now(); ; {
		err := s.Start(ctx)
		if err == nil || time.Since(began) > patience || ctx.Err() != nil {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// Stop kills what still runs.
func (s *Server) Stop() {
	if s.life != nil {
		_ = s.Kill() // it fails where there is nothing to kill
	}
}
