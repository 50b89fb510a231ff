package wire

import "strings"

// A refusedCase is a frame that must not be decoded, and the code that tells of it.
type refusedCase struct {
	name, from string
	frame      []byte
	code       Code
}

func refuse(from, name string, code Code, values ...any) refusedCase {
	var frame []byte
	for _, v := range values {
		frame = append(frame, enc(v)...)
	}
	return refusedCase{name, from, frame, code}
}

// Wire values of the refused cases.
var (
	id16    = bin("0123456789abcdef")
	id8     = bin("01234567")
	aPlace  = arr(id16, id8, 42, id8)
	aLetter = arr("a")
)

func refusedCases() []refusedCase {
	var cases []refusedCase
	for _, group := range [][]refusedCase{
		refusedHeads(), refusedForms(), refusedClient(), refusedOps(), refusedServer(), refusedWholes(),
	} {
		cases = append(cases, group...)
	}
	// What is wrong with a ping, or with any message, is wrong from a server too.
	for _, c := range append(refusedHeads(), refusedForms()...) {
		if c.from == "client" && (len(c.frame) < 2 || c.frame[0] > 0xa0 || c.frame[1] == byte(KindPing)) {
			cases = append(cases, refusedCase{c.name + ", from a server", "server", c.frame, c.code})
		}
	}
	return cases
}

func refusedHeads() []refusedCase {
	return []refusedCase{
		refuse("client", "no message", CodeBadMessage),
		refuse("client", "not an array", CodeBadMessage, 7),
		refuse("client", "nil", CodeBadMessage, nil),
		refuse("client", "a map", CodeBadMessage, rawHex("80")),
		refuse("client", "an empty array", CodeBadMessage, arr()),
		refuse("client", "kind 0", CodeBadMessage, arr(0, 1)),
		refuse("client", "kind 9, which is not given", CodeBadMessage, arr(9, 1)),
		refuse("client", "kind 26", CodeBadMessage, arr(26, 1)),
		refuse("client", "a negative kind", CodeBadMessage, arr(-1, 1)),
		refuse("client", "a kind that is a string", CodeBadMessage, arr("ping", 1)),
		refuse("client", "a kind that is a float", CodeBadMessage, rawHex("92 cb401c000000000000 01")),
		refuse("client", "a server's kind", CodeBadMessage, arr(25, 1)),
		refuse("server", "a client's kind", CodeBadMessage, arr(6, 1)),
		refuse("client", "an array that claims 2^32-1 elements", CodeBadMessage, rawHex("ddffffffff")),
		refuse("client", "an array that claims 2^31 elements", CodeBadMessage, rawHex("dd80000000 07")),
		refuse("client", "an array of 11", CodeBadMessage, arr(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)),
		refuse("client", "cut short in the head", CodeBadMessage, rawHex("dc00")),
		refuse("client", "cut short in a field", CodeBadMessage, rawHex("92 07 cd01")),
		refuse("client", "cut short before a field", CodeBadMessage, rawHex("92 07")),
		refuse("client", "a byte that is never used", CodeBadMessage, rawHex("c1")),
		refuse("client", "a byte left over", CodeBadMessage, arr(7, 1), rawHex("00")),
		refuse("client", "a bad message after a good one", CodeBadMessage, arr(7, 1), arr(7, -1)),
		refuse("client", "hello of version 2", CodeUnsupportedVersion, arr(1, 2, nil, "x")),
		refuse("client", "hello of version 2 with other fields", CodeUnsupportedVersion, arr(1, 2)),
		refuse("client", "hello of version 0", CodeUnsupportedVersion, arr(1, 0, nil, "x")),
		refuse("client", "hello with a version that is a string", CodeBadMessage, arr(1, "1", nil, "x")),
		refuse("server", "welcome of version 2", CodeUnsupportedVersion, arr(16, 2, "tandem 2.0", 1, 1, 1, 1)),
	}
}

// refusedForms are values that have a shorter form, or none.
func refusedForms() []refusedCase {
	return []refusedCase{
		refuse("client", "array16 where fixarray will do", CodeBadMessage, rawHex("dc0002 07 01")),
		refuse("client", "array32 where fixarray will do", CodeBadMessage, rawHex("dd00000002 07 01")),
		refuse("client", "uint8 where fixint will do", CodeBadMessage, rawHex("92 07 cc7f")),
		refuse("client", "uint16 where uint8 will do", CodeBadMessage, rawHex("92 07 cd00ff")),
		refuse("client", "uint32 where uint16 will do", CodeBadMessage, rawHex("92 07 ce0000ffff")),
		refuse("client", "uint64 where uint32 will do", CodeBadMessage, rawHex("92 07 cf00000000ffffffff")),
		refuse("client", "int8 for a positive number", CodeBadMessage, rawHex("92 07 d001")),
		refuse("client", "int16 for a positive number", CodeBadMessage, rawHex("92 07 d10100")),
		refuse("client", "int64 for a positive number", CodeBadMessage, rawHex("92 07 d30000000100000000")),
		refuse("client", "a number of 2^53", CodeBadMessage, rawHex("92 07 cf0020000000000000")),
		refuse("client", "a number of 2^64-1", CodeBadMessage, rawHex("92 07 cfffffffffffffffff")),
		refuse("client", "a negative number", CodeBadMessage, arr(7, -1)),
		refuse("client", "a float of a whole number", CodeBadMessage, rawHex("92 07 ca3f800000")),
		refuse("client", "a boolean for a number", CodeBadMessage, arr(7, true)),
		refuse("client", "nil for a number", CodeBadMessage, arr(7, nil)),
		refuse("client", "str8 where fixstr will do", CodeBadMessage, rawHex("92 05 d90161")),
		refuse("client", "str16 where str8 will do", CodeBadMessage, arr(5, raw(append(rawHex("da0020"), strings.Repeat("a", 32)...)))),
		refuse("client", "str32 where fixstr will do", CodeBadMessage, rawHex("92 05 db0000000161")),
		refuse("client", "str32 that claims 4 GiB", CodeBadMessage, rawHex("92 05 dbffffffff61")),
		refuse("client", "bin for a string", CodeBadMessage, arr(5, bin("abc"))),
		refuse("client", "a string that is not UTF-8", CodeBadMessage, arr(5, "a\xff")),
		refuse("client", "a string with a lone surrogate", CodeBadMessage, arr(5, "\xed\xa0\x80")),
		refuse("client", "an overlong string", CodeBadMessage, arr(5, "\xc0\x80")),
		refuse("client", "an extension", CodeBadMessage, rawHex("92 07 d40100")),
		refuse("client", "bin16 where bin8 will do", CodeBadMessage,
			arr(2, 1, "a", "text", raw(append(rawHex("c50010"), id16...)), nil, nil, nil)),
		refuse("client", "a string for an id", CodeBadMessage, arr(2, 1, "a", "text", string(id16), nil, nil, nil)),
		refuse("client", "an id of 15 bytes", CodeBadMessage, arr(2, 1, "a", "text", id16[:15], nil, nil, nil)),
		refuse("client", "an id of 17 bytes", CodeBadMessage, arr(2, 1, "a", "text", append(id16[:16:16], 0), nil, nil, nil)),
	}
}

func refusedClient() []refusedCase {
	submission := func(values ...any) []any { return arr(2, 1, "a", "text", id16, aPlace, values, nil) }
	return []refusedCase{
		refuse("client", "hello without its last field", CodeBadMessage, arr(1, 1, nil)),
		refuse("client", "hello with a field too many", CodeBadMessage, arr(1, 1, nil, "x", 1)),
		refuse("client", "hello with a token of 2049 bytes", CodeBadMessage, arr(1, 1, long(2049), "x")),
		refuse("client", "hello with software of 65 bytes", CodeBadMessage, arr(1, 1, nil, long(65))),
		refuse("client", "open of channel 0", CodeBadMessage, arr(2, 0, "a", "text", id16, nil, nil, nil)),
		refuse("client", "open of a name of 129 bytes", CodeBadMessage, arr(2, 1, long(129), "text", id16, nil, nil, nil)),
		refuse("client", "open of no kind", CodeBadMessage, arr(2, 1, "a", "", id16, nil, nil, nil)),
		refuse("client", "open of a kind in capitals", CodeBadMessage, arr(2, 1, "a", "Text", id16, nil, nil, nil)),
		refuse("client", "open with a kind that is a number", CodeBadMessage, arr(2, 1, "a", 1, id16, nil, nil, nil)),
		refuse("client", "open with a place of three", CodeBadMessage, arr(2, 1, "a", "text", id16, arr(id16, id8, 42), nil, nil)),
		refuse("client", "open with a place of five", CodeBadMessage, arr(2, 1, "a", "text", id16, arr(id16, id8, 42, id8, 1), nil, nil)),
		refuse("client", "open with a place whose epoch is nil", CodeBadMessage, arr(2, 1, "a", "text", id16, arr(id16, nil, 42, id8), nil, nil)),
		refuse("client", "open with a place of revision -1", CodeBadMessage, arr(2, 1, "a", "text", id16, arr(id16, id8, -1, id8), nil, nil)),
		refuse("client", "open with an outstanding sequence 0", CodeBadMessage, submission(id16, 0, aPlace, aLetter)),
		refuse("client", "open with an outstanding submission without a place", CodeBadMessage, submission(id16, 1, nil, aLetter)),
		refuse("client", "open with an outstanding submission without an op", CodeBadMessage, submission(id16, 1, aPlace)),
		refuse("client", "open with an outstanding op that is not normal", CodeBadOp, submission(id16, 1, aPlace, arr("a", "b"))),
		refuse("client", "open without the user", CodeBadMessage, arr(2, 1, "a", "text", id16, nil, nil)),
		refuse("client", "open of a user without a color", CodeBadMessage, arr(2, 1, "a", "text", id16, nil, nil, arr("Ada"))),
		refuse("client", "open of a user with a name of 65 bytes", CodeBadMessage, arr(2, 1, "a", "text", id16, nil, nil, arr(long(65), "red"))),
		refuse("client", "open of a user with a color of 33 bytes", CodeBadMessage, arr(2, 1, "a", "text", id16, nil, nil, arr("Ada", long(33)))),
		refuse("client", "submit on channel 0", CodeBadMessage, arr(3, 0, 1, 0, aLetter, nil)),
		refuse("client", "submit of sequence 0", CodeBadMessage, arr(3, 1, 0, 0, aLetter, nil)),
		refuse("client", "submit on revision -1", CodeBadMessage, arr(3, 1, 1, -1, aLetter, nil)),
		refuse("client", "submit without the caret", CodeBadMessage, arr(3, 1, 1, 0, aLetter)),
		refuse("client", "submit with a negative caret", CodeBadMessage, arr(3, 1, 1, 0, aLetter, -1)),
		refuse("client", "submit with a selection for a caret", CodeBadMessage, arr(3, 1, 1, 0, aLetter, arr(1, 2))),
		refuse("client", "presence with an anchor and no head", CodeBadMessage, arr(4, 1, 0, 1, nil, nil)),
		refuse("client", "presence with a head and no anchor", CodeBadMessage, arr(4, 1, 0, nil, 1, nil)),
		refuse("client", "presence of a user with a name of 65 bytes", CodeBadMessage, arr(4, 1, 0, 1, 1, arr(long(65), "red"))),
		refuse("client", "presence of a user with a color of 33 bytes", CodeBadMessage, arr(4, 1, 0, 1, 1, arr("Ada", long(33)))),
		refuse("client", "presence of a user without a color", CodeBadMessage, arr(4, 1, 0, 1, 1, arr("Ada"))),
		refuse("client", "presence of a user that is a string", CodeBadMessage, arr(4, 1, 0, 1, 1, "Ada")),
		refuse("client", "refresh without a token", CodeBadMessage, arr(5, nil)),
		refuse("client", "refresh with a token of 2049 bytes", CodeBadMessage, arr(5, long(2049))),
		refuse("client", "close of the connection", CodeBadMessage, arr(6, nil)),
	}
}

// refusedOps: the ops that must be refused are many more; they stand in testdata/ot.
func refusedOps() []refusedCase {
	op := func(name string, code Code, components any) refusedCase {
		return refuse("client", "op: "+name, code, arr(3, 1, 1, 0, components, nil))
	}
	return []refusedCase{
		op("nil", CodeBadOp, nil),
		op("a string", CodeBadOp, "a"),
		op("retain of 0", CodeBadOp, arr(0, "a")),
		op("a retain at the end", CodeBadOp, arr("a", 1)),
		op("neighbouring texts", CodeBadOp, arr("a", "b")),
		op("neighbouring deletes", CodeBadOp, arr(-1, -1)),
		op("empty text", CodeBadOp, arr("")),
		op("brackets without attributes", CodeBadOp, arr(arr("a"))),
		op("a key without a value", CodeBadOp, arr(arr("a", "bold"))),
		op("keys out of order", CodeBadOp, arr(arr("a", "b", 1, "a", 1))),
		op("null on an insert", CodeBadOp, arr(arr("a", "bold", nil))),
		op("attributes on a delete", CodeBadOp, arr(arr(-1, "bold", true))),
		op("a float", CodeBadOp, arr(raw(rawHex("cb3ff0000000000000")))),
		op("text that is not UTF-8", CodeBadOp, arr("\xed\xa0\xbd")),
		op("int8 for -1", CodeBadOp, arr(raw(rawHex("d0ff")))),
		op("an array that claims 2^32-1 components", CodeBadOp, raw(rawHex("ddffffffff"))),
		op("a retain beyond 16 Mi", CodeTooLarge, arr(16777217, "a")),
		op("a key of 65 bytes", CodeTooLarge, arr(arr("a", long(65), 1))),
		op("4097 components", CodeTooLarge, many(4097)),
	}
}

func many(n int) []any {
	op := make([]any, n)
	for i := range op {
		op[i] = "a"
		if i%2 == 0 {
			op[i] = 1
		}
	}
	return op
}

func refusedServer() []refusedCase {
	opened := func(access any, outcome int, rev any, refusal any) []any {
		return arr(17, 1, aPlace, access, 1, outcome, rev, 0, true, refusal)
	}
	peers := func(peer ...any) []any { return arr(21, 1, 0, arr(peer), arr()) }
	return []refusedCase{
		refuse("server", "welcome without its last field", CodeBadMessage, arr(16, 1, "tandem 1.0", 1, 1, 1)),
		refuse("server", "opened with access that is neither", CodeBadMessage, opened("admin", 0, nil, nil)),
		refuse("server", "opened with outcome 5", CodeBadMessage, opened("write", 5, nil, nil)),
		refuse("server", "opened, void, with a revision", CodeBadMessage, opened("write", 2, 1, nil)),
		refuse("server", "opened, no outcome, with a revision", CodeBadMessage, opened("write", 0, 1, nil)),
		refuse("server", "opened, refused without a code", CodeBadMessage, opened("write", 4, nil, nil)),
		refuse("server", "opened, committed with a refusal", CodeBadMessage, opened("write", 1, nil, 9)),
		refuse("server", "opened, refused with code 0", CodeBadMessage, opened("write", 4, nil, 0)),
		refuse("server", "opened without a place", CodeBadMessage, arr(17, 1, nil, "write", 1, 0, nil, 0, true, nil)),
		refuse("server", "opened with 1 for true", CodeBadMessage, arr(17, 1, aPlace, "write", 1, 0, nil, 0, 1, nil)),
		refuse("server", "snapshot with a retain", CodeBadOp, arr(18, 1, arr(1, "a"), false)),
		refuse("server", "snapshot with a delete", CodeBadOp, arr(18, 1, arr("a", -1), false)),
		refuse("server", "snapshot with nil for more", CodeBadMessage, arr(18, 1, arr("a"), nil)),
		refuse("server", "commits, none", CodeBadMessage, arr(19, 1, 1, 0, aLetter, nil, nil, nil)),
		refuse("server", "commits, two with a session", CodeBadMessage, arr(19, 1, 1, 2, aLetter, 1, nil, nil)),
		refuse("server", "commits, two with a caret", CodeBadMessage, arr(19, 1, 1, 2, aLetter, nil, 1, nil)),
		refuse("server", "commits with a lineage of 7 bytes", CodeBadMessage, arr(19, 1, 1, 1, aLetter, nil, nil, id8[:7])),
		refuse("server", "ack of sequence 0", CodeBadMessage, arr(20, 1, 0, aPlace)),
		refuse("server", "ack with a revision for a place", CodeBadMessage, arr(20, 1, 1, 42)),
		refuse("server", "presence of a peer without a color", CodeBadMessage, peers(1, 1, 1, "Ada")),
		refuse("server", "presence of a peer with a head and no anchor", CodeBadMessage, peers(1, nil, 1, "Ada", "red")),
		refuse("server", "presence of a peer with a name of 65 bytes", CodeBadMessage, peers(1, 1, 1, long(65), "red")),
		refuse("server", "presence that claims 2^32-1 peers", CodeBadMessage, arr(21, 1, 0, raw(rawHex("ddffffffff")))),
		refuse("server", "presence with nil for nobody left", CodeBadMessage, arr(21, 1, 0, arr(), nil)),
		refuse("server", "access with a boolean", CodeBadMessage, arr(22, 1, true)),
		refuse("server", "check with a hash of 2^53", CodeBadMessage, rawHex("94 17 01 00 cf0020000000000000")),
		refuse("server", "error of channel 0", CodeBadMessage, arr(24, 0, 1, nil, nil, nil, "")),
		refuse("server", "error with code 0", CodeBadMessage, arr(24, 1, 0, nil, nil, nil, "")),
		refuse("server", "error with code 2^31", CodeBadMessage, arr(24, 1, 1<<31, nil, nil, nil, "")),
		refuse("server", "error of sequence 0", CodeBadMessage, arr(24, 1, 9, 0, nil, nil, "")),
		refuse("server", "error with a text of 513 bytes", CodeBadMessage, arr(24, 1, 1, nil, nil, nil, long(513))),
		refuse("server", "access in str8 where fixstr will do", CodeBadMessage, arr(22, 1, raw(append(rawHex("d904"), "read"...)))),
		refuse("server", "error with a text that is not UTF-8", CodeBadMessage, arr(24, 1, 1, nil, nil, nil, "a\xff")),
		refuse("server", "error with a lone surrogate", CodeBadMessage, arr(24, 1, 1, nil, nil, nil, "\xed\xa0\x80")),
		refuse("server", "commits with a lineage in bin16", CodeBadMessage, arr(19, 1, 1, 1, aLetter, nil, nil, raw(append(rawHex("c50008"), id8...)))),
		refuse("server", "commits with a lineage that is a string", CodeBadMessage, arr(19, 1, 1, 1, aLetter, nil, nil, string(id8))),
		refuse("server", "commits with an op that is not normal", CodeBadOp, arr(19, 1, 1, 1, arr("a", 1), nil, nil, nil)),
		refuse("server", "commits without the lineage", CodeBadMessage, arr(19, 1, 1, 1, aLetter, nil, nil)),
		refuse("server", "goaway with a negative spread", CodeBadMessage, arr(25, -1)),
	}
}

// refusedWholes is what only a decoder with limits refuses.
func refusedWholes() []refusedCase {
	var pings []any
	for range 1000 {
		pings = append(pings, arr(7, 1))
	}
	pings = append(pings, rawHex("92 07"))
	return []refusedCase{
		refuse("client", "a thousand pings and half of one", CodeBadMessage, pings...),
		refuse("client", "nesting without end", CodeBadMessage, raw(strings.Repeat("\x91", 3000))),
		refuse("client", "an op nested without end", CodeBadOp, rawHex("96 03 01 01 00"), raw(strings.Repeat("\x91", 3000))),
	}
}
