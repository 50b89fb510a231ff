//go:build !race

package wal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// script is a short run in which everything happens once: a first segment, one that is left, one recycled, one of its own
// size, a segment rotated away, a scrub, and a second process.
var script = []func(*world) error{
	func(w *world) error { return w.put(100) },
	func(w *world) error { return w.put(900) },
	func(w *world) error { return w.put(7000) },
	func(w *world) error { return w.put(6000) },
	func(w *world) error { return w.storeAll() },
	func(w *world) error { return w.put(7000) },
	func(w *world) error { return w.put(1) },
	func(w *world) error { return w.rotateAll() },
	func(w *world) error { return w.put(300) },
	func(w *world) error { return w.put(12000) },
	func(w *world) error { return w.storeAll() },
	func(w *world) error { return w.scrub() },
	func(w *world) error { return w.put(7000) },
	func(w *world) error { return w.put(600) },
	(*world).restart,
	func(w *world) error { return w.put(20) },
}

// restart kills the process and starts another one. The calls of both are counted as one row.
func (w *world) restart() error {
	w.proc.mu.Lock()
	w.counted = w.proc.calls
	w.proc.mu.Unlock()
	return w.end("kill", func() {})
}

// play runs the script in a new world, with processes as prepare sets them up. A reset follows where the log has become unsafe.
// It ends where the process does.
func play(prepare func(*process)) (*world, error) {
	w := newWorld(0, bug{})
	w.prepare = prepare
	err := w.open()
	for _, step := range script {
		if w.log != nil {
			w.settle()
		}
		if err == nil && w.unsafe {
			err = w.reset()
		}
		if err == nil {
			err = step(w)
		}
	}
	if w.log != nil {
		w.settle()
		w.proc.kill()
		_ = w.log.Close()
	}
	if errors.Is(err, errDead) {
		return w, nil
	}
	return w, err
}

// after looks at what the end of a process has left: as it is; and when something was appended to it and the power was
// cut, once what goes on behind an append has been done, and before any of it has.
func (w *world) after(d *disk) error {
	for _, behind := range []bool{true, false} {
		if err := w.appendAfter(d.clone(), behind); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) appendAfter(d *disk, behind bool) error {
	next := newWorld(1, bug{})
	next.prepare = func(*process) {}
	next.disk, next.stored, next.serial = d, w.stored, w.serial
	next.acked, next.doubts = slices.Clone(w.acked), slices.Clone(w.doubts)
	defer func() {
		if next.log != nil {
			next.proc.kill()
			_ = next.log.Close()
		}
	}()
	if err := next.open(); err != nil {
		return err
	}
	if !behind {
		next.proc.deadAt = next.proc.calls + 3
	}
	if err := next.put(50); err != nil {
		return err
	}
	next.settle()
	return next.end("power cut", func() { next.disk = next.disk.cutPower(func(int) int { return 0 }) })
}

// Each call of the file system fails in each way; the log goes on, and then the power is cut, or the process killed.
func TestExhaustiveFailures(t *testing.T) {
	runs := 0
	for call := 1; ; call++ {
		reached := false
		for how := failBefore; how <= failFull; how++ {
			w, err := play(func(p *process) { p.failAt[call] = how })
			require.NoError(t, err, "call %d fails as %d\n%s", call, how, join(w.trace))
			reached = reached || w.proc.calls >= call
			rng := rand.New(rand.NewPCG(uint64(call), uint64(how)))
			for _, left := range []*disk{w.disk.cutPower(tear(rng)), w.disk.cutPower(tear(rng)), w.disk} {
				require.NoError(t, w.after(left), "call %d fails as %d\n%s", call, how, join(w.trace))
				runs++
			}
		}
		if !reached {
			break
		}
	}
	t.Logf("note: %d runs", runs)
}

// At each call the process is killed, and the power is cut, and of what was under way every subset survives where that are few, else some hundreds.
func TestExhaustiveEnds(t *testing.T) {
	const few = 10
	states, whole := 0, 0
	for call := 1; ; call++ {
		w, err := play(func(p *process) { p.deadAt = call })
		require.NoError(t, err, "dead at call %d\n%s", call, join(w.trace))
		if w.proc.calls < call {
			break
		}
		require.NoError(t, w.after(w.disk), "killed at call %d\n%s", call, join(w.trace))
		try := func(name string, keep func(int) int) {
			states++
			require.NoError(t, w.after(w.disk.cutPower(keep)), "dead at call %d, %s\n%s", call, name, join(w.trace))
		}
		if n := w.disk.pieces(); n <= few {
			whole++
			for set := range 1 << n {
				i := 0
				try(fmt.Sprintf("pieces %b", set), func(bytes int) int {
					i++
					return set >> (i - 1) & 1 * bytes
				})
			}
			continue
		}
		for seed := range uint64(20) {
			try(fmt.Sprint("seed ", seed), tear(rand.New(rand.NewPCG(uint64(call), seed))))
		}
	}
	t.Logf("note: %d states; every subset at %d calls", states, whole)
}

// The last write is torn at each of its bytes.
func TestExhaustiveTears(t *testing.T) {
	for _, row := range []struct {
		name   string
		before []func(*world) error
		size   int
	}{
		{"the first record", nil, 700},
		{"a record behind others", script[:2], 1100},
		{"the first in a segment", script[:3], 1100},
		{"in a recycled segment", slices.Concat(script[:5], script[3:6]), 600},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(0, bug{})
			require.NoError(t, w.open())
			for _, step := range row.before {
				require.NoError(t, step(w))
				w.settle()
			}
			w.proc.deadAt = w.proc.calls + 2 // after the write, before the sync
			require.NoError(t, w.put(row.size))
			require.Len(t, w.doubts, 1)
			_ = w.log.Close()
			size := 0
			w.disk.cutPower(func(bytes int) int { size += bytes; return 0 })
			require.Greater(t, size, row.size)
			for torn := range size + 1 {
				left := torn
				w.proc = &process{disk: w.disk.cutPower(func(bytes int) int {
					n := min(left, bytes)
					left -= n
					return n
				})}
				w.cfg.Files = w.proc
				var found []sample
				_, err := Verify(simDir, w.stored, w.cfg, into(&found))
				require.NoError(t, err)
				require.Equal(t, torn == size, len(found) > len(w.acked), "%d bytes", torn)
				if torn%16 == 0 || torn == size {
					require.NoError(t, w.after(w.proc.disk), "%d bytes", torn)
				}
			}
		})
	}
}
