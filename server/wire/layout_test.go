package wire

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// layouts says a second time, apart from the code, what the fields of each message are: the names that they have in the JSON
// form, in their order on the wire. "name:type" where the type is not plain; the types stand in toWire.
var layouts = map[string]map[string]string{
	"client": {
		"hello":    "1 version token software",
		"open":     "2 channel document documentKind client:bin held:place outstanding:outstanding user:user",
		"submit":   "3 channel seq base op caret",
		"presence": "4 channel rev anchor head user:user",
		"refresh":  "5 token",
		"close":    "6 channel",
		"ping":     "7 n",
		"pong":     "8 n",
	},
	"server": {
		"ping":     "7 n",
		"pong":     "8 n",
		"welcome":  "16 version software maxOpText maxMessage maxDocument pingInterval",
		"opened":   "17 channel place:place access session outcome:outcome outcomeRev lastSeq resume refusal",
		"snapshot": "18 channel op more",
		"commits":  "19 channel first count op session caret lineage:bin",
		"ack":      "20 channel seq place:place",
		"presence": "21 channel rev peers:peers left",
		"access":   "22 channel access",
		"check":    "23 channel rev hash",
		"error":    "24 channel code seq lastSeq retryAfter text",
		"goaway":   "25 spread",
	},
}

var records = map[string]string{
	"place":       "id:bin epoch:bin rev lineage:bin",
	"outstanding": "client:bin seq base:place op",
	"user":        "name color",
	"peer":        "session anchor head name color",
}

// encodeJSON is the bytes of a message in its JSON form.
func encodeJSON(from string, message map[string]any) (b []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v in %s", p, marshal(message))
		}
	}()
	kind, _ := message["kind"].(string)
	layout, ok := layouts[from][kind]
	if !ok {
		return nil, fmt.Errorf("a %s has no message %q", from, kind)
	}
	number, fields, _ := strings.Cut(layout, " ")
	var k int
	if _, err := fmt.Sscan(number, &k); err != nil {
		return nil, err
	}
	rest := make(map[string]any, len(message))
	for name, value := range message {
		if name != "kind" {
			rest[name] = value
		}
	}
	return enc(append(arr(k), toRecord(fields, rest)...)), nil
}

func toRecord(fields string, object map[string]any) []any {
	var out []any
	for field := range strings.FieldsSeq(fields) {
		name, kind, _ := strings.Cut(field, ":")
		value, ok := object[name]
		if !ok {
			panic(fmt.Sprintf("no %q", name))
		}
		out = append(out, toWire(kind, value))
	}
	if len(out) != len(object) {
		panic(fmt.Sprintf("fields beyond %s", fields))
	}
	return out
}

func toWire(kind string, value any) any {
	if value == nil {
		return nil
	}
	switch kind {
	case "":
		return value
	case "bin":
		b, err := hex.DecodeString(value.(string))
		if err != nil {
			panic(err)
		}
		return bin(b)
	case "outcome":
		for i, word := range []string{"none", "committed", "void", "unknown", "refused"} {
			if word == value {
				return i
			}
		}
		panic(fmt.Sprintf("outcome %v", value))
	case "peers":
		peers := []any{}
		for _, p := range value.([]any) {
			peers = append(peers, toRecord(records["peer"], p.(map[string]any)))
		}
		return peers
	}
	return toRecord(records[kind], value.(map[string]any))
}
