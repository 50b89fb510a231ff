//go:build linux

package liefs

import (
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// withFile is a disk with one file whose name is durable.
func withFile(t *testing.T) (*Disk, uint64) {
	d := NewDisk()
	n, err := d.add(rootID, "f", syscall.S_IFREG|0o600, 0, 0)
	require.NoError(t, err)
	require.NoError(t, d.sync(rootID))
	return d, n.id
}

// durable is what is left of a file when nothing that was not synced survives.
func durable(d *Disk, id uint64) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := make([]byte, 100)
	return string(p[:d.inodes[id].synced.readAt(p, 0)])
}

func TestFailedSync(t *testing.T) {
	for _, row := range []struct {
		how         Outcome
		after, then string // durable after the failure, and after one more write and a sync that succeeds
	}{
		{Lost, "old", "old\x00\x00\x00\x00more"},
		{Kept, "old new", "old newmore"},
	} {
		t.Run(row.how.String(), func(t *testing.T) {
			d, id := withFile(t)
			require.NoError(t, d.write(id, []byte("old"), 0))
			require.NoError(t, d.sync(id))
			failed := d.FailSync(2, row.how)
			require.NoError(t, d.sync(id))
			require.NoError(t, d.write(id, []byte(" new"), 3))
			select {
			case <-failed:
				require.Fail(t, "too early")
			default:
			}
			require.ErrorIs(t, d.sync(id), syscall.EIO)
			<-failed
			require.Equal(t, "old new", string(content(t, d, id)), "programs see it all the same")
			require.NoError(t, d.sync(id), "nobody says it a second time")
			require.Equal(t, row.after, durable(d, id))
			require.NoError(t, d.write(id, []byte("more"), 7))
			require.NoError(t, d.sync(id))
			require.Equal(t, row.then, durable(d, id))
		})
	}
}

func TestLies(t *testing.T) {
	d, id := withFile(t)
	d.Lie(func(path string) bool { return path == "/f" })
	require.NoError(t, d.write(id, []byte("x"), 0))
	require.NoError(t, d.sync(id))
	require.Empty(t, durable(d, id))
	d.Lie(nil)
	require.NoError(t, d.sync(id))
	require.Equal(t, "x", durable(d, id))
}

func TestFull(t *testing.T) {
	d, id := withFile(t)
	d.Limit(2 * blockSize)
	require.NoError(t, d.write(id, make([]byte, 2*blockSize), 0))
	require.ErrorIs(t, d.write(id, []byte("x"), 2*blockSize), syscall.ENOSPC)
	require.ErrorIs(t, d.allocate(id, 0, 3*blockSize, true), syscall.ENOSPC)
	require.NoError(t, d.write(id, []byte("x"), blockSize), "what has its space can be overwritten")
	require.NoError(t, d.truncate(id, 9*blockSize), "a hole takes none")
	require.EqualValues(t, 2*blockSize, d.Used())
	d.Limit(3 * blockSize)
	require.NoError(t, d.write(id, []byte("x"), 2*blockSize))
	require.NoError(t, d.unlink(rootID, "f", false))
	require.Zero(t, d.Used())
}

func TestReadOnly(t *testing.T) {
	d, id := withFile(t)
	d.ReadOnly(true)
	require.ErrorIs(t, d.write(id, []byte("x"), 0), syscall.EROFS)
	require.ErrorIs(t, d.truncate(id, 1), syscall.EROFS)
	require.ErrorIs(t, d.unlink(rootID, "f", false), syscall.EROFS)
	require.Empty(t, content(t, d, id))
	d.ReadOnly(false)
	require.NoError(t, d.write(id, []byte("x"), 0))
}

// TestRenameTakesBothDirectories: a sync of one directory makes a rename durable in the other as well, and what that went through before.
func TestRenameTakesBothDirectories(t *testing.T) {
	d, id := withFile(t)
	dir, err := d.add(rootID, "dir", syscall.S_IFDIR|0o700, 0, 0)
	require.NoError(t, err)
	require.NoError(t, d.renameTo(rootID, "f", dir.id, "g", true))
	other, err := d.add(dir.id, "later", syscall.S_IFREG|0o600, 0, 0)
	require.NoError(t, err)
	require.NoError(t, d.sync(rootID))
	require.Equal(t, map[string]uint64{"dir": dir.id}, d.inodes[rootID].durable)
	require.Equal(t, map[string]uint64{"g": id}, d.inodes[dir.id].durable)
	require.NoError(t, d.sync(dir.id))
	require.Equal(t, map[string]uint64{"g": id, "later": other.id}, d.inodes[dir.id].durable)
}

// TestFreeze: L4, and a sync covers what was there when it began.
func TestFreeze(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, id := withFile(t)
		d.SlowSyncs(func() time.Duration { return time.Second })
		require.NoError(t, d.write(id, []byte("early"), 0))
		slow := make(chan error, 1)
		go func() { slow <- d.sync(id) }()
		synctest.Wait()
		require.NoError(t, d.write(id, []byte("late"), 0))
		require.NoError(t, <-slow)
		require.Equal(t, "early", durable(d, id))

		frozen := d.FreezeAt(2)
		require.NoError(t, d.write(id, []byte("1"), 0))
		answers := make(chan error, 3)
		go func() { answers <- d.write(id, []byte("2"), 0) }()
		<-frozen
		go func() {
			_, err := d.read(id, make([]byte, 1), 0)
			answers <- err
		}()
		go func() { answers <- d.sync(id) }()
		synctest.Wait()
		require.Empty(t, answers, "nobody is answered")
		d.Thaw()
		for range 3 {
			require.ErrorIs(t, <-answers, syscall.EIO)
		}
		require.Equal(t, "early", durable(d, id))
	})
}
