package doc

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// TestTurnstile: the readers of one document compose one at a time, and keep no place of others'.
func TestTurnstile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newComposer(nil, slog.New(slog.DiscardHandler))
		busy, other := chain{name: "busy"}, chain{name: "other"}
		release, err := c.admit(t.Context(), busy)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var admitted, refused atomic.Int32
		for i := range 50 {
			go func() {
				of := t.Context()
				if i%2 == 0 {
					of = ctx
				}
				release, err := c.admit(of, busy)
				if err != nil {
					refused.Add(1)
					return
				}
				admitted.Add(1)
				release()
			}()
		}
		synctest.Wait()
		passes, err := c.admit(t.Context(), other)
		require.NoError(t, err)
		passes()
		require.Zero(t, admitted.Load())
		cancel()
		synctest.Wait()
		require.EqualValues(t, 25, refused.Load())
		release()
		synctest.Wait()
		require.EqualValues(t, 25, admitted.Load())
		require.Empty(t, c.turnstiles)
		require.Empty(t, c.readers)

		// Of all documents a few at a time.
		waiting := make(chan func(), 2*composeAtOnce)
		for i := range 2 * composeAtOnce {
			go func() {
				release, err := c.admit(t.Context(), chain{name: string(rune('a' + i))})
				if err == nil {
					waiting <- release
				}
			}()
		}
		synctest.Wait()
		require.Len(t, waiting, composeAtOnce)
		for range 2 * composeAtOnce {
			(<-waiting)()
		}
	})
}
