package ottest

import (
	"fmt"

	"tandem/ot"
	"tandem/ot/ottest/model"
)

// Shape is op in JSON shape.
func Shape(op ot.Op) []any {
	out := make([]any, 0, len(op))
	for _, c := range op {
		out = append(out, componentShape(c))
	}
	return out
}

func componentShape(c ot.Component) any {
	var list []any
	switch {
	case c.Kind == ot.Retain:
		list = []any{int64(c.N)}
	case c.Kind == ot.Delete:
		list = []any{int64(-c.N)}
	case c.Embed != nil:
		list = []any{nil, c.Embed.Type, c.Embed.Value}
	default:
		list = []any{c.Text}
	}
	for _, a := range c.Attrs {
		list = append(list, a.Key, a.Value.Any())
	}
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// FromShape is the op that shape says, as it stands, in normal form or not. It fails where no ot.Op can say it.
func FromShape(shape []any) (ot.Op, error) {
	op := make(ot.Op, 0, len(shape))
	for _, v := range shape {
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		} else if len(list) < 2 {
			return nil, fmt.Errorf("no component: %v", v)
		}
		c, rest, err := bare(list)
		if err != nil {
			return nil, err
		}
		if len(rest)%2 != 0 {
			return nil, fmt.Errorf("a key without a value: %v", v)
		}
		for i := 0; i < len(rest); i += 2 {
			key, ok := rest[i].(string)
			if !ok {
				return nil, fmt.Errorf("no key: %v", rest[i])
			}
			val, err := value(rest[i+1])
			if err != nil {
				return nil, err
			}
			c.Attrs = append(c.Attrs, ot.Attr{Key: key, Value: val})
		}
		op = append(op, c)
	}
	return op, nil
}

// bare is the component at the head of list without its attributes, and those.
func bare(list []any) (c ot.Component, rest []any, err error) {
	switch head := list[0].(type) {
	case int64:
		if head < 0 {
			return ot.Component{Kind: ot.Delete, N: int(-head)}, list[1:], nil
		}
		return ot.Component{Kind: ot.Retain, N: int(head)}, list[1:], nil
	case string:
		return ot.Component{Kind: ot.Insert, N: ot.UTF16Len(head), Text: head}, list[1:], nil
	case nil:
		if len(list) < 3 {
			break
		}
		typ, ok1 := list[1].(string)
		val, ok2 := list[2].(string)
		if !ok1 || !ok2 {
			break
		}
		return ot.Component{Kind: ot.Insert, N: 1, Embed: &ot.Embed{Type: typ, Value: val}}, list[3:], nil
	}
	return c, nil, fmt.Errorf("no component: %v", list)
}

func value(v any) (ot.Value, error) {
	switch v := v.(type) {
	case nil:
		return ot.Null(), nil
	case bool:
		return ot.Bool(v), nil
	case int64:
		return ot.Int(v), nil
	case string:
		return ot.String(v), nil
	}
	return ot.Value{}, fmt.Errorf("no value: %v", v)
}

// Parse is the op that the JSON text says, normal or not.
func Parse(text string) (ot.Op, error) {
	v, err := model.ParseJSON(text)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("no array: %s", text)
	}
	return FromShape(list)
}

// MustParse is Parse for text that stands in a test.
func MustParse(text string) ot.Op {
	op, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return op
}
