package disk

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// killedStore leaves a store whose last commits are in the log only, and returns the path of that.
func killedStore(t *testing.T, dir string) string {
	s := openTest(t, dir)
	p, q := newPage(t, s, "d"), newPage(t, s, "beside")
	p.write(s, 2)
	q.write(s, 2)
	require.NoError(t, s.settle(background, p.place.ID))
	s.set(Hooks{BeforeSync: func() error { return errPulled }, BeforeCopy: func() error { return errPulled }})
	for range 3 {
		p.write(s, 2)
	}
	require.Error(t, s.Close())
	logs, err := filepath.Glob(filepath.Join(dir, logDir, "*"))
	require.NoError(t, err)
	for _, path := range logs {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		if len(data) > 0 && data[len(data)-1] == 0 { // zero-filled
			return path
		}
	}
	require.Fail(t, "there is no log")
	return ""
}

// What a killed process had acknowledged is in the log, and is checked with the rest.
func TestCheckLog(t *testing.T) {
	dir := t.TempDir()
	log := killedStore(t, dir)
	report, err := Check(background, dir)
	require.NoError(t, err)
	require.Equal(t, &Report{OK: true, Problems: []string{}, Documents: []DocumentReport{
		{Name: "beside", OK: true, Revision: 2}, {Name: "d", OK: true, Revision: 8},
	}}, report)

	data, err := os.ReadFile(log)
	require.NoError(t, err)
	at := bytes.Index(data, []byte("text"))
	require.Positive(t, at)
	data[at]++
	require.NoError(t, os.WriteFile(log, data, 0o600))
	report, err = Check(background, dir)
	require.NoError(t, err)
	require.False(t, report.OK)
	require.Len(t, report.Problems, 1)
	require.Contains(t, report.Problems[0], filepath.Base(log))
}

// A log that does not go on where the database ends is damage of its document.
func TestCheckLogFits(t *testing.T) {
	s := openTest(t, t.TempDir())
	p := newPage(t, s, "d")
	commits := p.batch(4, "text").Commits
	require.NoError(t, s.Close())
	at := func(rev doc.Revision) doc.Place {
		place := p.place
		if place.Rev = rev; rev > 0 {
			place.Lineage = commits[rev-1].Lineage
		}
		return place
	}
	for _, row := range []struct {
		name string
		end  doc.Place    // of the database
		from doc.Revision // of the log
		says string
	}{
		{"nothing new", at(4), 1, ""},
		{"some of it is new", at(2), 1, ""},
		{"all of it is new", at(2), 3, ""},
		{"a gap", at(1), 3, "the log goes on at revision 3, and the database ends at 1"},
		{"another lineage", doc.Place{ID: p.place.ID, Epoch: p.place.Epoch, Rev: 2}, 1, "the log: revision 3 has the lineage"},
		{"another epoch", doc.Place{ID: p.place.ID, Rev: 2}, 1, ""},
	} {
		k := &documentCheck{
			checker: &checker{ctx: background},
			head:    &head{id: row.end.ID, epoch: row.end.Epoch, rev: row.end.Rev, lineage: row.end.Lineage},
			ahead:   ahead{commits: commits[row.from-1:], end: at(4)},
			at:      row.end, text: ot.NewText(),
		}
		err := k.logged()
		if row.says == "" {
			require.NoError(t, err, row.name)
			continue
		}
		require.ErrorContains(t, err, row.says, row.name)
	}
}
