package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWave(t *testing.T) {
	const mib = 1 << 20
	var w wave
	for _, row := range []struct {
		name   string
		recent uint64
		over   bool
	}{
		{"a start", 4 * mib, false},
		{"calm, after too little for a wave", 0, false},
		{"it rises", 30 * mib, false},
		{"it goes on", 4 * mib, false},
		{"it is over, though those who came make some work", 3 * mib, true},
		{"as before", 3 * mib, false},
		{"as before, for long", 3 * mib, false},
		{"as before, for longer", 3 * mib, false},
		{"and all rest", mib / 8, true},
		{"once", 0, false},
		{"a little at a time", mib, false},
		{"and again and again", 8 * mib, false},
		{"over again", mib, true},
	} {
		require.Equal(t, row.over, w.over(w.last+row.recent), row.name)
	}
}
