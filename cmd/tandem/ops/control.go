package ops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// socketName is the socket's name in the data directory.
const socketName = "control"

// socketMode lets in the user that runs the server, and nobody else.
const socketMode = 0o600

// Control is the socket of a running server.
type Control struct {
	// Immutable.
	dir    *openDir // until the socket is removed
	server *http.Server
	cancel context.CancelFunc // ends the requests that are under way
	served chan struct{}      // closed when Serve has returned
}

// Listen makes the socket in a directory whose store this process has open, and serves h on it. It has to be ended with Close.
func Listen(dir string, h http.Handler, log *slog.Logger) (*Control, error) {
	opened, err := openDirectory(dir)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	listener, err := listenIn(opened)
	if err != nil {
		return nil, fmt.Errorf("control socket %s: %w", filepath.Join(dir, socketName), errors.Join(err, opened.Close()))
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Control{
		dir: opened, server: newServer(ctx, h), cancel: cancel, served: make(chan struct{}),
	}
	c.server.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	go func() { // ends with Close
		defer close(c.served)
		_ = c.server.Serve(listener) // what ends it is Close
	}()
	return c, nil
}

// newServer serves an Office. ctx ends what its requests have begun.
func newServer(ctx context.Context, h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
}

// listenIn binds the socket. What is there of that name was left by a server that was killed: this process has the directory's lock.
func listenIn(dir *openDir) (net.Listener, error) {
	path, err := dir.path(socketName)
	if err != nil {
		return nil, err
	}
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case info.Mode().Type() != fs.ModeSocket:
		return nil, fmt.Errorf("there is something else of that name; move it away")
	default:
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	// On Linux the name appears with its mode; elsewhere chmod follows, within a directory that is its owner's (0700).
	listener, err := (&net.ListenConfig{Control: restrict}).Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// Close ends the requests that are under way, waits for them until ctx is done, and removes the socket. Of nil it does nothing.
func (c *Control) Close(ctx context.Context) error {
	if c == nil {
		return nil
	}
	c.cancel()
	err := c.server.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("control socket: a command did not end: %w", errors.Join(err, c.server.Close()))
	}
	<-c.served
	return errors.Join(err, c.dir.Close())
}

// dialControl connects to the server that runs on a directory. ErrNobody: there is none.
func dialControl(ctx context.Context, dir string) (net.Conn, error) {
	opened, err := openDirectory(dir)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	path, err := opened.path(socketName)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNobody, err)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("%w: %w", ErrNobody, err)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("the server that runs on it belongs to another user: become that user")
	}
	return conn, err
}

// ErrNobody: no server listens on the directory's socket.
var ErrNobody = errors.New("no server runs on it")
