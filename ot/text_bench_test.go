package ot

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// readTrace reads a seqtrace/1 file as one op for each patch, and the end text's SHA-256. (Package trace imports this one.)
func readTrace(t testing.TB, path string) (ops []Op, endSHA256 string) {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 16<<20)
	require.True(t, lines.Scan())
	var header struct{ EndSha256 string }
	require.NoError(t, json.Unmarshal(lines.Bytes(), &header))
	var all Op
	for lines.Scan() {
		var offset, deleted int
		var text string
		require.NoError(t, json.Unmarshal(lines.Bytes(), &[]any{&offset, &deleted, &text}))
		var b Builder
		b.Retain(offset, nil)
		b.Delete(deleted)
		b.InsertText(text, nil)
		// One after the other in memory: an op that has just been decoded is in the processor's cache, and these should be.
		first := len(all)
		all = append(all, b.Op()...)
		ops = append(ops, all[first:len(all):len(all)])
	}
	require.NoError(t, lines.Err())
	return ops, header.EndSha256
}

func traces(t testing.TB) []string {
	folder := os.Getenv("TANDEM_TRACES")
	if folder == "" {
		t.Skip("TANDEM_TRACES is not set: it names the folder of the recorded sessions")
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.seq.jsonl.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, paths, "no *.seq.jsonl.gz in TANDEM_TRACES=%s", folder)
	return paths
}

// Snapshots, hashes and the tree stay right through whole sessions; TestReplaySequential types them without.
func TestTextReplay(t *testing.T) {
	for _, path := range traces(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			ops, want := readTrace(t, path)
			text := NewText()
			for i, op := range ops {
				require.NoError(t, text.Apply(op), "edit %d", i)
				if i%1000 == 0 {
					snap := text.Snapshot()
					if i%10000 == 0 {
						checkTree(t, snap)
						require.Equal(t, ContentHash(snap.Content()), snap.Hash())
					}
				}
			}
			checkTree(t, text)
			sum := sha256.Sum256([]byte(text.String()))
			require.Equal(t, want, hex.EncodeToString(sum[:]))
		})
	}
}

func perOp(b *testing.B, ops int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*ops), "ns/edit")
	b.ReportMetric(0, "ns/op") // of a whole session: says nothing
}

func benchReplay(b *testing.B, ops []Op, snapshotEvery int) {
	b.ReportAllocs()
	for b.Loop() {
		text := NewText()
		for i, op := range ops {
			if err := text.Apply(op); err != nil {
				b.Fatal(err)
			}
			if snapshotEvery > 0 && i%snapshotEvery == 0 {
				text.Snapshot()
			}
		}
	}
	perOp(b, len(ops))
}

func BenchmarkTextReplay(b *testing.B) {
	for _, path := range traces(b) {
		ops, _ := readTrace(b, path)
		name := strings.TrimSuffix(filepath.Base(path), ".seq.jsonl.gz")
		b.Run(name, func(b *testing.B) { benchReplay(b, ops, 0) })
		b.Run(name+"/snapshot every 1000", func(b *testing.B) { benchReplay(b, ops, 1000) })
	}
}

// largeText is English-looking text with something else in every so many letters; 0: ASCII alone.
func largeText(size, every int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		b.WriteByte("etaoin shrdlu"[i%13])
		if every > 0 && i%every == 0 {
			b.WriteString([]string{"é", "漢", "😀"}[i%3])
		}
	}
	return b.String()
}

func benchEdits(b *testing.B, content string, offset func(i, length int) int) {
	text, err := TextOf(Op{{Kind: Insert, N: UTF16Len(content), Text: content}})
	require.NoError(b, err)
	length := text.Len()
	insert := Op{{Kind: Retain, N: 1}, {Kind: Insert, N: 1, Text: "x"}}
	remove := Op{{Kind: Retain, N: 1}, {Kind: Delete, N: 1}}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		at := offset(i, length)
		if text.Splits(at) {
			at--
		}
		op := insert
		if i%2 == 1 {
			op = remove
			if text.Splits(at + 1) {
				continue
			}
			length--
		} else {
			length++
		}
		op[0].N = at
		if err := text.Apply(op); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkTextEdits(b *testing.B) {
	random := func(size int) func(int, int) int {
		r := newRandom(1, false)
		places := make([]int, 1<<16)
		for i := range places {
			places[i] = 1 + r.IntN(size/2)
		}
		return func(i, _ int) int { return places[i&(1<<16-1)] }
	}
	pingPong := func(i, length int) int {
		if i/2%2 == 0 {
			return 100
		}
		return length - 100
	}
	b.Run("random 1 MB", func(b *testing.B) { benchEdits(b, largeText(1<<20, 0), random(1<<20)) })
	b.Run("random 1 MB, every 20th not ASCII", func(b *testing.B) { benchEdits(b, largeText(1<<20, 19), random(1<<20)) })
	b.Run("ping-pong 10 MB", func(b *testing.B) { benchEdits(b, largeText(10<<20, 0), pingPong) })
}

func BenchmarkTextWhole(b *testing.B) {
	content := largeText(1<<20, 0)
	op := Op{{Kind: Insert, N: UTF16Len(content), Text: content}}
	text, err := TextOf(op)
	require.NoError(b, err)
	b.Run("String 1 MB", func(b *testing.B) {
		for b.Loop() {
			_ = text.String()
		}
	})
	b.Run("TextOf 1 MB", func(b *testing.B) {
		for b.Loop() {
			_, _ = TextOf(op)
		}
	})
	b.Run("TextOf and Hash 1 MB", func(b *testing.B) {
		for b.Loop() {
			t, _ := TextOf(op)
			t.Hash()
		}
	})
}
