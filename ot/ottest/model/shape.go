package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Word is an error: what is wrong, in the word that all implementations use for it.
type Word string

// The words.
const (
	Encoding   Word = "encoding"
	NormalForm Word = "normal form"
	UTF8       Word = "utf8"
	Limit      Word = "limit"
	Length     Word = "length"
	Surrogate  Word = "surrogate"
	Kind       Word = "kind"
)

func (w Word) Error() string { return string(w) }

// The limits: those of ot.DefaultLimits, written down once more.
const (
	maxComponents = 4096
	maxAttributes = 16
	maxKey        = 64
	maxValue      = 1024
	maxText       = 128 << 10
	maxEmbedType  = 64
	maxEmbed      = 16 << 10
	maxLength     = 1 << 24
	maxInt        = 1<<53 - 1
)

// ParseJSON reads one JSON value with integers as int64. It is for trusted text: encoding/json turns a lone surrogate
// into U+FFFD, so such cases are given as bytes.
func ParseJSON(text string) (any, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("%w: %q", err, text)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one value: %q", text)
	}
	return integers(v), nil
}

// integers replaces each json.Number by an int64; a number that is none stays a float64, which every check refuses.
func integers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = integers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = integers(v[k])
		}
	}
	return v
}

// FormatJSON is v on one line, without escaping what need not be.
func FormatJSON(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Validate says what is wrong with an operation that is given without its document: Encoding, UTF8, Limit or NormalForm.
func Validate(op []any) error {
	for _, check := range []func([]any) error{grammar, limits, normal} {
		if err := check(op); err != nil {
			return err
		}
	}
	return nil
}

// grammar checks the JSON shape alone.
func grammar(op []any) error {
	for _, c := range op {
		if err := componentGrammar(c); err != nil {
			return err
		}
	}
	return nil
}

func componentGrammar(c any) error {
	list, isList := c.([]any)
	if !isList {
		switch c := c.(type) {
		case int64:
			return nil
		case string:
			return text(c)
		}
		return Encoding
	}
	if len(list) == 0 {
		return Encoding
	}
	rest := list[1:]
	switch head := list[0].(type) {
	case nil:
		if len(rest) < 2 {
			return Encoding
		}
		for _, v := range rest[:2] {
			s, ok := v.(string)
			if !ok {
				return Encoding
			}
			if err := text(s); err != nil {
				return err
			}
		}
		rest = rest[2:]
	case int64:
		// Brackets without attributes are not the shape of a retain.
		if len(rest) == 0 {
			return Encoding
		}
	case string:
		if err := text(head); err != nil {
			return err
		}
		if len(rest) == 0 {
			return Encoding
		}
	default:
		return Encoding
	}
	return attributeGrammar(rest)
}

func attributeGrammar(list []any) error {
	if len(list)%2 != 0 {
		return Encoding
	}
	for i, v := range list {
		if i%2 == 0 {
			if _, ok := v.(string); !ok {
				return Encoding
			}
		}
		switch v := v.(type) {
		case nil, bool:
		case int64:
			if v > maxInt || v < -maxInt {
				return Encoding
			}
		case string:
			if err := text(v); err != nil {
				return err
			}
		default:
			return Encoding
		}
	}
	return nil
}

func text(s string) error {
	if !utf8.ValidString(s) {
		return UTF8
	}
	return nil
}

// limits checks an operation whose grammar is right.
func limits(op []any) error {
	if len(op) > maxComponents {
		return Limit
	}
	total := 0
	for _, c := range op {
		list, ok := c.([]any)
		if !ok {
			list = []any{c}
		}
		attrs := list[1:]
		switch head := list[0].(type) {
		case nil:
			if len(attrs[0].(string)) > maxEmbedType || len(attrs[1].(string)) > maxEmbed {
				return Limit
			}
			total += len(attrs[1].(string))
			attrs = attrs[2:]
		case int64:
			if head > maxLength || head < -maxLength {
				return Limit
			}
		case string:
			total += len(head)
		}
		if len(attrs) > 2*maxAttributes {
			return Limit
		}
		for i, v := range attrs {
			if s, ok := v.(string); ok && (i%2 == 0 && len(s) > maxKey || len(s) > maxValue) {
				return Limit
			}
		}
	}
	if total > maxText {
		return Limit
	}
	return nil
}

// normal writes the operation again from its gaps and compares. How long a retain or delete is does not matter for
// normal form, so long ones are shortened first: expanding 16 Mi of them would take gigabytes.
func normal(op []any) error {
	short := make([]any, len(op))
	for i, c := range op {
		if nameless(c) {
			return NormalForm
		}
		short[i] = shorten(c)
	}
	if FormatJSON(expand(short).shape()) != FormatJSON(short) {
		return NormalForm
	}
	return nil
}

// nameless finds what the gaps can hold but nobody may say: a delete with attributes, an embed without a type, an
// attribute without a key.
func nameless(c any) bool {
	list, ok := c.([]any)
	if !ok {
		return false
	}
	attrs := list[1:]
	switch head := list[0].(type) {
	case nil:
		if attrs[0] == "" {
			return true
		}
		attrs = attrs[2:]
	case int64:
		if head < 0 {
			return true
		}
	}
	_, empty := attrMap(attrs)[""]
	return empty
}

func shorten(c any) any {
	const enough = 3
	switch c := c.(type) {
	case int64:
		return max(-enough, min(enough, c))
	case []any:
		if n, ok := c[0].(int64); ok {
			return append([]any{max(-enough, min(enough, n))}, c[1:]...)
		}
	}
	return c
}

// CheckPlain returns Kind for what a text document does not allow.
func CheckPlain(op []any) error {
	for _, c := range op {
		if _, list := c.([]any); list {
			return Kind
		}
		if s, ok := c.(string); ok && strings.Contains(s, "\r") {
			return Kind
		}
	}
	return nil
}
