package stack

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/disk"
	"tandem/server"
)

// process is one life of the server, from its start to its death.
type process struct {
	dir     string
	store   *disk.Store
	handler *server.Server
	http    *http.Server
	served  chan struct{}
}

// disks decides what the disk does.
type disks struct {
	mu    sync.Mutex
	rng   *rand.Rand
	calm  bool
	life  int // grows with every crash: what belongs to an earlier one fails at once
	died  chan struct{}
	fails int
}

var errDisk = errors.New("injected disk failure")

// step is what happens before or after a commit is written: nothing, a failure, or a long wait.
func (d *disks) step(life int) error {
	d.mu.Lock()
	died := d.died
	dice, calm, dead := d.rng.Float64(), d.calm, d.life != life
	d.mu.Unlock()
	switch {
	case dead:
		return errDisk
	case calm || dice > 0.06:
		return nil
	case dice < 0.004:
		d.mu.Lock()
		d.fails++
		d.mu.Unlock()
		return errDisk
	}
	select { // a slow fsync, in which the process may die
	case <-time.After(time.Duration(dice * float64(30*time.Second))):
		return nil
	case <-died:
		return errDisk
	}
}

// start begins a life on a directory.
func (w *world) start(t *testing.T, dir string) {
	w.disks.mu.Lock()
	life := w.disks.life
	w.disks.died = make(chan struct{})
	w.disks.mu.Unlock()
	step := func() error { return w.disks.step(life) }
	log := slog.New(w.log.With("life", life).Handler())
	var store *disk.Store
	for { // a disk that fails while the log is replayed: whoever watches the process starts it again
		var err error
		store, err = disk.Open(dir, disk.Config{Logger: log, Hooks: disk.Hooks{BeforeLog: step, AfterLog: step, BeforeSync: step, AfterSync: step}})
		if err == nil {
			break
		}
		require.ErrorIs(t, err, errDisk)
	}
	handler, err := server.New(server.Config{
		Store:     store,
		Documents: doc.Config{Logger: log, UnloadAfter: 3 * time.Second, StateConfig: doc.StateConfig{HistoryBytes: 32 << 10, SnapshotCommits: 50}},
		Logger:    log,
	})
	require.NoError(t, err)
	p := &process{dir: dir, store: store, handler: handler, served: make(chan struct{})}
	p.http = &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	l := newListener()
	go func() { // ends with the listener
		defer close(p.served)
		_ = p.http.Serve(l)
	}()
	w.process = p
	w.network.listen(l)
}

// crash kills the process between any two instants: connections end, the disk keeps what was written, and everything else is
// gone. The directory of the next life is a copy of what this one left.
func (w *world) crash(t *testing.T) string {
	synctest.Wait() // nothing is being written now, though a commit may be under way
	p := w.process
	w.network.listen(nil)
	for _, k := range w.network.of("") {
		if w.rng.IntN(4) == 0 {
			k.hush() // the client hears nothing of it
			_ = k.server.Close()
		} else {
			k.cut()
		}
	}
	next := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(next, "data"), os.DirFS(p.dir)))
	w.disks.mu.Lock()
	w.disks.life++
	close(w.disks.died)
	w.disks.mu.Unlock()
	w.bury(p)
	return filepath.Join(next, "data")
}

// bury ends the goroutines of a process that died: nobody hears of what they do.
func (w *world) bury(p *process) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_ = p.handler.Shutdown(ctx)
	_ = p.http.Close()
	<-p.served
	_ = p.store.Close()
}
