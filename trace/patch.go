package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"tandem/ot"
)

// A Patch is one splice: Deleted code units go at Offset, and Inserted takes their place. Both count UTF-16 code units.
type Patch struct {
	Offset, Deleted int
	Inserted        string
}

// errPatch says what a patch looks like.
var errPatch = errors.New(`want [offset, deleted, "inserted"]`)

// parsePatch reads [offset, deleted, "inserted"], with a fourth element 1 where the patch belongs to the transaction before.
// By hand: encoding/json takes five times as long, and would coerce 1.0 and lone surrogates silently.
func parsePatch(line []byte) (p Patch, joined bool, err error) {
	rest, ok := bytes.CutPrefix(line, []byte("["))
	if !ok {
		return p, false, errPatch
	}
	if p.Offset, rest, err = parseInt(rest); err != nil {
		return p, false, err
	}
	if p.Deleted, rest, err = parseInt(rest); err != nil {
		return p, false, err
	}
	rest = bytes.TrimLeft(rest, " ")
	end := stringEnd(rest)
	if end < 0 {
		return p, false, errPatch
	}
	if p.Inserted, err = parseString(rest[:end]); err != nil {
		return p, false, err
	}
	switch strings.ReplaceAll(string(rest[end:]), " ", "") {
	case "]":
	case ",1]":
		joined = true
	default:
		return p, false, errPatch
	}
	if p.Deleted == 0 && p.Inserted == "" && !joined {
		return p, false, errors.New("a transaction must not begin with a patch that does nothing")
	}
	return p, joined, nil
}

// parseInt reads a natural number and the comma behind it.
func parseInt(b []byte) (int, []byte, error) {
	digits, rest, ok := bytes.Cut(b, []byte(","))
	digits = bytes.TrimSpace(digits)
	if !ok || len(digits) == 0 || digits[0] < '0' || digits[0] > '9' {
		return 0, nil, errPatch
	}
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return 0, nil, errPatch
	}
	return n, rest, nil
}

// stringEnd is the offset behind the JSON string that b begins with, or −1.
func stringEnd(b []byte) int {
	if len(b) == 0 || b[0] != '"' {
		return -1
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// parseString decodes a JSON string. A lone surrogate (\ud83d) and invalid UTF-8 are errors: encoding/json makes U+FFFD of
// both, and the replay would then type another text than the one recorded.
func parseString(quoted []byte) (string, error) {
	if !utf8.Valid(quoted) {
		return "", errors.New("invalid UTF-8")
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return "", err
	}
	meant := bytes.Count(quoted, []byte("\uFFFD")) + bytes.Count(bytes.ToLower(quoted), []byte(`\ufffd`))
	if strings.Count(s, "\uFFFD") > meant {
		return "", errors.New("a lone surrogate")
	}
	return s, nil
}

// UnmarshalJSON reads a patch inside a dagtrace line.
func (p *Patch) UnmarshalJSON(b []byte) error {
	q, joined, err := parsePatch(b)
	if err == nil && joined {
		err = errPatch
	}
	*p = q
	return err
}

// Op makes one op of a transaction: its patches, each made on what the one before left. It fails where a patch begins or ends
// inside a surrogate pair that an earlier patch of the transaction inserted. Whether it fits a document, that document says.
func Op(transaction []Patch) (ot.Op, error) {
	var whole ot.Op
	for i, p := range transaction {
		op := p.op()
		if i == 0 {
			whole = op
			continue
		}
		var err error
		if whole, err = ot.Compose(whole, op); err != nil {
			return nil, fmt.Errorf("patch %d of %d: %w", i+1, len(transaction), err)
		}
	}
	return whole, nil
}

// op puts the insert before the delete: what is typed over a selection stands at its left edge.
func (p Patch) op() ot.Op {
	var b ot.Builder
	b.Retain(p.Offset, nil)
	b.InsertText(p.Inserted, nil)
	b.Delete(p.Deleted)
	return b.Op()
}
