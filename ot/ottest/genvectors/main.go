// Genvectors writes testdata/ot/*.jsonl: named cases for every implementation of the algebra, a JSON object a line. Run it in
// the root of the repository:
//
//	go run ./ot/ottest/genvectors [directory]
//
// The expected values come from package model, never from package ot. Where one is also written here it was written by
// hand, and genvectors stops unless the model agrees. Fields by "fn":
//
//	apply         doc, op, want             apply-refuse    doc, op, error
//	compose       a, b, want                compose-refuse  a, b, error
//	transform     a, over, side, want
//	invert        doc, op, want
//	offset        op, offset, side, want
//	range         op, anchor, head, side, want [anchor, head]
//	encode        op, hex (decoding hex gives op)
//	decode-refuse hex, error
//	refuse        op, error (not in normal form or beyond the limits, whether as it stands or encoded)
//	kind-refuse   op, error (valid, but not in a plain text)
//	hash          doc, want (an integer below 2^53)
package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tandem/ot/ottest/model"
)

func main() {
	log.SetFlags(0)
	dir := "testdata/ot"
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	total := 0
	for _, fam := range families {
		f := newFile(fam.name, fam.fill)
		if err := os.WriteFile(filepath.Join(dir, fam.name+".jsonl"), f.lines.Bytes(), 0o644); err != nil {
			log.Fatal(err)
		}
		total += len(f.names)
		fmt.Printf("%-16s %4d\n", fam.name, len(f.names))
	}
	fmt.Printf("%-16s %4d\n", "in all", total)
}

var families = []struct {
	name string
	fill func(*file)
}{
	{"counterexamples", counterexamples},
	{"ties", ties},
	{"deletes", deletes},
	{"apply", apply},
	{"compose", compose},
	{"invert", invert},
	{"attributes", attributes},
	{"embeds", embeds},
	{"keys", keys},
	{"surrogates", surrogates},
	{"offsets", offsets},
	{"encoding", encoding},
	{"bytes-refused", bytesRefused},
	{"refused", refused},
	{"kinds", kinds},
	{"hashes", hashes},
}

const (
	left  = model.Left
	right = model.Right
)

var sides = []model.Side{left, right}

// A file is one family of cases.
type file struct {
	name  string
	names map[string]bool
	lines bytes.Buffer
}

func newFile(name string, fill func(*file)) *file {
	f := &file{name: name, names: map[string]bool{}}
	fill(f)
	return f
}

// add writes a case; fields are keys and values in turn.
func (f *file) add(name, fn string, fields ...any) {
	if f.names[name] {
		log.Fatalf("%s: two cases are named %q", f.name, name)
	}
	f.names[name] = true
	fmt.Fprintf(&f.lines, `{"name":%s,"fn":%s`, model.FormatJSON(name), model.FormatJSON(fn))
	for i := 0; i < len(fields); i += 2 {
		fmt.Fprintf(&f.lines, `,"%s":%s`, fields[i], model.FormatJSON(fields[i+1]))
	}
	f.lines.WriteString("}\n")
}

// check stops where the model and the hand disagree.
func (f *file) check(name string, got any, hand []string) {
	if len(hand) > 0 && model.FormatJSON(got) != hand[0] {
		log.Fatalf("%s: %s: the model has %s, expected was %s", f.name, name, model.FormatJSON(got), hand[0])
	}
}

// op is an operation or document written as JSON, and in normal form.
func op(text string) []any {
	out := loose(text)
	if err := model.Validate(out); err != nil {
		log.Fatalf("%s: %v", text, err)
	}
	return out
}

// loose is op without the check.
func loose(text string) []any {
	v, err := model.ParseJSON(text)
	if err != nil {
		log.Fatal(err)
	}
	return v.([]any)
}

// result writes a case whose function may fail: the case is then named fn-refuse, and has the word of the error.
func (f *file) result(name, fn string, got []any, err error, hand []string, fields ...any) {
	if err != nil {
		f.check(name, err.Error(), hand)
		f.add(name, fn+"-refuse", append(fields, "error", err.Error())...)
		return
	}
	f.check(name, got, hand)
	f.add(name, fn, append(fields, "want", got)...)
}

func (f *file) apply(name, doc, o string, hand ...string) {
	got, err := model.Apply(op(doc), op(o))
	f.result(name, "apply", got, err, hand, "doc", op(doc), "op", op(o))
}

func (f *file) compose(name, a, b string, hand ...string) {
	got, err := model.Compose(op(a), op(b))
	f.result(name, "compose", got, err, hand, "a", op(a), "b", op(b))
}

func (f *file) transform(name, a, over string, side model.Side, hand ...string) {
	got := model.Transform(op(a), op(over), side)
	f.result(name, "transform", got, nil, hand, "a", op(a), "over", op(over), "side", side)
}

// both is transform with either side.
func (f *file) both(name, a, over string, hand ...string) {
	for i, side := range sides {
		f.transform(name+", "+string(side), a, over, side, hand[min(i, len(hand)):min(i+1, len(hand))]...)
	}
}

func (f *file) invert(name, doc, o string, hand ...string) {
	got, err := model.Invert(op(o), op(doc))
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	f.result(name, "invert", got, nil, hand, "doc", op(doc), "op", op(o))
}

func (f *file) offset(name, o string, offset int, hand ...string) {
	for i, side := range sides {
		got := model.Offset(op(o), offset, side)
		f.check(name, got, hand[min(i, len(hand)):min(i+1, len(hand))])
		f.add(name+", "+string(side), "offset", "op", op(o), "offset", offset, "side", side, "want", got)
	}
}

func (f *file) selection(name, o string, anchor, head int) {
	for _, side := range sides {
		a, h := model.Range(op(o), anchor, head, side)
		f.add(name+", "+string(side), "range", "op", op(o), "anchor", anchor, "head", head, "side", side, "want", []int{a, h})
	}
}

func (f *file) encode(name string, o []any, hand ...string) {
	if err := model.Validate(o); err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	data := model.Encode(o)
	back, err := model.Decode(data)
	if err != nil || model.FormatJSON(back) != model.FormatJSON(o) {
		log.Fatalf("%s: comes back as %v (%v)", name, back, err)
	}
	text := hex.EncodeToString(data)
	f.check(name, text, quoted(hand))
	f.add(name, "encode", "op", o, "hex", text)
}

// quoted is hand-written hex, in which spaces are welcome, as JSON.
func quoted(texts []string) []string {
	out := slices.Clone(texts)
	for i := range out {
		out[i] = model.FormatJSON(strings.ReplaceAll(out[i], " ", ""))
	}
	return out
}

func (f *file) decodeRefuse(name, word, data string) {
	data = strings.ReplaceAll(data, " ", "")
	raw, err := hex.DecodeString(data)
	if err != nil {
		log.Fatal(err)
	}
	if _, err = model.Decode(raw); err != model.Word(word) {
		log.Fatalf("%s: the model has %v, expected was %s", name, err, word)
	}
	f.add(name, "decode-refuse", "hex", data, "error", word)
}

func (f *file) refuse(name, word string, o []any) {
	if err := model.Validate(o); err != model.Word(word) {
		log.Fatalf("%s: the model has %v, expected was %s", name, err, word)
	}
	f.add(name, "refuse", "op", o, "error", word)
}

func (f *file) kindRefuse(name, o string) {
	if err := model.CheckPlain(op(o)); err != model.Kind {
		log.Fatalf("%s: the model has %v", name, err)
	}
	f.add(name, "kind-refuse", "op", op(o), "error", model.Kind)
}

func (f *file) hash(name, doc string) {
	f.add(name, "hash", "doc", op(doc), "want", model.Hash(op(doc)))
}
