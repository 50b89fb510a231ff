//go:build linux

package liefs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// model is what a disk may be after a cut, kept the slow way: every version of every file since its last sync, and every file that a
// name has led to since its directory was synced. It shares no code with the disk.
type model struct {
	files map[uint64][][]byte // by inode: the content now is the last; the first is the synced one
	names map[string][]uint64 // what the name led to, 0 being nothing: the last is what it leads to now, the first is durable
}

func newModel() *model { return &model{files: map[uint64][][]byte{}, names: map[string][]uint64{}} }

func (m *model) now(id uint64) []byte { return m.files[id][len(m.files[id])-1] }

func (m *model) leads(name string) uint64 {
	if all := m.names[name]; len(all) > 0 {
		return all[len(all)-1]
	}
	return 0
}

func (m *model) name(name string, id uint64) {
	if m.names[name] == nil {
		m.names[name] = []uint64{0}
	}
	m.names[name] = append(m.names[name], id)
}

func (m *model) alter(id uint64, content []byte) { m.files[id] = append(m.files[id], content) }

func (m *model) syncFile(id uint64) { m.files[id] = [][]byte{m.now(id)} }

func (m *model) syncNames() {
	for name, all := range m.names {
		m.names[name] = all[len(all)-1:]
	}
}

// resized is content with another length, zeros behind.
func resized(content []byte, size int) []byte {
	out := make([]byte, size)
	copy(out, content)
	return out
}

// possible reports whether a file may have a content after a cut: each byte as in some version, a length that some version had, and
// zeros where a version was too short for it.
func possible(versions [][]byte, content []byte) error {
	if !slices.ContainsFunc(versions, func(v []byte) bool { return len(v) == len(content) }) && len(versions) == 1 {
		return fmt.Errorf("length %d, and it was %d", len(content), len(versions[0]))
	}
	longest := 0
	for _, v := range versions {
		longest = max(longest, len(v))
	}
	if len(content) > longest {
		return fmt.Errorf("length %d, and it was never longer than %d", len(content), longest)
	}
	for i, b := range content {
		if !slices.ContainsFunc(versions, func(v []byte) bool { return i < len(v) && v[i] == b || i >= len(v) && b == 0 }) {
			return fmt.Errorf("byte %d is %#x, which it never was", i, b)
		}
	}
	return nil
}

// act does one thing to the disk and to the model.
func act(t *testing.T, rng *rand.Rand, d *Disk, m *model, step int) {
	name := string(rune('a' + rng.IntN(5)))
	id := m.leads(name)
	switch kind := rng.IntN(10); {
	case id == 0:
		n, err := d.add(rootID, name, syscall.S_IFREG|0o600, 0, 0)
		require.NoError(t, err)
		m.files[n.id] = [][]byte{nil}
		m.name(name, n.id)
	case kind < 5:
		data := bytes.Repeat([]byte{byte(1 + step%255)}, 1+rng.IntN(3000))
		off := rng.IntN(9000)
		require.NoError(t, d.write(id, data, int64(off)))
		next := resized(m.now(id), max(len(m.now(id)), off+len(data)))
		copy(next[off:], data)
		m.alter(id, next)
	case kind == 5:
		size := rng.IntN(12000)
		require.NoError(t, d.truncate(id, int64(size)))
		m.alter(id, resized(m.now(id), size))
	case kind == 6:
		to := string(rune('a' + rng.IntN(5)))
		require.NoError(t, d.renameTo(rootID, name, rootID, to, true))
		if to != name {
			m.name(name, 0)
			m.name(to, id)
		}
	case kind == 7:
		require.NoError(t, d.unlink(rootID, name, false))
		m.name(name, 0)
	case kind == 8:
		require.NoError(t, d.sync(rootID))
		m.syncNames()
	default:
		require.NoError(t, d.sync(id))
		m.syncFile(id)
	}
}

// content reads a file wholly.
func content(t *testing.T, d *Disk, id uint64) []byte {
	p := make([]byte, 20000)
	n, err := d.read(id, p, 0)
	require.NoError(t, err)
	return p[:n]
}

// TestAgainstModel: what reads show before a cut is what was written, and what they show after is what could be left (L1, L2).
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		d, m := NewDisk(), newModel()
		for step := range 60 {
			act(t, rng, d, m, step)
		}
		for name := range m.names {
			n, err := d.lookup(rootID, name)
			if m.leads(name) == 0 {
				require.ErrorIs(t, err, syscall.ENOENT, "seed %d", seed)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, m.leads(name), n.id, "seed %d: what %s leads to", seed, name)
			require.True(t, bytes.Equal(m.now(n.id), content(t, d, n.id)), "seed %d: %s before the cut", seed, name)
		}
		d.Freeze()
		after := d.Cut(seed)
		for name, could := range m.names {
			n, err := after.lookup(rootID, name)
			if err != nil {
				require.Contains(t, could, uint64(0), "seed %d: %s is gone", seed, name)
				continue
			}
			require.Contains(t, could, n.id, "seed %d: what %s leads to", seed, name)
			require.NoError(t, possible(m.files[n.id], content(t, after, n.id)), "seed %d: %s after the cut", seed, name)
		}
	}
}

// TestCutReachesEverything: over many seeds a cut drops, keeps, tears, reorders and lengthens, or the tests that rest on it prove little.
func TestCutReachesEverything(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(300) {
		d := NewDisk()
		n, err := d.add(rootID, "f", syscall.S_IFREG|0o600, 0, 0)
		require.NoError(t, err)
		require.NoError(t, d.sync(rootID))
		require.NoError(t, d.write(n.id, bytes.Repeat([]byte{1}, 2048), 0))
		require.NoError(t, d.sync(n.id))
		require.NoError(t, d.write(n.id, bytes.Repeat([]byte{2}, 2048), 0))
		require.NoError(t, d.write(n.id, bytes.Repeat([]byte{3}, 1024), 2048))
		require.NoError(t, d.renameTo(rootID, "f", rootID, "g", false))
		d.Freeze()
		after := d.Cut(seed)
		moved, err := after.lookup(rootID, "g")
		seen[fmt.Sprintf("renamed: %v", err == nil)] = true
		if err != nil {
			moved, err = after.lookup(rootID, "f")
			require.NoError(t, err, "seed %d: a rename is there wholly or not at all", seed)
		}
		got := content(t, after, moved.id)
		first, second := bytes.Count(got, []byte{2}), bytes.Count(got, []byte{3})
		seen[fmt.Sprintf("the first write: %v", share(first, 2048))] = true
		seen[fmt.Sprintf("the second write: %v", share(second, 1024))] = true
		if first == 0 && second > 0 {
			seen["reordered"] = true
		}
		if len(got) == 3072 && second == 0 {
			seen["longer, without data"] = true
		}
		if first%sectorSize != 0 {
			seen["torn inside a sector"] = true
		}
		if i, j := bytes.IndexByte(got, 2), bytes.LastIndexByte(got, 1); i >= 0 && j > i && bytes.IndexByte(got[j:], 2) >= 0 {
			seen["torn with a gap"] = true
		}
	}
	for _, want := range []string{
		"renamed: true", "renamed: false", "the first write: none", "the first write: some", "the first write: all",
		"the second write: none", "the second write: some", "the second write: all", "reordered", "longer, without data",
		"torn inside a sector", "torn with a gap",
	} {
		require.True(t, seen[want], "no seed of 300 shows: %s", want)
	}
}

func share(n, of int) string {
	switch n {
	case 0:
		return "none"
	case of:
		return "all"
	}
	return "some"
}
