package disk

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkOpen measures making a new store and closing it, and opening one that was closed.
func BenchmarkOpen(b *testing.B) {
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			s, err := Open(b.TempDir(), Config{})
			require.NoError(b, err)
			require.NoError(b, s.Close())
		}
	})
	b.Run("again", func(b *testing.B) {
		dir := b.TempDir()
		for b.Loop() {
			s, err := Open(dir, Config{})
			require.NoError(b, err)
			require.NoError(b, s.Close())
		}
	})
}
