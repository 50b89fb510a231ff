//go:build !race

package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	client "tandem/client-go"
	"tandem/ot"
	"tandem/server/wire"
)

// sample is a store to be damaged: its files, those of an earlier time, and what its documents may have.
type sample struct {
	name     string
	docs     []string
	files    files
	old      files
	contents [][]string // by document: what may be there
	hashes   [][]uint64 // the same, with attributes
}

const (
	maxMemory = 500 << 10 // of a server that opens damaged files, in KiB
	maxWait   = 10 * time.Second
)

// samples are a store that was stopped, and the same one later, killed right after an edit was acknowledged.
//
// Damage of the last record looks like a write that the kill has torn, which nobody had been told of. So the last two edits of the killed
// store may be missing, the last one or both: each is a line of several pages, so that a damaged page that reaches the last record
// reaches no other than the one before.
func samples(t *testing.T, seed uint64) []*sample {
	s := newServer(program(t), t.TempDir())
	require.NoError(t, s.start())
	defer s.end()
	c, err := newCrowd(s.url(), seed, 3, 6)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.close()) }()
	require.NoError(t, c.ready())
	c.pace = 2 * time.Millisecond
	grow := func(n int) {
		c.begin()
		err := c.progress(n, s)
		c.pause()
		require.NoError(t, err)
		require.NoError(t, c.settle())
	}
	grow(600)
	require.NoError(t, s.stop())
	old, err := loadFiles(s.dir)
	require.NoError(t, err)
	require.NoError(t, s.start())
	grow(900)
	require.NoError(t, s.stop())
	stopped := &sample{name: "stopped", docs: c.docs, old: old}
	stopped.files, err = loadFiles(s.dir)
	require.NoError(t, err)
	stopped.take(c)
	require.NoError(t, s.start())
	grow(200)
	killed := &sample{name: "killed", docs: c.docs, old: stopped.files}
	killed.take(c)
	for range 2 {
		require.NoError(t, c.authors[0].edit(c.authors[0].copies[0], 3*pageSize))
		require.NoError(t, c.settle())
		killed.take(c)
	}
	require.NoError(t, s.kill())
	killed.files, err = loadFiles(s.dir)
	require.NoError(t, err)
	return []*sample{stopped, killed}
}

// take adds what the documents have now.
func (s *sample) take(c *crowd) {
	if s.contents == nil {
		s.contents, s.hashes = make([][]string, len(c.docs)), make([][]uint64, len(c.docs))
	}
	for i := range c.docs {
		text := c.authors[0].copies[i].doc.Snapshot()
		s.contents[i] = append(s.contents[i], text.String())
		s.hashes[i] = append(s.hashes[i], text.Hash())
	}
}

// right reports whether a document may have this content.
func (s *sample) right(doc int, text *ot.Text) error {
	if slices.Contains(s.hashes[doc], text.Hash()) {
		return nil
	}
	got, want := text.String(), s.contents[doc][len(s.contents[doc])-1]
	return fmt.Errorf("%s has another content: %d lines that are as wanted, %d bytes and not %d",
		s.docs[doc], strings.Count(common(got, want), "\n"), len(got), len(want))
}

// common is what two strings begin with.
func common(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// TestRigDamage: a server on damaged files refuses to start and says why, or has the right content, or closes the damaged documents and
// names them while the others work. It never has another text, never ends without a word, and takes neither long nor much memory.
func TestRigDamage(t *testing.T) {
	n, mutations := seed(t), number(t, "TANDEM_MUTATIONS", 40, 300)
	all := samples(t, n)
	outcomes := map[string]int{}
	var wrong []error
	for i := range mutations {
		s := all[i%2]
		m := s.files.mutate(rand.New(rand.NewPCG(n, uint64(i))), s.old)
		outcome, err := s.open(t, m.files)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("mutation %d of the %s store, %s: %w", i, s.name, m.how, err))
			continue
		}
		outcomes[outcome]++
	}
	require.NoError(t, errors.Join(wrong...), "%d of %d", len(wrong), mutations)
	t.Logf("note: %d mutations: %v", mutations, outcomes)
	require.NotZero(t, outcomes[outcomeRefused])
	require.NotZero(t, outcomes[outcomeRight])
	if mutations >= 200 { // it is the rarest: few pages are values of one document
		require.NotZero(t, outcomes[outcomeClosed])
	}
}

// What may become of damaged files.
const (
	outcomeRefused = "it refused to start"
	outcomeRight   = "everything was right"
	outcomeClosed  = "documents were closed"
)

// open starts a server on files and looks at what it makes of them.
func (s *sample) open(t *testing.T, f files) (outcome string, err error) {
	dir, err := os.MkdirTemp(t.TempDir(), "store")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := f.save(dir); err != nil {
		return "", err
	}
	found := s.checked(t, dir)
	v := newServer(program(t), dir)
	defer v.end()
	began := time.Now()
	if err := v.launch(); err != nil {
		return "", err
	}
	peak := v.life.watch()
	if err = v.await(); err != nil {
		outcome, err = outcomeRefused, refusal(v, err)
		v.end() // where it waited in vain
	} else {
		outcome, err = s.look(v)
		err = errors.Join(err, v.kill())
	}
	return outcome, errors.Join(found.crash(), found.contradicts(outcome), err, frugal(began, <-peak))
}

// look reads all documents, and edits those that are there.
func (s *sample) look(v *server) (outcome string, err error) {
	texts, failures, err := read(v.url(), s.docs, maxWait)
	if err != nil {
		return "", err
	}
	outcome = outcomeRight
	var wrong []error
	for i, name := range s.docs {
		if failures[i] == nil {
			wrong = append(wrong, s.right(i, texts[i]))
			continue
		}
		outcome = outcomeClosed
		if p, ok := errors.AsType[*client.Problem](failures[i]); !ok || p.Code != wire.CodeDamaged {
			wrong = append(wrong, fmt.Errorf("%s is not told to be damaged, but: %w", name, failures[i]))
		}
		if !strings.Contains(v.life.log.String(), name) {
			wrong = append(wrong, fmt.Errorf("the log does not name %s", name))
		}
	}
	if i := slices.Index(failures, nil); i >= 0 {
		wrong = append(wrong, editOnce(v.url(), s.docs[i], i))
	}
	return outcome, errors.Join(wrong...)
}

// editOnce types a line into a document and waits until it is saved.
func editOnce(url, name string, i int) (err error) {
	conn, err := client.Connect(url, client.Options{Logger: quiet})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	d, err := conn.Open(name, kindOf(i))
	if err != nil {
		return err
	}
	ctx, cancel := until(maxWait)
	defer cancel()
	if err := d.WaitReady(ctx); err != nil {
		return err
	}
	var b ot.Builder
	b.InsertText("one more line\n", nil)
	if err := d.Edit(b.Op(), -1); err != nil {
		return err
	}
	if err := d.WaitSaved(ctx); err != nil {
		return fmt.Errorf("%s cannot be edited: %w", name, err)
	}
	return nil
}

// refusal holds the end of a server that did not start against what it has to be: status 1, and a last line that says why.
func refusal(v *server, err error) error {
	said := v.life.log.String()
	last := said[strings.LastIndexByte(said, '\n')+1:]
	if !errors.Is(err, errRefused) || !strings.HasPrefix(last, "tandem: ") || crashed(said) {
		return err
	}
	return nil
}

// crashed reports whether a program wrote what the Go runtime writes when it dies.
func crashed(said string) bool {
	return strings.Contains(said, "goroutine ") || strings.Contains(said, "fatal error") || strings.Contains(said, "SIGBUS")
}

// watch returns the most memory that a process had, in KiB, when it is gone. Its own account of that is of no use: it begins with what this
// process had when it started the other.
func (l *life) watch() <-chan int {
	peak := make(chan int, 1)
	go func() { // ends with the process
		most := 0
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
			case <-l.ended:
				peak <- most
				return
			}
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", l.cmd.Process.Pid))
			if _, after, found := strings.Cut(string(status), "VmHWM:"); err == nil && found {
				var kib int
				if _, err := fmt.Sscan(after, &kib); err == nil {
					most = max(most, kib)
				}
			}
		}
	}()
	return peak
}

// frugal is an error where a process that is gone took too long or too much memory.
func frugal(began time.Time, memory int) error {
	switch took := time.Since(began); {
	case took > maxWait:
		return fmt.Errorf("it took %v, at most %v are allowed", took, maxWait)
	case memory > maxMemory:
		return fmt.Errorf("it took %d KiB of memory, at most %d are allowed", memory, maxMemory)
	}
	return nil
}

// checked is what `tandem check` says of a directory.
type checked struct {
	ok  bool // it was run, and found nothing
	err error
}

func (s *sample) checked(t *testing.T, dir string) checked {
	began := time.Now()
	err := check(program(t), filepath.Clean(dir))
	if took := time.Since(began); took > maxWait {
		return checked{err: fmt.Errorf("tandem check took %v", took)}
	}
	return checked{ok: checks() && err == nil, err: err}
}

// crash is an error where the check ended otherwise than with a finding.
func (c checked) crash() error {
	if c.err != nil && (crashed(c.err.Error()) || !strings.Contains(c.err.Error(), "exit status 1")) {
		return c.err
	}
	return nil
}

// contradicts is an error where the check found nothing and the server did.
func (c checked) contradicts(outcome string) error {
	if c.ok && outcome != outcomeRight {
		return fmt.Errorf("tandem check found nothing, and then %s", outcome)
	}
	return nil
}
