//go:build !race

package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRigKills: SIGKILL at any moment of a server on an ordinary directory, also while it starts. After each, the store is checked as a
// whole, and what the next server has is compared.
func TestRigKills(t *testing.T) {
	n, kills := seed(t), number(t, "TANDEM_KILLS", 10, 300)
	rng := rand.New(rand.NewPCG(n, 1))
	s := newServer(program(t), t.TempDir())
	require.NoError(t, s.start())
	defer s.end()
	c, err := newCrowd(s.url(), n, 6, 10)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.close()) }()
	require.NoError(t, c.ready())
	c.begin()
	for i := range kills {
		if err = killOnce(s, c, rng); err != nil {
			err = fmt.Errorf("kill %d: %w", i+1, err)
			break
		}
	}
	c.pause()
	require.NoError(t, err)
	require.NoError(t, c.settle(), "%s", s.life.log)
	require.NoError(t, errors.Join(s.kill(), check(s.program, s.dir), s.start()))
	require.NoError(t, c.verdict(s.url()))
	_, total := c.saved()
	require.Greater(t, total, kills, "edits that were acknowledged")
	t.Logf("note: %d kills, %d edits acknowledged, nothing lost or doubled; tandem check was run: %v", kills, total, checks())
}

// killOnce lets the server run for a while, kills it, kills one more while it starts, and looks at what is there.
func killOnce(s *server, c *crowd, rng *rand.Rand) error {
	if err := s.killAfter(time.Duration(rng.Int64N(int64(200 * time.Millisecond)))); err != nil {
		return err
	}
	saved, _ := c.saved()
	if err := s.launch(); err != nil {
		return err
	}
	if err := s.killAfter(time.Duration(rng.Int64N(int64(30 * time.Millisecond)))); err != nil {
		return err
	}
	if err := check(s.program, s.dir); err != nil {
		return err
	}
	if err := s.start(); err != nil {
		return err
	}
	return c.audit(s.url(), saved)
}

// killAfter kills the process after a time in which it must not end by itself.
func (s *server) killAfter(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.life.ended:
	}
	return s.kill()
}
