package sim

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// seeds is how many worlds are played.
func seeds(t *testing.T) uint64 {
	if s := os.Getenv("TANDEM_SEEDS"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
		return n
	}
	switch {
	case os.Getenv("TANDEM_LONG") != "":
		return 10_000
	case raceEnabled:
		return 50
	}
	return 2_000
}

// TestSimulationOfKeptSeeds plays what failed before.
func TestSimulationOfKeptSeeds(t *testing.T) {
	kept, err := os.ReadFile("../../../testdata/scripts/sim.seeds")
	require.NoError(t, err)
	played := 0
	for line := range strings.Lines(string(kept)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		number, what, _ := strings.Cut(strings.TrimSpace(line), " ")
		seed, err := strconv.ParseUint(number, 10, 64)
		require.NoError(t, err)
		_, err = Run(Config{Seed: seed})
		require.NoError(t, err, strings.TrimSpace(what))
		played++
	}
	require.Positive(t, played)
}

func TestSimulation(t *testing.T) {
	var total Stats
	n := seeds(t)
	for seed := range n {
		stats, err := Run(Config{Seed: seed})
		require.NoError(t, err, "keep it in testdata/scripts/sim.seeds; every event: TANDEM_SEED=%d go test -run TestOneSeed -v ./doc/doctest/sim", seed)
		total.add(stats)
	}
	t.Logf("note: %d seeds: %+v", n, total)
}

// TestOneSeed plays the seed TANDEM_SEED, and prints every event.
func TestOneSeed(t *testing.T) {
	s := os.Getenv("TANDEM_SEED")
	if s == "" {
		return
	}
	seed, err := strconv.ParseUint(s, 10, 64)
	require.NoError(t, err)
	stats, err := Run(Config{Seed: seed, Fault: Fault(os.Getenv("TANDEM_FAULT")), Trace: func(line string) { t.Log(line) }})
	t.Logf("%+v", stats)
	require.NoError(t, err)
}

// TestRepeatable: one seed is one history, event by event.
func TestRepeatable(t *testing.T) {
	play := func() (lines []string) {
		_, err := Run(Config{Seed: 7, Trace: func(line string) { lines = append(lines, line) }})
		require.NoError(t, err)
		return lines
	}
	require.Equal(t, play(), play())
}

// TestSimulationFindsPlantedFaults: a simulation that finds nothing proves nothing.
func TestSimulationFindsPlantedFaults(t *testing.T) {
	for _, fault := range Faults {
		t.Run(string(fault), func(t *testing.T) {
			for seed := range uint64(500) {
				if _, err := Run(Config{Seed: seed, Fault: fault}); err != nil {
					t.Logf("note: planted fault %q found after %d seeds", fault, seed+1)
					return
				}
			}
			t.Fatal("500 seeds did not find it")
		})
	}
}

func (s *Stats) add(o Stats) {
	s.Commits += o.Commits
	s.Crashes += o.Crashes
	s.FailedCommits += o.FailedCommits
	s.Cuts += o.Cuts
	s.Opens += o.Opens
	s.Resubmissions += o.Resubmissions
	s.Snapshots += o.Snapshots
	s.Virtual += o.Virtual
}
