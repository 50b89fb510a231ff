//go:build !race

package faults

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// refuses starts a server that must not start: it exits with status 1 within 2 s, and says why in one line, with the directory.
func refuses(t *testing.T, s *server) {
	t.Helper()
	began := time.Now()
	err := s.start()
	require.ErrorIs(t, err, errRefused)
	require.Less(t, time.Since(began), 2*time.Second)
	said := s.life.log.String()
	require.Equal(t, 1, strings.Count(said, "\n")+1, "%s", said)
	require.Contains(t, said, s.dir)
	require.Regexp(t, `^tandem: .*(cannot be written|read-only|permission)`, said)
}

// TestRigReadOnly: a directory that cannot be written to, empty or with a store in it, by permission or by its mount.
func TestRigReadOnly(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting a file system, and being another user, needs root")
	}
	for _, store := range []bool{false, true} {
		name := map[bool]string{false: "empty", true: "store"}[store]
		prepare := func(t *testing.T, dir string) *server {
			s := newServer(program(t), dir)
			if store {
				require.NoError(t, s.start())
				require.NoError(t, s.stop())
			}
			return s
		}
		t.Run(name+"/permission", func(t *testing.T) {
			dir, err := os.MkdirTemp(scratch, "data")
			require.NoError(t, err)
			s := prepare(t, dir)
			require.NoError(t, os.Chmod(dir, 0o555))
			s.user = &syscall.Credential{Uid: 65534, Gid: 65534}
			refuses(t, s)
		})
		t.Run(name+"/mount", func(t *testing.T) {
			point := mountSmall(t, "tmpfs")
			s := prepare(t, point)
			require.NoError(t, syscall.Mount("small", point, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
			refuses(t, s)
		})
	}
}

// TestRigReadOnlyMidway: the kernel finds an error in the file system and makes it read-only under the server. Nothing is acknowledged then,
// and after a repair and a new start everything is there.
func TestRigReadOnlyMidway(t *testing.T) {
	n := seed(t)
	rig := newLyingRig(t, n)
	require.NoError(t, rig.start())
	c, err := newCrowd(rig.url(), n, 4, 4)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.close()) }()
	require.NoError(t, c.ready())
	c.begin()
	err = c.progress(40, rig.server)
	if err == nil {
		rig.disk.ReadOnly(true)
		err = c.trouble(rig.server)
	}
	c.pause()
	require.NoError(t, err)
	saved, _ := c.saved()
	require.NoError(t, rig.cut(true))
	rig.disk.ReadOnly(false)
	require.NoError(t, rig.start())
	require.NoError(t, c.audit(rig.url(), saved))
	require.NoError(t, c.settle())
	require.NoError(t, errors.Join(rig.cut(true), rig.start()))
	require.NoError(t, c.verdict(rig.url()))
}
