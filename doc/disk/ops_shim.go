package disk

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"tandem/doc"
)

// Stand-ins until the real ones are merged.

type BackupInfo struct {
	Bytes     int64 `json:"bytes"`
	Documents int   `json:"documents"`
}

type Compacted struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

type Report struct {
	OK        bool             `json:"ok"`
	Problems  []string         `json:"problems"`
	Documents []DocumentReport `json:"documents"`
}

type DocumentReport struct {
	Name     string       `json:"name"`
	OK       bool         `json:"ok"`
	Revision doc.Revision `json:"revision"`
	Problem  string       `json:"problem"`
}

func shimCopy(dst, src string) (int64, error) {
	in, err := os.Open(src)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(dst, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	return io.Copy(out, in)
}

func (s *Store) Backup(ctx context.Context, file string) (BackupInfo, error) {
	n, err := shimCopy(file, s.engine.path)
	return BackupInfo{Bytes: n}, err
}

func (s *Store) Copy(ctx context.Context, file string) error {
	_, err := shimCopy(file, s.engine.path)
	return err
}

func (s *Store) Compact(ctx context.Context) (Compacted, error) { return Compacted{}, nil }

func Restore(dir, file string, cfg Config) (BackupInfo, error) {
	entries, _ := os.ReadDir(dir)
	if len(entries) > 0 {
		return BackupInfo{}, errors.New("not empty")
	}
	if err := makeDir(dir); err != nil {
		return BackupInfo{}, err
	}
	n, err := shimCopy(filepath.Join(dir, databaseFile), file)
	if err != nil {
		return BackupInfo{}, err
	}
	return BackupInfo{Bytes: n}, writeMarker(dir, "")
}

func Check(ctx context.Context, dir string) (*Report, error) {
	return CheckDatabase(ctx, filepath.Join(dir, databaseFile))
}

func CheckDatabase(ctx context.Context, path string) (*Report, error) {
	if err := checkDatabase(path); err != nil {
		return &Report{Problems: []string{err.Error()}, Documents: []DocumentReport{}}, nil
	}
	return &Report{OK: true, Problems: []string{}, Documents: []DocumentReport{}}, nil
}

