package ot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// The JSON of an op is its notation (Grammar in doc.go), as it stands in testdata/ot: [3,"abc",-2,[null,"image","a.png"]]. It is for
// people and for files that people read; AppendOp's bytes are what is sent and stored.

// MarshalJSON implements json.Marshaler. The op must be valid.
func (o Op) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('[')
	for i := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := o[i].writeJSON(&b); err != nil {
			return nil, err
		}
	}
	b.WriteByte(']')
	return b.Bytes(), nil
}

func (c *Component) writeJSON(b *bytes.Buffer) error {
	length := c.N
	if c.Kind == Delete {
		length = -c.N
	}
	parts := make([]any, 0, 3+2*len(c.Attrs))
	switch {
	case c.Embed != nil:
		parts = append(parts, nil, c.Embed.Type, c.Embed.Value)
	case c.Kind == Insert:
		parts = append(parts, c.Text)
	default:
		parts = append(parts, length)
	}
	for _, a := range c.Attrs {
		parts = append(parts, a.Key, a.Value.Any())
	}
	var shape any = parts
	if len(parts) == 1 {
		shape = parts[0]
	}
	enc := json.NewEncoder(b) // unlike Marshal it can leave < and > as they are
	enc.SetEscapeHTML(false)
	if err := enc.Encode(shape); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // Encode ends the line
	return nil
}

// UnmarshalJSON implements json.Unmarshaler. It refuses what is not the notation (ErrEncoding), a lone surrogate (ErrUTF8), which
// encoding/json by itself would replace without a word, and what Validate refuses with StoredLimits.
func (o *Op) UnmarshalJSON(data []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil || parts == nil {
		return fmt.Errorf("%w: an operation is an array", ErrEncoding)
	}
	op := make(Op, len(parts))
	for i, part := range parts {
		if err := op[i].readJSON(part); err != nil {
			return fmt.Errorf("component %d: %w", i+1, err)
		}
	}
	if err := op.Validate(StoredLimits); err != nil {
		return err
	}
	*o = op
	return nil
}

func (c *Component) readJSON(data []byte) error {
	parts := []json.RawMessage{data}
	if data[0] == '[' {
		if err := json.Unmarshal(data, &parts); err != nil || len(parts) < 2 {
			return fmt.Errorf("%w: an array with %d values", ErrEncoding, len(parts))
		}
	}
	var err error
	switch first := parts[0]; {
	case first[0] == '"':
		c.Kind = Insert
		c.Text, err = readJSONString(first)
		c.N, parts = UTF16Len(c.Text), parts[1:]
	case string(first) == "null" && len(parts) >= 3:
		c.Kind, c.N, c.Embed = Insert, 1, &Embed{}
		if c.Embed.Type, err = readJSONString(parts[1]); err == nil {
			c.Embed.Value, err = readJSONString(parts[2])
		}
		parts = parts[3:]
	default:
		c.N, err = strconv.Atoi(string(first))
		if c.Kind = Retain; c.N < 0 {
			c.Kind, c.N = Delete, -c.N
		}
		if err != nil {
			err = fmt.Errorf("%w: it begins with neither a text, nor an integer, nor null, type and value", ErrEncoding)
		}
		parts = parts[1:]
	}
	if err != nil {
		return err
	}
	return c.readAttrs(parts)
}

func (c *Component) readAttrs(parts []json.RawMessage) error {
	if len(parts)%2 != 0 {
		return fmt.Errorf("%w: a key without a value", ErrEncoding)
	}
	for ; len(parts) > 0; parts = parts[2:] {
		key, err := readJSONString(parts[0])
		if err != nil {
			return err
		}
		value, err := readJSONValue(parts[1])
		if err != nil {
			return err
		}
		c.Attrs = append(c.Attrs, Attr{Key: key, Value: value})
	}
	return nil
}

func readJSONValue(data []byte) (Value, error) {
	switch {
	case data[0] == '"':
		s, err := readJSONString(data)
		return String(s), err
	case string(data) == "null":
		return Null(), nil
	case string(data) == "true":
		return Bool(true), nil
	case string(data) == "false":
		return Bool(false), nil
	}
	n, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		return Value{}, fmt.Errorf("%w: an attribute's value is null, a boolean, an integer or a string", ErrEncoding)
	}
	return Int(n), nil
}

// readString reads a string of valid JSON strictly.
func readJSONString(data []byte) (string, error) {
	if data[0] != '"' {
		return "", fmt.Errorf("%w: there should be a string", ErrEncoding)
	}
	if !utf8.Valid(data) || hasLoneSurrogate(data) {
		return "", fmt.Errorf("%w: a string has what is no character", ErrUTF8)
	}
	var s string
	err := json.Unmarshal(data, &s)
	return s, err
}

// hasLoneSurrogate reports whether an escape \uD800 to \uDFFF of valid JSON is not one of a pair.
func hasLoneSurrogate(data []byte) bool {
	for i := bytes.IndexByte(data, '\\'); i >= 0 && i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		i++
		if data[i] != 'u' {
			continue
		}
		unit := hex4(data[i+1:])
		i += 4
		switch {
		case unit < 0xD800 || unit > 0xDFFF:
			continue
		case unit >= 0xDC00 || i+6 >= len(data) || data[i+1] != '\\' || data[i+2] != 'u':
			return true
		}
		if low := hex4(data[i+3:]); low < 0xDC00 || low > 0xDFFF {
			return true
		}
		i += 6
	}
	return false
}

// hex4 reads the four digits of an escape.
func hex4(data []byte) uint64 {
	n, _ := strconv.ParseUint(string(data[:4]), 16, 16) // valid JSON has four
	return n
}
