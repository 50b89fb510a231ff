package doc

import (
	"fmt"
	"strings"

	"tandem/ot"
)

// A labelled operation has the author of each insert beside it, as an attribute. It is what the archive keeps, never what a client
// sends or gets: keys that begin with NUL are refused in submissions, so that nobody forges one.
//
//	B1  Strip(Label(a, x)) = a
//	B2  Strip(compose(a, b)) = compose(Strip(a), Strip(b)) for labelled a and b
//
// So whatever is composed of labelled operations tells what the plain ones would, and who wrote what stands after it.

// labelKey is the attribute that holds an author.
const labelKey = reserved + "by"

// reserved begins the keys that are the server's own. It sorts before every other key.
const reserved = "\x00"

// Label is op with author on each insert; op itself where the author is not known ("").
func Label(op ot.Op, author string) ot.Op {
	if author == "" {
		return op
	}
	out := make(ot.Op, len(op))
	for i, c := range op {
		if c.Kind == ot.Insert {
			c.Attrs = append(ot.Attrs{{Key: labelKey, Value: ot.String(author)}}, c.Attrs...)
		}
		out[i] = c
	}
	return out
}

// Strip is a labelled operation without its labels, in normal form.
func Strip(op ot.Op) ot.Op {
	var out ot.Builder
	for _, c := range op {
		if _, ok := labelOf(c); ok {
			c.Attrs = unlabelled(c.Attrs)
		}
		out.Push(c)
	}
	return out.Op()
}

// labelOf is the author on an insert; false: none is known.
func labelOf(c ot.Component) (string, bool) {
	if len(c.Attrs) == 0 || c.Attrs[0].Key != labelKey {
		return "", false
	}
	author, ok := c.Attrs[0].Value.Any().(string)
	return author, ok
}

// unlabelled is labelled attributes without the label; nil, and not empty, where there are no others.
func unlabelled(attrs ot.Attrs) ot.Attrs {
	if len(attrs) == 1 {
		return nil
	}
	return attrs[1:]
}

// CheckKeys refuses, with ErrOp, an operation of a client that speaks of an attribute which is the server's own.
func CheckKeys(op ot.Op) error {
	for i, c := range op {
		for _, a := range c.Attrs {
			if strings.HasPrefix(a.Key, reserved) {
				return fmt.Errorf("%w: component %d has the key %q; keys that begin with NUL are reserved", ErrOp, i+1, a.Key)
			}
		}
	}
	return nil
}
