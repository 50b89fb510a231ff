package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// The files of a store. FORMAT.md tells what is in them.
const (
	markerFile   = "TANDEM"
	lockFile     = "lock"
	databaseFile = "tandem.db"
)

// format is the version of everything in the directory: a program refuses a higher one, and makes of a lower one its own.
const format = 2

const markerWord = "tandem-store"

// restoring is the marker's state while a backup is being restored.
const restoring = "restoring"

// prepare makes the directory a store, or finds that it is one, and locks it. It leaves a database file that is there, is
// not empty, is bbolt's, and is whole as far as its pages go. Nothing that is there already is ever written over. version is
// the format that the store is in, 0 where it is being made: below format, settleFormat must follow when the database is open.
func prepare(dir string, cfg Config) (lock *dirLock, version int, err error) {
	if err := makeDir(dir); err != nil {
		return nil, 0, err
	}
	if err := refuseForeign(dir); err != nil {
		return nil, 0, err
	}
	lock, err = lockDir(filepath.Join(dir, lockFile), cfg.Owner, cfg.LockTimeout)
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			lock.unlock()
			lock = nil
		}
	}()
	version, err = readMarker(dir)
	if err != nil {
		return lock, 0, err
	}
	if err := removeLeftover(dir); err != nil {
		return lock, 0, err
	}
	if version == 0 {
		if err := create(dir, cfg.LockTimeout); err != nil {
			return lock, 0, err
		}
	}
	return lock, version, checkDatabase(filepath.Join(dir, databaseFile))
}

// prepareEmpty makes a directory that is not there, or empty, the place of a store that is being restored, and locks it. It may be where a
// restore was broken off.
func prepareEmpty(dir string, cfg Config) (lock *dirLock, err error) {
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, markerFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	brokenOff := strings.HasSuffix(strings.TrimSpace(string(text)), restoring)
	for _, e := range entries {
		if !brokenOff && e.Name() != "lost+found" && e.Name() != lockFile {
			return nil, fmt.Errorf("it is not empty: it holds %q; choose a directory that is not there yet", e.Name())
		}
	}
	lock, err = lockDir(filepath.Join(dir, lockFile), cfg.Owner, cfg.LockTimeout)
	if err != nil {
		return nil, err
	}
	if err := writeMarker(dir, restoring); err != nil {
		lock.unlock()
		return nil, err
	}
	return lock, nil
}

// settleFormat says in the marker that the store is in the newest format. The database has all buckets before; and nothing is
// written in a new form before the marker keeps older programs away. So a start that is cut off anywhere between leaves a store
// of the older format, which has buckets that are empty.
func settleFormat(dir string) error { return writeMarker(dir, "") }

// makeDir creates the directory and what is missing above it, each name durable in its parent: also that of a directory which is there,
// since whoever made it may have been killed before that was so.
func makeDir(dir string) error {
	info, err := os.Stat(dir)
	parent := filepath.Dir(dir)
	switch {
	case err == nil && info.IsDir():
		for at := dir; at != filepath.Dir(at); at = filepath.Dir(at) {
			_ = syncDir(filepath.Dir(at)) // what cannot be opened, somebody else has made
		}
		return nil
	case err == nil:
		return fmt.Errorf("it is a file; name a directory")
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

// refuseForeign refuses a directory that somebody uses for something else.
func refuseForeign(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	foreign := ""
	for _, e := range entries {
		switch e.Name() {
		case markerFile:
			return nil
		case lockFile, markerFile + copySuffix, "lost+found": // a first start that did not get further; the root of a file system
		default:
			foreign = e.Name()
		}
	}
	if foreign != "" {
		return fmt.Errorf("not a tandem store: it holds %q and no file %q; choose an empty directory, or the right one", foreign, markerFile)
	}
	return nil
}

// readMarker returns the format of the store, 0 where its database may not have been created. A directory without a marker is
// not a store yet.
func readMarker(dir string) (version int, err error) {
	text, err := os.ReadFile(filepath.Join(dir, markerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	words := strings.Fields(string(text))
	if len(words) < 2 || words[0] != markerWord || bytes.IndexByte(text, '\n') != len(text)-1 {
		return 0, fmt.Errorf("not a tandem store: its file %q says something else; restore it from a backup, or choose another directory", markerFile)
	}
	version, err = strconv.Atoi(words[1])
	switch {
	case err != nil || version < 1:
		return 0, fmt.Errorf("not a tandem store: its file %q names the format %q", markerFile, words[1])
	case version > format:
		return 0, fmt.Errorf("it has the format %d and this program knows formats up to %d; use a newer version of tandem", version, format)
	case len(words) == 3 && words[2] == "creating":
		return 0, nil
	case len(words) == 3 && words[2] == restoring:
		return 0, fmt.Errorf("a backup was being restored here, which was broken off; restore it again")
	}
	return version, nil
}

// writeMarker replaces the marker in one step.
func writeMarker(dir, state string) error {
	path := filepath.Join(dir, markerFile)
	text := strings.TrimSpace(fmt.Sprintf("%s %d %s", markerWord, format, state)) + "\n"
	if err := os.WriteFile(path+copySuffix, []byte(text), 0o600); err != nil {
		return err
	}
	if err := syncFile(path + copySuffix); err != nil {
		return err
	}
	if err := os.Rename(path+copySuffix, path); err != nil {
		return err
	}
	return syncDir(dir)
}

// removeLeftover removes a copy that was not finished.
func removeLeftover(dir string) error {
	err := os.Remove(filepath.Join(dir, databaseFile+copySuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// create makes the database under another name and moves it into place. The marker says "creating" until settleFormat: a start
// that fails half-way is taken up by the next one, and a ready store whose database is gone is never taken for a new one.
func create(dir string, wait time.Duration) error {
	if err := writeMarker(dir, "creating"); err != nil {
		return err
	}
	path := filepath.Join(dir, databaseFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := createDatabase(path+copySuffix, wait); err != nil {
			return err
		}
		if err := os.Rename(path+copySuffix, path); err != nil {
			return err
		}
		if err := syncDir(dir); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	return nil
}

func createDatabase(path string, wait time.Duration) error {
	db, err := openBolt(path, wait)
	if err != nil {
		return err
	}
	err = addBuckets(db, buckets)
	if e := db.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return syncFile(path)
}

// addBuckets makes those of the buckets that are missing.
func addBuckets(db *bbolt.DB, names []string) error {
	return db.Update(func(tx *bbolt.Tx) error {
		for _, name := range names {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkDatabase refuses a database file that bbolt would create anew, or could not open.
func checkDatabase(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("its database %q is gone; restore it from a backup", databaseFile)
	case err != nil:
		return err
	case info.Size() == 0:
		return fmt.Errorf("there is an empty file where a store should be, %q; restore it from a backup", databaseFile)
	}
	return checkStructure(path)
}

// explain says what to do about an error of opening.
func explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("it cannot be written to (%w); let the user that runs tandem write there", err)
	case errors.Is(err, berrors.ErrTimeout):
		return fmt.Errorf("another process has its database %q open; stop that first", databaseFile)
	case errors.Is(err, errForeign):
		return fmt.Errorf("its database %q is no database: %w; restore it from a backup", databaseFile, err)
	case errors.Is(err, errStructure):
		return fmt.Errorf("its database %q: %w; restore it from a backup", databaseFile, err)
	}
	return err
}
