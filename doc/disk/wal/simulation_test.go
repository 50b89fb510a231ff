//go:build !race

package wal

import (
	"os"
	"path"
	"testing"
)

// Appends, positions stored and recycled, rotations, resets, scrubs, failing calls, killed processes and power cuts at random:
// every acknowledged record that is not stored elsewhere is found once, in order; at most one in doubt comes with them, at
// the end; and nothing else.
func TestSimulation(t *testing.T) {
	seeds := uint64(300)
	if os.Getenv("TANDEM_LONG") != "" {
		seeds = 20_000
	}
	simulate(t, seeds)
}

// bugs are the mistakes that this log could have been built with; calls that are left out report success.
var bugs = []bug{
	{name: "the directory is not synced", within: 10, skip: func(c call) bool { return c.what == "syncdir" }},
	{name: "a new file gets its name before it is synced", within: 50, skip: func(c call) bool {
		return c.what == "sync" && path.Ext(c.path) == freshSuffix
	}},
	{name: "a segment is overwritten before it is free", within: 10, early: true},
	{name: "the salt is always the same", within: 200, sameSalt: true},
	{name: "both copies of the header are under way at once", within: 500, skip: func(c call) bool {
		return c.what == "sync" && path.Ext(c.path) == segmentSuffix && c.at == 0
	}},
	{name: "a record is not synced", within: 10, skip: func(c call) bool {
		return c.what == "sync" && path.Ext(c.path) == segmentSuffix && c.at >= dataStart
	}},
	{name: "what was read is taken for durable", within: 200, skip: func(c call) bool {
		return c.what == "write" && path.Ext(c.path) == segmentSuffix && c.at >= dataStart && c.opening
	}},
}

// A simulation that finds nothing may be one that finds nothing ever: each of these must be found within so many seeds.
func TestSimulationFindsPlantedBugs(t *testing.T) {
	for _, b := range bugs {
		t.Run(b.name, func(t *testing.T) {
			for seed := range uint64(b.within) {
				if err := newWorld(seed, b).run(60); err != nil {
					t.Logf("note: found by seed %d: %.200v", seed, err)
					return
				}
			}
			t.Fatalf("not found by %d seeds", b.within)
		})
	}
}
