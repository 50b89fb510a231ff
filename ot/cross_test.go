package ot_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/ot"
	"tandem/ot/ottest"
)

// question is a line for client-js/test/cross.ts: a and b are made on doc, c on what a leaves.
type question struct {
	Doc   string `json:"doc_hex,omitempty"`
	A     string `json:"a_hex,omitempty"`
	B     string `json:"b_hex,omitempty"`
	C     string `json:"c_hex,omitempty"`
	Bytes string `json:"bytes_hex,omitempty"`
}

// answer is what either side makes of a question. The parts and the difference are not compared but tried: each side may
// find another one.
type answer struct {
	Error       string `json:"error,omitempty"`
	Again       string `json:"again_hex,omitempty"`
	Compose     string `json:"compose_hex,omitempty"`
	Left        string `json:"ab_left_hex,omitempty"`
	Right       string `json:"ab_right_hex,omitempty"`
	Apply       string `json:"apply_hex,omitempty"`
	Invert      string `json:"invert_hex,omitempty"`
	Hash        uint64 `json:"hash,omitempty"`
	Offset      []int  `json:"offset,omitempty"`
	OffsetRight []int  `json:"offset_right,omitempty"`
	Diff        string `json:"diff_hex,omitempty"`
	Head        string `json:"head_hex,omitempty"`
	Rest        string `json:"rest_hex,omitempty"`
}

type crossCase struct{ doc, a, b, c ot.Op }

// TestCross computes random cases here and in TypeScript, and compares.
func TestCross(t *testing.T) {
	const seed = 20261123
	t.Logf("seed %d", seed)
	gen := ottest.Gen{Choices: rand.New(rand.NewPCG(seed, 1)), Max: 8}
	var cases []crossCase
	var questions []question
	for i := range 3000 {
		gen.Plain = i%3 == 0
		k := crossCase{doc: gen.Doc()}
		k.a, k.b = gen.Op(k.doc), gen.Op(k.doc)
		k.c = gen.Op(applied(t, k.doc, k.a))
		cases = append(cases, k)
		questions = append(questions, question{Doc: encoded(k.doc), A: encoded(k.a), B: encoded(k.b), C: encoded(k.c)})
	}
	for i, got := range ask(t, questions) {
		k := cases[i]
		about := fmt.Sprintf("case %d of seed %d: doc %v a %v b %v c %v", i, seed, k.doc, k.a, k.b, k.c)
		require.Empty(t, got.Error, about)

		require.Equal(t, applied(t, k.doc, k.b), applied(t, applied(t, k.doc, k.a), decoded(t, got.Diff)), about)
		whole, err := ot.Compose(decoded(t, got.Head), decoded(t, got.Rest))
		require.NoError(t, err, about)
		require.True(t, whole.Equal(k.a), about)
		got.Diff, got.Head, got.Rest = "", "", ""

		require.Equal(t, k.answer(t), got, about)
	}
}

// TestCrossDamaged has damaged bytes decoded here and in TypeScript: both accept them, or both refuse them with the same word.
func TestCrossDamaged(t *testing.T) {
	const seed = 4711
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	gen := ottest.Gen{Choices: random}
	var questions []question
	for range 4000 {
		data := ot.AppendOp(nil, gen.Op(gen.Doc()))
		for range 1 + random.IntN(2) {
			at := random.IntN(len(data))
			switch random.IntN(3) {
			case 0:
				data[at] = byte(random.IntN(256))
			case 1:
				data = append(data[:at], data[at+1:]...)
				data = append(data, 0)
			case 2:
				data = append(data[:at:at], data[random.IntN(len(data)):]...)
				data = append(data, 0x90)
			}
		}
		questions = append(questions, question{Bytes: hex.EncodeToString(data)})
	}
	accepted := 0
	for i, got := range ask(t, questions) {
		data, err := hex.DecodeString(questions[i].Bytes)
		require.NoError(t, err)
		var want answer
		if op, err := ot.DecodeOp(data, ot.DefaultLimits); err != nil {
			want.Error = word(err)
		} else {
			want.Again = encoded(op)
			accepted++
		}
		require.Equal(t, want, got, "bytes %s", questions[i].Bytes)
	}
	require.NotZero(t, accepted, "all were refused: the damage is too great to test anything")
}

// ask has the questions answered by TypeScript.
func ask(t *testing.T, questions []question) []answer {
	t.Helper()
	dir, err := filepath.Abs("../client-js")
	require.NoError(t, err)
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join(dir, "node_modules", "esbuild"))
	}
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the comparison with TypeScript needs node, and npm ci in client-js: %v", err)
		}
		t.Skipf("not compared with TypeScript, which needs node, and npm ci in client-js: %v", err)
	}
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, q := range questions {
		require.NoError(t, enc.Encode(q))
	}
	cmd := exec.CommandContext(t.Context(), node, "scripts/cross.mjs")
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, &in, os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var answers []answer
	for line := range bytes.Lines(out) {
		var a answer
		require.NoError(t, json.Unmarshal(line, &a), "%s", line)
		answers = append(answers, a)
	}
	require.Len(t, answers, len(questions))
	return answers
}

func (k crossCase) answer(t *testing.T) answer {
	composed, err := ot.Compose(k.a, k.c)
	require.NoError(t, err)
	text, err := ot.TextOf(k.doc)
	require.NoError(t, err)
	inverse, err := ot.Invert(k.a, text)
	require.NoError(t, err)
	after := applied(t, k.doc, k.a)
	want := answer{
		Compose: encoded(composed),
		Left:    encoded(ot.Transform(k.a, k.b, ot.Left)),
		Right:   encoded(ot.Transform(k.a, k.b, ot.Right)),
		Apply:   encoded(after),
		Invert:  encoded(inverse),
		Hash:    ot.ContentHash(after),
	}
	for offset := range k.a.BaseLen() + 1 {
		want.Offset = append(want.Offset, ot.TransformOffset(k.a, offset, ot.Left))
		want.OffsetRight = append(want.OffsetRight, ot.TransformOffset(k.a, offset, ot.Right))
	}
	return want
}

func applied(t *testing.T, doc, op ot.Op) ot.Op {
	t.Helper()
	after, err := ot.Apply(doc, op)
	require.NoError(t, err)
	return after
}

func encoded(op ot.Op) string { return hex.EncodeToString(ot.AppendOp(nil, op)) }

func decoded(t *testing.T, s string) ot.Op {
	t.Helper()
	data, err := hex.DecodeString(s)
	require.NoError(t, err)
	op, err := ot.DecodeOp(data, ot.StoredLimits)
	require.NoError(t, err)
	return op
}

// word is the name by which TypeScript and the vectors know an error.
func word(err error) string {
	for w, sentinel := range map[string]error{
		"encoding": ot.ErrEncoding, "normal form": ot.ErrNormalForm, "utf8": ot.ErrUTF8, "limit": ot.ErrLimit,
		"length": ot.ErrLength, "surrogate": ot.ErrSurrogate, "kind": ot.ErrKind,
	} {
		if errors.Is(err, sentinel) {
			return w
		}
	}
	return err.Error()
}
