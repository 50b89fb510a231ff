//go:build !race

package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/internal/faults/liefs"
)

// lyingRig is a server on a disk whose power can be cut.
type lyingRig struct {
	*server
	rng   *rand.Rand
	disk  *liefs.Disk
	point string // where the disk is mounted; the store is below, so that its name has to be made durable as well
	mount *liefs.Mount
}

// storeName is the store's directory on the disk.
const storeName = "data"

func newLyingRig(t *testing.T, seed uint64) *lyingRig {
	t.Helper()
	if err := liefs.Available(); err != nil {
		t.Skip(err)
	}
	point, err := os.MkdirTemp(scratch, "disk")
	require.NoError(t, err)
	rig := &lyingRig{
		server: newServer(program(t), filepath.Join(point, storeName)), rng: rand.New(rand.NewPCG(seed, 1)),
		disk: liefs.NewDisk(), point: point,
	}
	rig.disk.SlowSyncs(slowSyncs(seed))
	require.NoError(t, rig.insert())
	t.Cleanup(func() {
		rig.disk.Freeze()
		if rig.life != nil {
			rig.life.die()
			rig.disk.Thaw() // what waits for the disk can die now
			<-rig.life.ended
		}
		if rig.mount != nil { // else the last cut could not mount it again
			require.NoError(t, rig.mount.Unmount())
		}
	})
	return rig
}

// slowSyncs makes one sync in four take up to 3 ms, and one in a hundred up to 100 ms.
func slowSyncs(seed uint64) func() time.Duration {
	rng := rand.New(rand.NewPCG(seed, 2))
	return func() time.Duration {
		switch n := rng.IntN(100); {
		case n == 0:
			return time.Duration(rng.Int64N(int64(100 * time.Millisecond)))
		case n < 25:
			return time.Duration(rng.Int64N(int64(3 * time.Millisecond)))
		}
		return 0
	}
}

func (r *lyingRig) insert() (err error) {
	r.mount, err = liefs.NewMount(r.disk, r.point)
	return err
}

// cut is a power cut: the server is gone, and the disk keeps what the dice say, or with hard set what was synced and nothing else.
func (r *lyingRig) cut(hard bool) error {
	r.disk.Freeze()
	r.life.die()
	r.disk.Thaw()
	<-r.life.ended
	if err := r.mount.Unmount(); err != nil {
		return err
	}
	if hard {
		r.disk = r.disk.HardCut()
	} else {
		r.disk = r.disk.Cut(r.rng.Uint64())
	}
	return r.insert()
}

// run launches the server and lets it run until a moment of a power cut: a while after it is ready, or in place of a change of the disk,
// which may come while it starts.
func (r *lyingRig) run() error {
	var frozen <-chan struct{}
	while := time.Duration(r.rng.Int64N(int64(150 * time.Millisecond)))
	switch r.rng.IntN(3) {
	case 0:
		frozen = r.disk.FreezeAt(1 + r.rng.IntN(20))
	case 1:
		frozen = r.disk.FreezeAt(1 + r.rng.IntN(400))
	}
	if err := r.launch(); err != nil {
		return err
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-r.life.ready:
	case <-frozen:
		return nil
	case <-r.life.ended:
		return r.life.failure()
	case <-timeout.C:
		return fmt.Errorf("the server was not ready within %v:\n%s", patience, r.life.log)
	}
	timeout.Reset(while + 50*time.Millisecond)
	select {
	case <-frozen:
	case <-r.life.ended:
		return r.life.failure()
	case <-timeout.C:
	}
	return nil
}

// TestRigPowerCuts: eight authors type into twenty documents while the power is cut, while the server works and while it starts.
func TestRigPowerCuts(t *testing.T) {
	n, cuts := seed(t), number(t, "TANDEM_CUTS", 20, 500)
	rig := newLyingRig(t, n)
	require.NoError(t, rig.start())
	c, err := newCrowd(rig.url(), n, 8, 20)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.close()) }()
	require.NoError(t, c.ready())
	c.begin()
	began, audits := time.Now(), 0
	err = rig.cuts(c, cuts, &audits)
	c.pause()
	require.NoError(t, err)
	require.NoError(t, errors.Join(rig.cut(true), rig.start()))
	require.NoError(t, c.settle(), "%s", rig.life.log)
	require.NoError(t, errors.Join(rig.cut(false), rig.start()))
	require.NoError(t, c.verdict(rig.url()))
	_, total := c.saved()
	require.Greater(t, total, cuts, "edits that were acknowledged")
	t.Logf("note: %d power cuts in %.1f s, %d edits acknowledged, %d of the cuts audited at once, nothing lost or doubled",
		cuts, time.Since(began).Seconds(), total, audits)
}

// cuts cuts the power so often; after each fourth cut what the server has is compared at once.
func (r *lyingRig) cuts(c *crowd, n int, audits *int) error {
	for i := range n {
		if i > 0 {
			if err := r.run(); err != nil {
				return fmt.Errorf("after cut %d: %w", i, err)
			}
		}
		if err := r.cut(r.rng.IntN(4) == 0); err != nil {
			return fmt.Errorf("cut %d: %w", i+1, err)
		}
		if i%4 != 3 {
			continue
		}
		saved, _ := c.saved()
		if err := r.start(); err != nil {
			return fmt.Errorf("after cut %d: %w", i+1, err)
		}
		if err := c.audit(r.url(), saved); err != nil {
			return fmt.Errorf("after cut %d: %w", i+1, err)
		}
		*audits++
		if err := r.cut(false); err != nil {
			return err
		}
	}
	return nil
}

// TestRigFailedSyncs: a sync fails, and what it was to make durable is lost, or is there all the same. The server goes on by itself, and
// a power cut soon after takes nothing that was acknowledged: not what the page cache still showed, either.
func TestRigFailedSyncs(t *testing.T) {
	n, failures := seed(t), number(t, "TANDEM_FAILURES", 8, 200)
	rig := newLyingRig(t, n)
	require.NoError(t, rig.start())
	c, err := newCrowd(rig.url(), n, 4, 6)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.close()) }()
	require.NoError(t, c.ready())
	c.begin()
	for i := range failures {
		how := liefs.Lost
		if i%2 == 1 {
			how = liefs.Kept
		}
		if err = rig.failSync(c, how); err != nil {
			err = fmt.Errorf("failure %d, %v: %w", i+1, how, err)
			break
		}
	}
	c.pause()
	require.NoError(t, err)
	require.NoError(t, c.settle(), "%s", rig.life.log)
	require.NoError(t, errors.Join(rig.cut(true), rig.start()))
	require.NoError(t, c.verdict(rig.url()))
}

func (r *lyingRig) failSync(c *crowd, how liefs.Outcome) error {
	failed := r.disk.FailSync(1+r.rng.IntN(30), how)
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-failed:
	case <-timeout.C:
		return errors.New("nothing is synced any more")
	case <-r.life.ended:
		return r.life.failure()
	}
	if err := c.progress(10+r.rng.IntN(30), r.server); err != nil {
		return fmt.Errorf("%w\n%s", err, r.life.log)
	}
	if err := r.cut(true); err != nil {
		return err
	}
	saved, _ := c.saved()
	if err := r.start(); err != nil {
		return err
	}
	return c.audit(r.url(), saved)
}
