package doctest

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// spanBytes is what a test saves for a span: an operation, of about size bytes.
func spanBytes(s doc.Span, size int) []byte {
	var b ot.Builder
	b.Retain(int(s.Index)+1, nil)
	b.InsertText(string(bytes.Repeat([]byte{byte('a' + s.Level)}, size)), nil)
	return ot.AppendOp(nil, b.Op())
}

// requireSpans holds which spans of level 0 to 4 are there against what should be.
func requireSpans(t *testing.T, archive doc.Archive, at doc.Place, there func(doc.Span) bool) {
	for level := range uint8(5) {
		for index := range int64(20) {
			s := doc.Span{Level: level, Index: index}
			got, err := archive.Span(background, at.ID, at.Epoch, s)
			require.NoError(t, err)
			if there(s) {
				require.Equal(t, spanBytes(s, 3), got, "%v", s)
			} else {
				require.Empty(t, got, "%v", s)
			}
		}
	}
}

func testSpans(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	a, beside := open(t, archive, "a"), open(t, archive, "beside")
	for _, d := range []*author{a, beside} {
		d.write(t, archive, d.small(1, 16))
	}
	requireSpans(t, archive, a.place, func(doc.Span) bool { return false })
	for level := range uint8(5) {
		for index := range int64(20) {
			s := doc.Span{Level: level, Index: index}
			require.NoError(t, saveSpanAndWait(archive, a.place.ID, a.place.Epoch, s, spanBytes(s, 3)), "%v", s)
		}
	}
	for range 2 {
		requireSpans(t, archive, a.place, func(s doc.Span) bool { return s.Last() <= 16 })
		requireSpans(t, archive, beside.place, func(doc.Span) bool { return false })
		archive = reopen(t, rig, archive)
	}
	for _, floor := range []doc.Revision{1, 5, 8} {
		a.trim(t, archive, floor)
		requireSpans(t, archive, a.place, func(s doc.Span) bool { return s.Last() <= 16 && s.First() > floor })
		a.checkArchive(t, archive)
	}
	for _, size := range []int{1 << 10, 300 << 10, 1 << 20} {
		s := doc.Span{Level: 2, Index: 3}
		given := spanBytes(s, size)
		want := bytes.Clone(given)
		require.NoError(t, saveSpanAndWait(archive, a.place.ID, a.place.Epoch, s, given))
		clear(given) // the store must not have kept it
		for range 2 {
			got, err := archive.Span(background, a.place.ID, a.place.Epoch, s)
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got), "of %d bytes", size)
			archive = reopen(t, rig, archive)
		}
	}
	a.checkArchive(t, archive)
	require.NoError(t, archive.Close())
}

// testSpanConditions: what does not fit is left out, without an error, since a span is only a cache.
func testSpanConditions(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	a := open(t, archive, "a")
	a.write(t, archive, a.small(1, 16))
	a.trim(t, archive, 3)
	none := func(doc.Span) bool { return false }
	foreign := a.place
	foreign.Epoch[0]++
	for _, row := range []struct {
		name string
		at   doc.Place
		span doc.Span
	}{
		{"another epoch", foreign, doc.Span{Level: 2, Index: 2}},
		{"below the floor", a.place, doc.Span{Level: 0, Index: 2}},
		{"half below the floor", a.place, doc.Span{Level: 2, Index: 0}},
		{"beyond the head", a.place, doc.Span{Level: 0, Index: 16}},
		{"half beyond the head", a.place, doc.Span{Level: 5, Index: 0}},
		{"a negative index", a.place, doc.Span{Level: 0, Index: -1}},
		{"a level that there is not", a.place, doc.Span{Level: 63, Index: 1}},
		{"a level beyond all bits", a.place, doc.Span{Level: 255, Index: 1}},
	} {
		require.NoError(t, saveSpanAndWait(archive, row.at.ID, row.at.Epoch, row.span, spanBytes(doc.Span{}, 3)), row.name)
		got, err := archive.Span(background, row.at.ID, row.at.Epoch, row.span)
		require.NoError(t, err, row.name)
		require.Empty(t, got, row.name)
		requireSpans(t, archive, a.place, none)
	}
	requireSpans(t, archive, foreign, none)
	s := doc.Span{Level: 2, Index: 1}
	require.NoError(t, saveSpanAndWait(archive, a.place.ID, a.place.Epoch, s, spanBytes(s, 3)))
	requireSpans(t, archive, foreign, none)
	requireSpans(t, archive, a.place, func(got doc.Span) bool { return got == s })
	rig.Kill(archive)
	archive = openArchive(t, rig)
	requireSpans(t, archive, a.place, func(got doc.Span) bool { return got == s })
	a.checkArchive(t, archive)
	require.NoError(t, archive.Close())
}
