package ops

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
)

// TestKinds: each error that a command tells apart is the same on the other side, and a full disk is more than a store that is unavailable.
func TestKinds(t *testing.T) {
	over := func(err error) error {
		w := httptest.NewRecorder()
		refuse(w, err)
		var p problem
		require.NoError(t, json.NewDecoder(w.Body).Decode(&p))
		return p.err()
	}
	for _, k := range kinds {
		err := fmt.Errorf("of a document: %w", k.err)
		require.ErrorIs(t, over(err), k.err)
		require.EqualError(t, over(err), err.Error())
	}
	require.ErrorIs(t, over(fmt.Errorf("%w: %w: write", doc.ErrUnavailable, doc.ErrNoSpace)), doc.ErrNoSpace)
	require.EqualError(t, over(fmt.Errorf("two\nlines")), "two lines")
}
