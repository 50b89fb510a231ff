package baseline_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tandem/cmd/tandem/bench/baseline"
	"tandem/cmd/tandem/bench/load"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var kinds = []baseline.Kind{baseline.Hub, baseline.Burst, baseline.Durable}

// start serves a baseline within the test.
func start(t *testing.T, kind baseline.Kind, dir string) *load.Site {
	s, err := baseline.New(kind, dir)
	require.NoError(t, err)
	listener := httptest.NewServer(s)
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		listener.Close()
	})
	return &load.Site{URL: "ws" + strings.TrimPrefix(listener.URL, "http") + "/ws", Bare: true}
}

// upTo types so many letters.
func upTo(n int) load.Source {
	return func(int) (load.Edit, bool) {
		n--
		return load.Edit{At: -1, Text: "x"}, n >= 0
	}
}

// TestBroadcast: everybody gets everything, in one order (B1, B2), and what documents share is nothing.
func TestBroadcast(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			crew, err := load.Gather(t.Context(), start(t, kind, t.TempDir()), []string{"a", "b"}, 4, 1)
			require.NoError(t, err)
			defer crew.Close()
			const each = 50
			for _, r := range crew.All() {
				r.Take(0, upTo(each))
			}
			require.NoError(t, crew.Each((*load.Replica).Start))
			require.NoError(t, crew.Settle(t.Context()))
			require.NoError(t, crew.Compare(t.Context()))
			for _, r := range crew.All() {
				require.EqualValues(t, 4*each, r.Place().Rev)
				require.Equal(t, 4*each, r.Len())
			}
			l := crew.Latencies(0, crew.Clock.Now(), load.Anybody, load.Anybody)
			require.Equal(t, 8*each, l.Edits)
		})
	}
}

// TestDurable: what is acknowledged is in the log (B3), which is as long as it was before.
func TestDurable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	crew, err := load.Gather(t.Context(), start(t, baseline.Durable, dir), []string{"a"}, 2, 1)
	require.NoError(t, err)
	defer crew.Close()
	author := crew.Docs[0][0]
	author.Take(0, upTo(3))
	require.NoError(t, author.Start())
	require.NoError(t, crew.Settle(t.Context()))
	log, err := os.ReadFile(filepath.Join(dir, "baseline.log"))
	require.NoError(t, err)
	require.Len(t, log, 16<<20)
	require.Equal(t, 3, bytes.Count(log, []byte("x")))
}

// TestNoDocument: nobody can join what was typed in.
func TestNoDocument(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			site := start(t, kind, t.TempDir())
			crew, err := load.Gather(t.Context(), site, []string{"a"}, 2, 1)
			require.NoError(t, err)
			defer crew.Close()
			author := crew.Docs[0][0]
			author.Take(0, upTo(1))
			require.NoError(t, author.Start())
			require.NoError(t, crew.Settle(t.Context()))
			_, err = load.Join(t.Context(), site, crew.Clock, "a", 1)
			require.ErrorContains(t, err, "a baseline keeps no document")
		})
	}
}

// TestLeave: who is gone gets nothing, and the others go on.
func TestLeave(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			crew, err := load.Gather(t.Context(), start(t, kind, t.TempDir()), []string{"a"}, 3, 1)
			require.NoError(t, err)
			defer crew.Close()
			crew.Docs[0][2].Close()
			crew.Docs[0] = crew.Docs[0][:2]
			for _, r := range crew.All() {
				r.Take(0, upTo(20))
			}
			require.NoError(t, crew.Each((*load.Replica).Start))
			require.NoError(t, crew.Settle(t.Context()))
			require.NoError(t, crew.Compare(t.Context()))
		})
	}
}

func TestUnknown(t *testing.T) {
	_, err := baseline.New("hubcap", t.TempDir())
	require.ErrorIs(t, err, baseline.ErrKind)
	require.ErrorContains(t, err, `"hubcap"`)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = baseline.New(baseline.Durable, file)
	require.ErrorContains(t, err, "make the baseline's directory")
}
