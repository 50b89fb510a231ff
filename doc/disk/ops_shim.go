package disk

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"tandem/doc"
	"tandem/ot"
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

func (s *Store) Info(ctx context.Context, name string) (*doc.Info, error) {
	st, err := s.Load(ctx, name, 0)
	if err != nil {
		return nil, err
	}
	return &doc.Info{Name: name, Kind: st.Kind, Created: st.Created, Place: st.Place(), Floor: st.Floor, SnapshotRev: st.Snapshot.Place.Rev, Clients: len(st.Clients)}, nil
}

func (s *Store) Names(ctx context.Context, after string, limit int) (names []string, err error) {
	err = s.scan(ctx, namesBucket, nil, append([]byte(after), 0), func(key, _ []byte) error {
		if len(names) < limit {
			names = append(names, string(key))
		}
		return nil
	})
	return names, err
}

func (s *Store) Span(context.Context, doc.ID, doc.Epoch, doc.Span) ([]byte, error) { return nil, nil }

func (s *Store) SaveSpan(_ doc.ID, _ doc.Epoch, _ doc.Span, _ []byte, done func(error)) {
	go done(nil)
}

func (s *Store) Base(context.Context, doc.ID) (*ot.Text, error) { return ot.NewText(), nil }

func (s *Store) Trim(context.Context, *doc.Trimming) error               { return errors.New("shim") }
func (s *Store) Versions(context.Context, doc.ID) ([]doc.Version, error) { return nil, nil }
func (s *Store) SaveVersion(context.Context, doc.ID, doc.Version, *ot.Text) error {
	return errors.New("shim")
}

func (s *Store) VersionContent(context.Context, doc.ID, doc.Revision) (*ot.Text, error) {
	return nil, doc.ErrNotFound
}

func (s *Store) DeleteVersion(context.Context, doc.ID, doc.Revision) error { return doc.ErrNotFound }

func (s *Store) Rewrite(context.Context, *doc.Rewriting) error { return errors.New("shim") }

func (s *Store) Remove(context.Context, doc.Place) error { return errors.New("shim") }
func (s *Store) Scrub(context.Context) error             { return nil }
