//go:build !race

package faults

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The two parts of a store whose syncs a control leaves out. That is all that the rigs of power cuts know of its files.
var (
	inLog      = func(file string) bool { return strings.HasPrefix(file, path.Join("/", storeName, "log")) }
	isDatabase = func(file string) bool { return file == path.Join("/", storeName, "tandem.db") }
)

// controlCuts is within how many cuts a loss has to be found.
const controlCuts = 10

// TestRigControl: where the syncs of a part of the store do nothing, the rig must lose what was acknowledged. A store that sees
// that something is gone, and refuses to start, has lost it as well.
func TestRigControl(t *testing.T) {
	n := seed(t)
	for _, row := range []struct {
		name string
		lies func(string) bool
		bulk int
		end  func(*lyingRig) error
	}{
		{"log", inLog, 0, (*lyingRig).abandon},
		// A stop brings to the database what is in the log; and there is so much of it that the log's first files are used again.
		{"database", isDatabase, maxBulk, (*lyingRig).stop},
	} {
		t.Run(row.name, func(t *testing.T) {
			for cut := range controlCuts {
				lost, err := control(t, n+uint64(cut), row.lies, row.bulk, row.end)
				if errors.Is(err, errNoLog) {
					t.Log("note: the store has no log: nothing to control")
					return
				}
				if !errors.Is(err, errRefused) {
					require.NoError(t, err)
				}
				if found := cmp.Or(lost, err); found != nil {
					t.Logf("note: found at cut %d: %.300v", cut+1, found)
					return
				}
			}
			require.Fail(t, "nothing was lost although the disk forgot what it had synced", "%d cuts", controlCuts)
		})
	}
}

// errNoLog is a store without a log whose syncs could be left out.
var errNoLog = errors.New("the store has no log")

// abandon leaves the server running: the power is cut under it.
func (r *lyingRig) abandon() error { return nil }

// control is one short life on a disk that lies about some files, ended and then cut; lines are bulk bytes longer than usual. It returns
// what was lost. errRefused: the server did not start on what was left.
func control(t *testing.T, seed uint64, lies func(string) bool, bulk int, end func(*lyingRig) error) (lost, err error) {
	rig := newLyingRig(t, seed)
	require.NoError(t, rig.start())
	if !hasLog(rig.dir) && lies(path.Join("/", storeName, "log")) {
		return nil, errNoLog
	}
	c, err := newCrowd(rig.url(), seed, 3, 3)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.close()) }()
	require.NoError(t, c.ready())
	rig.disk.Lie(lies)
	c.bulk = bulk
	c.begin()
	err = c.progress(160, rig.server)
	c.pause()
	require.NoError(t, err)
	require.NoError(t, c.settle())
	saved, _ := c.saved()
	require.NoError(t, end(rig))
	if err := rig.cut(seed%2 == 1); err != nil {
		return nil, err
	}
	rig.disk.Lie(nil)
	if err := rig.start(); err != nil {
		return nil, fmt.Errorf("after the cut: %w", err)
	}
	return c.audit(rig.url(), saved), nil
}
