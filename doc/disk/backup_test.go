package disk

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBackupRefuses: why a backup cannot be written there is said, with what to do.
func TestBackupRefuses(t *testing.T) {
	s := openTest(t, t.TempDir())
	defer s.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "backup")
	backup := func(to string) error {
		_, err := s.Backup(background, to)
		return err
	}
	require.ErrorContains(t, backup(filepath.Join(dir, "nowhere", "backup")), "there is no directory "+filepath.Join(dir, "nowhere")+": make it first")
	require.NoError(t, os.WriteFile(file+copySuffix, nil, 0o600))
	require.ErrorContains(t, backup(file), "file exists: another backup is under way, or was broken off")
	require.NoError(t, os.Remove(file+copySuffix))
	require.NoError(t, backup(file))
	err := backup(file)
	require.ErrorIs(t, err, fs.ErrExist)
	require.EqualError(t, err, "backup to "+file+": file already exists: choose another name, or move that file away")

	full := &fs.PathError{Op: "write", Path: file + copySuffix, Err: syscall.ENOSPC}
	require.EqualError(t, explainBackup(full, file), "there is no space for it in "+dir+": free some, or write it elsewhere ("+full.Error()+")")
	require.Equal(t, os.ErrPermission, explainBackup(os.ErrPermission, file))

	report, err := CheckBackup(background, file)
	require.NoError(t, err)
	require.True(t, report.OK)
	_, err = CheckBackup(background, dir)
	require.ErrorIs(t, err, ErrBackup)
	require.ErrorContains(t, err, dir+" is a directory")
}
