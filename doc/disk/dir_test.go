package disk

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A directory that cannot be a store is refused with one line that names it and says what to do, and stays as it is.
func TestOpenRefuses(t *testing.T) {
	file := func(name, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
	}
	store := func(then func(*testing.T, string)) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			s, err := Open(dir, Config{})
			require.NoError(t, err)
			p := newPage(t, s, "d")
			p.write(s, 3)
			require.NoError(t, s.Close())
			then(t, dir)
		}
	}
	for _, row := range []struct {
		name string
		make func(t *testing.T, dir string)
		says string
	}{
		{"other files", file("letter.txt", "x"), `not a tandem store: it holds "letter.txt"`},
		{"a database without a marker", file(databaseFile, "x"), "not a tandem store"},
		{"another marker", file(markerFile, "something else"), "not a tandem store"},
		{"an empty marker", file(markerFile, ""), "not a tandem store"},
		{"a newer format", file(markerFile, "tandem-store 3\n"), "newer version of tandem"},
		{"an odd format", file(markerFile, "tandem-store x\n"), `names the format "x"`},
		{"no database", file(markerFile, "tandem-store 1\n"), "gone; restore it from a backup"},
		{"an empty database", store(func(t *testing.T, dir string) {
			require.NoError(t, os.Truncate(filepath.Join(dir, databaseFile), 0))
		}), "empty file where a store should be"},
		{"not a database", store(file(databaseFile, strings.Repeat("not a database ", 5000))), "is no database"},
		{"a short one", store(file(databaseFile, "short")), "is no database"},
		{"a truncated database", store(func(t *testing.T, dir string) {
			require.NoError(t, os.Truncate(filepath.Join(dir, databaseFile), 2*int64(os.Getpagesize())))
		}), "cut short"},
		{"pages of zeros", store(func(t *testing.T, dir string) {
			f, err := os.OpenFile(filepath.Join(dir, databaseFile), os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteAt(make([]byte, 100*os.Getpagesize()), 2*int64(os.Getpagesize()))
			require.NoError(t, err)
			require.NoError(t, f.Close())
		}), "damaged"},
		{"a meta page of zeros", store(func(t *testing.T, dir string) {
			f, err := os.OpenFile(filepath.Join(dir, databaseFile), os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteAt(make([]byte, os.Getpagesize()), int64(os.Getpagesize()))
			require.NoError(t, err)
			require.NoError(t, f.Close())
		}), "damaged"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			row.make(t, dir)
			before := contents(t, dir)
			for range 2 {
				_, err := Open(dir, Config{})
				require.ErrorContains(t, err, row.says)
				require.ErrorContains(t, err, "open store "+dir)
				require.NotContains(t, err.Error(), "\n")
				after := contents(t, dir)
				delete(after, lockFile)
				delete(before, lockFile)
				require.Equal(t, before, after)
			}
		})
	}
	t.Run("a file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		_, err := Open(path, Config{})
		require.ErrorContains(t, err, "it is a file; name a directory")
	})
}

// contents are all files below a directory.
func contents(t *testing.T, dir string) map[string]string {
	files := map[string]string{}
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(text)
		return err
	}))
	return files
}

func TestReadOnlyDirectory(t *testing.T) {
	if os.Getuid() == 0 {
		// Root may write anywhere but where nobody may.
		_, err := Open("/sys/tandem-test", Config{})
		require.ErrorContains(t, err, "let the user that runs tandem write there")
		return
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o500))
	_, err := Open(dir, Config{})
	require.ErrorContains(t, err, "let the user that runs tandem write there")
}

func TestOpenCreates(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "data")
	s, err := Open(dir, Config{})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	text, err := os.ReadFile(filepath.Join(dir, markerFile))
	require.NoError(t, err)
	require.Equal(t, "tandem-store 2\n", string(text))
}

// A first start that was cut off anywhere is taken up by the next one.
func TestCreatingCutOff(t *testing.T) {
	for _, row := range []struct{ name, marker, fresh string }{
		{"only a marker half written", "", "tandem"},
		{"before the database", "tandem-store 1 creating\n", ""},
		{"in the database", "tandem-store 1 creating\n", "half a database"},
	} {
		dir := t.TempDir()
		write := func(name, text string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
		if row.marker == "" {
			write(markerFile+copySuffix, row.fresh)
		} else {
			write(markerFile, row.marker)
			write(databaseFile+copySuffix, row.fresh)
		}
		s, err := Open(dir, Config{})
		require.NoError(t, err, row.name)
		newPage(t, s, "d").write(s, 1)
		require.NoError(t, s.Close())
	}
	// After the database, before the marker said so.
	dir := t.TempDir()
	s := openTest(t, dir)
	p := newPage(t, s, "d")
	p.write(s, 1)
	require.NoError(t, s.Close())
	require.NoError(t, writeMarker(dir, "creating"))
	s = openTest(t, dir)
	require.Equal(t, p.place, p.snapshot(s).Place)
	require.NoError(t, s.Close())
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	first, err := Open(dir, Config{Owner: "tandem serve on\n127.0.0.1:8080"})
	require.NoError(t, err)
	start := time.Now()
	_, err = Open(dir, Config{})
	require.ErrorContains(t, err, "it is in use by process ")
	require.ErrorContains(t, err, "(tandem serve on 127.0.0.1:8080); stop that first")
	require.Less(t, time.Since(start), 2*time.Second)
	start = time.Now()
	_, err = Open(dir, Config{LockTimeout: -1})
	require.ErrorContains(t, err, "in use")
	require.Less(t, time.Since(start), time.Second)
	require.NoError(t, first.Close())
	second, err := Open(dir, Config{LockTimeout: -1})
	require.NoError(t, err)
	require.NoError(t, second.Close())
}

// Another process that holds the lock goes away, however it ends.
func TestLockOfAnotherProcess(t *testing.T) {
	flock, err := exec.LookPath("flock")
	if err != nil {
		t.Skip("no flock here")
	}
	dir := t.TempDir()
	s := openTest(t, dir)
	require.NoError(t, s.Close())
	holder := exec.Command(flock, filepath.Join(dir, lockFile), "sh", "-c", "echo held; exec cat")
	stdin, err := holder.StdinPipe()
	require.NoError(t, err)
	stdout, err := holder.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, holder.Start())
	_, err = stdout.Read(make([]byte, 5))
	require.NoError(t, err)
	_, err = Open(dir, Config{LockTimeout: -1})
	require.ErrorContains(t, err, "in use by process")
	require.NoError(t, stdin.Close())
	require.NoError(t, holder.Wait())
	s = openTest(t, dir)
	require.NoError(t, s.Close())
}
