//go:build !race

package faults

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// files are a store's regular files by path, wholly in memory.
type files map[string][]byte

func loadFiles(dir string) (files, error) {
	all := files{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		all[name] = content
		return err
	})
	return all, err
}

// save writes the files; what is zero becomes a hole.
func (f files) save(dir string) error {
	for name, content := range f {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		err = file.Truncate(int64(len(content)))
		for off := 0; off < len(content) && err == nil; off += pageSize {
			if page := content[off:min(off+pageSize, len(content))]; !isZero(page) {
				_, err = file.WriteAt(page, int64(off))
			}
		}
		if e := file.Close(); err == nil {
			err = e
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pageSize is in what disks and databases write, in bytes.
const pageSize = 4096

func isZero(p []byte) bool { return len(bytes.Trim(p, "\x00")) == 0 }

// spot is a page of a file.
type spot struct {
	name string
	off  int
}

// spots are the pages that are not zero.
func (f files) spots() (all []spot) {
	for _, name := range slices.Sorted(maps.Keys(f)) {
		for off := 0; off < len(f[name]); off += pageSize {
			if !isZero(f[name][off:min(off+pageSize, len(f[name]))]) {
				all = append(all, spot{name, off})
			}
		}
	}
	return all
}

// mutation is a store of which one file was damaged in one way.
type mutation struct {
	files files
	how   string
}

// mutate makes one; old is the store as it was earlier. Contents that do not change are shared.
func (f files) mutate(rng *rand.Rand, old files) mutation {
	spots := f.spots()
	at := spots[rng.IntN(len(spots))]
	if rng.IntN(4) == 0 { // small files, too
		names := slices.Sorted(maps.Keys(f))
		at = spot{names[rng.IntN(len(names))], 0}
	}
	out := maps.Clone(f)
	content := bytes.Clone(f[at.name])
	out[at.name] = content
	end := min(at.off+pageSize, len(content))
	if end == at.off {
		out[at.name] = []byte("garbage")
		return mutation{files: out, how: at.name + ": garbage in an empty file"}
	}
	switch rng.IntN(6) {
	case 0:
		n := 1 + rng.IntN(3)
		for range n {
			content[at.off+rng.IntN(end-at.off)] ^= 1 << rng.IntN(8)
		}
		return mutation{files: out, how: fmt.Sprintf("%s: %d bits flipped in the page at %d", at.name, n, at.off)}
	case 1:
		clear(content[at.off:end])
		return mutation{files: out, how: fmt.Sprintf("%s: zeros in the page at %d", at.name, at.off)}
	case 2:
		other := rng.IntN(len(content)/pageSize+1) * pageSize
		a, b := bytes.Clone(content[at.off:end]), bytes.Clone(content[other:min(other+pageSize, len(content))])
		copy(content[at.off:end], b)
		copy(content[other:], a[:min(len(a), len(b))])
		return mutation{files: out, how: fmt.Sprintf("%s: the pages at %d and %d swapped", at.name, at.off, other)}
	case 3:
		if before := old[at.name]; len(before) > at.off {
			copy(content[at.off:end], before[at.off:])
			return mutation{files: out, how: fmt.Sprintf("%s: an old page at %d", at.name, at.off)}
		}
		fallthrough
	case 4:
		size := at.off + rng.IntN(end-at.off)
		out[at.name] = content[:size]
		return mutation{files: out, how: fmt.Sprintf("%s: cut to %d bytes of %d", at.name, size, len(content))}
	default:
		garbage := make([]byte, 1+rng.IntN(2*pageSize))
		for i := range garbage {
			garbage[i] = byte(rng.Uint32())
		}
		out[at.name] = append(content, garbage...)
		return mutation{files: out, how: fmt.Sprintf("%s: %d bytes of garbage behind %d", at.name, len(garbage), len(content))}
	}
}
