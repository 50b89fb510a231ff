package doc_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

func TestCheckName(t *testing.T) {
	for _, row := range []struct {
		name string
		ok   bool
	}{
		{"a", true},
		{"notes/today", true},
		{"ä/ö ü/😀", true},
		{"...", true},
		{"a/.b/..c", true},
		{strings.Repeat("x", 128), true},
		{"", false},
		{strings.Repeat("x", 129), false},
		{strings.Repeat("é", 65), false},
		{"/a", false},
		{"a/", false},
		{"a//b", false},
		{".", false},
		{"..", false},
		{"a/./b", false},
		{"a/..", false},
		{"a\x00b", false},
		{"a\nb", false},
		{"a\u007fb", false},
		{"a\u0085b", false},
		{"a\xffb", false},
		{"\xed\xa0\xbd", false},
	} {
		if row.ok {
			require.NoError(t, doc.CheckName(row.name), "%q", row.name)
		} else {
			require.ErrorIs(t, doc.CheckName(row.name), doc.ErrName, "%q", row.name)
		}
	}
}

func TestKinds(t *testing.T) {
	for _, kind := range []doc.Kind{doc.Text, doc.Rich} {
		parsed, err := doc.ParseKind(kind.String())
		require.NoError(t, err)
		require.Equal(t, kind, parsed)
	}
	_, err := doc.ParseKind("html")
	require.ErrorIs(t, err, doc.ErrKind)
	require.Equal(t, "Kind(7)", doc.Kind(7).String())
}

// TestClientIDIsSecret: a log shows enough to tell two apart, and no more.
func TestClientIDIsSecret(t *testing.T) {
	require.Equal(t, "01020304…", doc.ClientID{1, 2, 3, 4, 5, 6, 7}.String())
}

// TestLineageVectors: the numbers were computed with Python's hashlib and struct.
func TestLineageVectors(t *testing.T) {
	var counting, full doc.ClientID
	for i := range counting {
		counting[i], full[i] = byte(i), 0xff
	}
	a := unhex(t, "91a161") // ["a"]
	first := doc.Lineage{}.Extend(1, counting, 1, a)
	require.Equal(t, "531b88f6ce6c2a90", first.String())
	require.Equal(t, "1bb761a91ef0c07f", first.Extend(2, full, ot.MaxInt, unhex(t, "90")).String())

	digest := doc.DigestOf(0, a)
	require.Equal(t, "20d6c0791887dda4", hex.EncodeToString(digest[:]))
	digest = doc.DigestOf(7, nil)
	require.Equal(t, "a3eb8db89fc5123c", hex.EncodeToString(digest[:]))
}

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}
