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
		{"it goes on", mib, false},
		{"it is over", calmBytes, true},
		{"once", 0, false},
		{"calm for long", calmBytes, false},
		{"a little", 7 * mib, false},
		{"and a little more, calmly", calmBytes, false},
		{"until it is enough", 2 * mib, false},
		{"over again", 0, true},
	} {
		require.Equal(t, row.over, w.over(w.last+row.recent), row.name)
	}
}
