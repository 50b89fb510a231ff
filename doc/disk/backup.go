package disk

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"tandem/doc"
)

// A backup is one file: a line that says what it is, how long the database is and what its SHA-256 is, padded with spaces and a line
// end to backupHeader bytes; then the database, which has everything that the log had (FORMAT.md).
const (
	backupWord   = "tandem-backup"
	backupFormat = 1
	backupHeader = 512
)

// ErrBackup is a file that is no backup, or not a whole one.
var ErrBackup = errors.New("not a whole backup")

// BackupInfo says what a backup has.
type BackupInfo struct {
	Bytes     int64 `json:"bytes"` // of the file
	Documents int   `json:"documents"`
}

// Backup writes everything that is durable now to a new file, while people go on editing. The file appears when it is whole and synced;
// one that is there already is refused.
func (s *Store) Backup(ctx context.Context, file string) (BackupInfo, error) {
	if _, err := os.Lstat(file); err == nil {
		return BackupInfo{}, fmt.Errorf("backup to %s: %w: choose another name, or move that file away", file, fs.ErrExist)
	}
	info := BackupInfo{}
	err := s.frozen(ctx, func() error {
		if err := s.engine.view(ctx, func(tx *reading) error {
			info.Documents = tx.keys(documentsBucket)
			return nil
		}); err != nil {
			return err
		}
		var err error
		info.Bytes, err = writeBackup(ctx, file, s.engine.path)
		return err
	})
	if err != nil {
		return BackupInfo{}, fmt.Errorf("backup to %s: %w", file, err)
	}
	return info, nil
}

// explainBackup says what to do about an error of writing a backup.
func explainBackup(err error, file string) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("there is no directory %s: make it first", filepath.Dir(file))
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%w: another backup is under way, or was broken off; in that case remove this file", err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("there is no space for it in %s: free some, or write it elsewhere (%w)", filepath.Dir(file), err)
	}
	return err
}

// frozen runs f while the database has everything that was durable when it was called, and nothing is written to it. Appends go on:
// the log takes them.
func (s *Store) frozen(ctx context.Context, f func() error) error {
	s.copying.Lock()
	defer s.copying.Unlock()
	if err := s.checkpointer.now(ctx); err != nil {
		return err
	}
	thaw, err := s.committer.freeze(ctx)
	if err != nil {
		return err
	}
	defer thaw()
	return f()
}

// writeBackup writes a backup of a database file that nobody writes to.
func writeBackup(ctx context.Context, file, database string) (size int64, err error) {
	src, err := os.Open(database)
	if err != nil {
		return 0, err
	}
	defer src.Close()
	partial := file + copySuffix
	dst, err := os.OpenFile(partial, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, explainBackup(err, file)
	}
	defer func() {
		_ = dst.Close()
		if err != nil {
			err = explainBackup(err, file)
			_ = os.Remove(partial)
		}
	}()
	if _, err := dst.Seek(backupHeader, io.SeekStart); err != nil {
		return 0, err
	}
	hash := sha256.New()
	used, err := usedSize(database)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(io.MultiWriter(dst, hash), io.LimitReader(&untilDone{ctx, src}, used))
	if err != nil {
		return 0, err
	}
	line := fmt.Sprintf("%s %d %d %x", backupWord, backupFormat, n, hash.Sum(nil))
	header := append(bytes.Repeat([]byte{' '}, backupHeader-1), '\n')
	copy(header, line)
	if _, err := dst.WriteAt(header, 0); err != nil {
		return 0, err
	}
	if err := dst.Sync(); err != nil {
		return 0, err
	}
	if err := os.Rename(partial, file); err != nil {
		return 0, err
	}
	return backupHeader + n, syncDir(filepath.Dir(file))
}

// untilDone reads until ctx is done.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u *untilDone) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(b)
}

// openBackup checks a backup and returns its file, at the first byte of the database.
func openBackup(file string) (_ *os.File, size int64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, 0, fmt.Errorf("%w: %s is a directory; name the file that tandem backup wrote", ErrBackup, file)
	}
	header := make([]byte, backupHeader)
	if _, err := io.ReadFull(f, header); err != nil {
		return nil, 0, fmt.Errorf("%w: %s is too short", ErrBackup, file)
	}
	var word, sum string
	var version int
	if n, _ := fmt.Sscanf(string(header), "%s %d %d %s", &word, &version, &size, &sum); n < 2 || word != backupWord {
		return nil, 0, fmt.Errorf("%w: %s was not written by tandem backup", ErrBackup, file)
	}
	if version > backupFormat {
		return nil, 0, fmt.Errorf("%w: %s has the format %d and this program knows formats up to %d; use a newer version of tandem", ErrBackup, file, version, backupFormat)
	}
	hash := sha256.New()
	n, err := io.Copy(hash, bufio.NewReaderSize(f, 1<<20))
	switch {
	case err != nil:
		return nil, 0, err
	case n != size:
		return nil, 0, fmt.Errorf("%w: %s has %d bytes of its database, and should have %d", ErrBackup, file, n, size)
	case hex.EncodeToString(hash.Sum(nil)) != sum:
		return nil, 0, fmt.Errorf("%w: %s does not have the checksum that it names", ErrBackup, file)
	}
	_, err = f.Seek(backupHeader, io.SeekStart)
	return f, size, err
}

// Restore makes a store of a backup, in a directory that is not there or empty. Every document gets a new epoch, since clients may have
// seen what came after the backup; the records of clients stay.
func Restore(dir, file string, cfg Config) (BackupInfo, error) {
	info, err := restore(filepath.Clean(dir), file, cfg.withDefaults())
	if err != nil {
		return BackupInfo{}, fmt.Errorf("restore %s to %s: %w", file, dir, explain(err))
	}
	return info, nil
}

func restore(dir, file string, cfg Config) (info BackupInfo, err error) {
	src, size, err := openBackup(file)
	if err != nil {
		return info, err
	}
	defer src.Close()
	lock, err := prepareEmpty(dir, cfg)
	if err != nil {
		return info, err
	}
	defer lock.unlock()
	path := filepath.Join(dir, databaseFile)
	fresh := path + copySuffix
	defer func() {
		if err != nil {
			_ = os.Remove(fresh)
		}
	}()
	dst, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return info, err
	}
	if _, err = io.Copy(dst, src); err == nil {
		err = dst.Sync()
	}
	if e := dst.Close(); err == nil {
		err = e
	}
	if err != nil {
		return info, err
	}
	if err := checkStructure(fresh); err != nil {
		return info, fmt.Errorf("%w: %w", ErrBackup, err)
	}
	if info.Documents, err = newEpochs(fresh, cfg); err != nil {
		return info, err
	}
	info.Bytes = size + backupHeader
	if err := os.Rename(fresh, path); err != nil {
		return info, err
	}
	if err := syncDir(dir); err != nil {
		return info, err
	}
	return info, writeMarker(dir, "")
}

// newEpochs gives each document of a database that nobody has open another epoch, and has its log begin anew.
func newEpochs(path string, cfg Config) (documents int, err error) {
	db, err := openBolt(path, cfg.LockTimeout)
	if err != nil {
		return 0, err
	}
	defer func() {
		if e := db.Close(); err == nil {
			err = e
		}
		if err == nil {
			err = syncFile(path)
		}
	}()
	db.NoSync = true // nobody counts on it before all of it is there
	from := []byte{}
	for from != nil {
		err := guard(func() error {
			tx, err := db.Begin(true)
			if err != nil {
				return err
			}
			defer tx.Rollback()
			w := &writing{reading{tx}}
			var heads []*head
			next := []byte(nil)
			w.scan(documentsBucket, nil, from, func(key, value []byte) bool {
				if len(heads) == headsAtOnce {
					next = bytes.Clone(key)
					return false
				}
				var h *head
				if h, err = decodeHead(doc.ID(key), value); err != nil {
					return false
				}
				heads = append(heads, h)
				return true
			})
			if err != nil {
				return fmt.Errorf("%w: %w", doc.ErrDamaged, err)
			}
			for _, h := range heads {
				rand.Read(h.epoch[:]) // it never fails
				if err := w.put(documentsBucket, h.id[:], h.encode()); err != nil {
					return err
				}
			}
			documents += len(heads)
			from = next
			if err := w.delete(metaBucket, logKey); err != nil {
				return err
			}
			return tx.Commit()
		})
		if err != nil {
			return 0, err
		}
	}
	return documents, nil
}

// headsAtOnce is how many documents get their epoch in one transaction.
const headsAtOnce = 5000

// Copy writes a copy of the database as it is when everything durable is in it, while people go on editing: for a check.
func (s *Store) Copy(ctx context.Context, file string) error {
	err := s.frozen(ctx, func() error { return copyFile(file, s.engine.path) })
	if full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT); full && !errors.Is(err, doc.ErrNoSpace) {
		err = fmt.Errorf("%w: %w", doc.ErrNoSpace, err)
	}
	if err != nil {
		return fmt.Errorf("copy the store: %w", err)
	}
	return nil
}
