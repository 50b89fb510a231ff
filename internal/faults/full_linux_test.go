//go:build !race

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// smallDisk is the size of the file systems that get full, in bytes: room for the store, and for what is typed into it.
const smallDisk = 96 << 20

// mountSmall mounts a small file system until the test ends.
func mountSmall(t *testing.T, kind string) (point string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting a file system needs root")
	}
	point, err := os.MkdirTemp(scratch, "small")
	require.NoError(t, err)
	commands := [][]string{{"mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%d", smallDisk), "small", point}}
	if kind == "ext4" {
		image := point + ".image"
		require.NoError(t, os.WriteFile(image, nil, 0o600))
		require.NoError(t, os.Truncate(image, smallDisk))
		commands = [][]string{{"mkfs.ext4", "-q", "-m", "0", image}, {"mount", "-o", "loop", image, point}}
	}
	for _, args := range commands {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf("a small %s cannot be mounted: not permitted, or /dev/loop-control is absent: %v: %v: %s", kind, args, err, out)
		}
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(point, 0)) })
	return point
}

// fill writes a file until nothing fits any more.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	// The last bytes are taken by small writes: where a large one does not fit there may be room for those.
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err = f.Write(block); err != nil {
			block = block[:len(block)/2]
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

// TestRigFull: a disk gets full while people type, and has space again. They are told, keep what they typed, and it is saved when there is
// space, by a server that was not started anew.
func TestRigFull(t *testing.T) {
	for _, kind := range []string{"tmpfs", "ext4"} {
		t.Run(kind, func(t *testing.T) {
			n := seed(t)
			point := mountSmall(t, kind)
			s := newServer(program(t), filepath.Join(point, storeName))
			require.NoError(t, s.start())
			defer s.end()
			c, err := newCrowd(s.url(), n, 4, 4)
			require.NoError(t, err)
			defer func() { require.NoError(t, c.close()) }()
			require.NoError(t, c.ready())
			for round := range number(t, "TANDEM_ROUNDS", 1, 5) {
				require.NoError(t, fullOnce(s, c, filepath.Join(point, "ballast")), "round %d\n%s", round+1, s.life.log)
			}
			require.NoError(t, errors.Join(s.kill(), s.start()))
			require.NoError(t, c.verdict(s.url()))
			t.Logf("note: clients were told no-space %d times, and to open again %d times", c.heard("no-space"), c.heard("reopening"))
			if hasLog(s.dir) {
				require.NotZero(t, c.heard("no-space"))
				require.Zero(t, c.heard("reopening"), "sessions live on while there is no space: %v", c.err())
			}
		})
	}
}

// hasLog says whether a store has a write-ahead log; before there was one, sessions on a full disk ended, to be opened again.
func hasLog(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "log"))
	return err == nil
}

// fullOnce fills the disk until clients are told, has them type on for a while, and frees it.
func fullOnce(s *server, c *crowd, ballast string) error {
	c.bulk = 0
	c.begin()
	err := c.progress(40, s)
	c.pause()
	if err != nil {
		return err
	}
	if err := fill(ballast); err != nil {
		return err
	}
	c.bulk = 30_000 // what is left inside of the store's files is used up soon
	c.begin()
	err = c.trouble(s)
	c.pause()
	if err != nil {
		return fmt.Errorf("%w: %w", err, os.Remove(ballast))
	}
	c.bulk = 0
	c.begin()
	saved, _ := c.saved()
	err = c.audit(s.url(), saved) // what was saved can be read by somebody new
	c.pause()
	if err := errors.Join(err, os.Remove(ballast)); err != nil {
		return fmt.Errorf("while it was full: %w", err)
	}
	return c.settle()
}

// trouble waits until a client is told that there is no space, or to open again.
func (c *crowd) trouble(s *server) error {
	ctx, cancel := until(patience)
	defer cancel()
	before := c.heard("no-space") + c.heard("reopening")
	for c.heard("no-space")+c.heard("reopening") == before {
		select {
		case <-c.moved:
		case <-s.life.ended:
			return s.life.failure()
		case <-ctx.Done():
			return fmt.Errorf("nobody is told that the disk is full: %w", context.Cause(ctx))
		}
	}
	return nil
}
