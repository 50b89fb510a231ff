package sim

import (
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
		return 20
	}
	return 1_000
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
	n := seeds(t)
	total, err := playAll(n, None)
	require.NoError(t, err, "keep the seed in testdata/scripts/sim.seeds; every event: TANDEM_SEED=… go test -run TestOneSeed -v ./doc/doctest/sim")
	t.Logf("note: %d seeds: %s", n, total)
	for way, count := range total.Ways {
		if n < 200 {
			break // some ways are rare
		}
		require.Positive(t, count, "no way led to %q", Way(way))
	}
}

// playAll plays the seeds below n on all cores. The error is that of the first one, by number, that fails.
func playAll(n uint64, fault Fault) (total Stats, err error) {
	var next atomic.Uint64
	var mu sync.Mutex // of total, err and first
	first := n
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for {
				seed := next.Add(1) - 1
				mu.Lock()
				enough := seed >= first
				mu.Unlock()
				if enough {
					return
				}
				stats, failure := Run(Config{Seed: seed, Fault: fault})
				mu.Lock()
				total.Add(stats)
				if failure != nil && seed < first {
					first, err = seed, failure
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return total, err
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
	t.Logf("%s", stats)
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
	if raceEnabled {
		t.Skip("a world is one goroutine: the race detector only makes it slow")
	}
	for _, fault := range slices.Sorted(maps.Keys(Faults)) {
		t.Run(string(fault), func(t *testing.T) {
			_, err := playAll(Faults[fault], fault)
			require.Error(t, err, "%d seeds did not find it", Faults[fault])
			t.Logf("note: planted fault %q found: %.200s", fault, err.Error())
		})
	}
}
