package main

import (
	"fmt"
	"strings"
)

func encoding(f *file) {
	f.encode("empty op", loose(`[]`), `90`)
	f.encode("every kind", loose(`[5,"abc",-3,[2,"b",true],["x","k","v"],[null,"image","a.png","w",3]]`),
		`9605a3616263fd 9302a162c3 93a178a16ba176 95c0a5696d616765a5612e706e67a17703`)
	for _, n := range []int{1, 127, 128, 255, 256, 65535, 65536, 1 << 24} {
		f.encode(fmt.Sprintf("retain %d", n), []any{int64(n), "a"})
	}
	for _, n := range []int{1, 32, 33, 128, 129, 32768, 32769, 1 << 24} {
		f.encode(fmt.Sprintf("delete %d", n), []any{int64(-n)})
	}
	for _, n := range []int64{
		0, 1, 127, 128, 255, 256, 65535, 65536, 1<<32 - 1, 1 << 32, 1<<53 - 1,
		-1, -32, -33, -128, -129, -32768, -32769, -1 << 31, -1<<31 - 1, -(1<<53 - 1),
	} {
		f.encode(fmt.Sprintf("integer value %d", n), []any{[]any{int64(1), "k", n}})
	}
	f.encode("true, false, null", loose(`[[1,"a",true,"b",false,"c",null]]`), `91 97 01 a161c3 a162c2 a163c0`)
	for _, n := range []int{1, 31, 32, 255, 256, 65535, 65536} {
		f.encode(fmt.Sprintf("text of %d bytes", n), []any{strings.Repeat("a", n)})
	}
	f.encode("text of 31 bytes in 11 characters", []any{strings.Repeat("한", 10) + "a"})
	f.encode("text of 32 bytes in 8 characters", []any{strings.Repeat("😀", 8)})
	f.encode("text of 256 bytes in 64 characters", []any{strings.Repeat("😀", 64)})
	for _, n := range []int{0, 31, 32, 1024} {
		f.encode(fmt.Sprintf("string value of %d bytes", n), []any{[]any{int64(1), "k", strings.Repeat("v", n)}})
	}
	for _, n := range []int{1, 31, 32, 64} {
		f.encode(fmt.Sprintf("key of %d bytes", n), []any{[]any{int64(1), strings.Repeat("k", n), true}})
	}
	for _, n := range []int{0, 31, 32, 255, 256, 16384} {
		f.encode(fmt.Sprintf("embed of %d bytes", n), []any{[]any{nil, "t", strings.Repeat("v", n)}})
	}
	f.encode("embed's type of 64 bytes", []any{[]any{nil, strings.Repeat("t", 64), ""}})
	for _, n := range []int{1, 7, 8, 16} {
		f.encode(fmt.Sprintf("retain with %d attributes", n), []any{withAttributes(n, int64(1))})
	}
	for _, n := range []int{6, 7, 16} {
		f.encode(fmt.Sprintf("embed with %d attributes", n), []any{withAttributes(n, nil, "t", "v")})
	}
	for _, n := range []int{15, 16, 256, 4096} {
		f.encode(fmt.Sprintf("%d components", n), components(n))
	}
	f.encode("insert, delete", loose(`["a",-1]`), `92a161ff`)
	f.encode("delete, insert", loose(`[-1,"a"]`), `92ffa161`)
	f.encode("insert, delete, insert", loose(`["a",-1,"b"]`), `93a161ffa162`)
	f.encode("NUL, line ends and quotes", loose(`["\u0000\r\n\"\\"]`), `91a5000d0a225c`)
	f.encode("text of 128 KiB", []any{strings.Repeat("😀", 128<<10/4)})
}

// withAttributes is a component with n attributes behind its head.
func withAttributes(n int, head ...any) []any {
	for i := range n {
		head = append(head, fmt.Sprintf("k%02d", i), true)
	}
	return head
}

// components is an op of n components.
func components(n int) []any {
	var out []any
	for i := range n {
		if i%2 == n%2 {
			out = append(out, int64(1))
		} else {
			out = append(out, int64(-1))
		}
	}
	return out
}

func bytesRefused(f *file) {
	f.decodeRefuse("no bytes", "encoding", ``)
	f.decodeRefuse("nil for an op", "encoding", `c0`)
	f.decodeRefuse("an integer for an op", "encoding", `05`)
	f.decodeRefuse("a string for an op", "encoding", `a161`)
	f.decodeRefuse("bytes behind an op", "encoding", `91 a161 00`)
	f.decodeRefuse("two ops", "encoding", `91a161 91a161`)
	f.decodeRefuse("bytes behind the empty op", "encoding", `90 90`)

	f.decodeRefuse("retain 5 as uint8", "encoding", `92 cc05 a161`)
	f.decodeRefuse("retain 127 as uint8", "encoding", `92 cc7f a161`)
	f.decodeRefuse("retain 255 as uint16", "encoding", `92 cd00ff a161`)
	f.decodeRefuse("retain 65535 as uint32", "encoding", `92 ce0000ffff a161`)
	f.decodeRefuse("retain 65536 as uint64", "encoding", `92 cf0000000000010000 a161`)
	f.decodeRefuse("retain 5 as int8", "encoding", `92 d005 a161`)
	f.decodeRefuse("retain 200 as int16", "encoding", `92 d100c8 a161`)
	f.decodeRefuse("retain 70000 as int32", "encoding", `92 d200011170 a161`)
	f.decodeRefuse("delete 3 as int8", "encoding", `91 d0fd`)
	f.decodeRefuse("delete 32 as int8", "encoding", `91 d0e0`)
	f.decodeRefuse("delete 128 as int16", "encoding", `91 d1ff80`)
	f.decodeRefuse("delete 32768 as int32", "encoding", `91 d2ffff8000`)
	f.decodeRefuse("delete 32769 as int64", "encoding", `91 d3ffffffffffff7fff`)
	f.decodeRefuse("value 1 as uint8", "encoding", `91 93 01 a16b cc01`)
	f.decodeRefuse("value 0 as int64", "encoding", `91 93 01 a16b d30000000000000000`)
	f.decodeRefuse("value 2^53", "encoding", `91 93 01 a16b cf0020000000000000`)
	f.decodeRefuse("value -2^53", "encoding", `91 93 01 a16b d3ffe0000000000000`)
	f.decodeRefuse("value 2^64-1", "encoding", `91 93 01 a16b cfffffffffffffffff`)
	f.decodeRefuse("value -2^63", "encoding", `91 93 01 a16b d38000000000000000`)
	f.decodeRefuse("length 2^64-1", "encoding", `92 cfffffffffffffffff a161`)
	f.decodeRefuse("length -2^63", "encoding", `91 d38000000000000000`)

	f.decodeRefuse("text of 1 byte as str8", "encoding", `91 d90161`)
	f.decodeRefuse("text of 1 byte as str16", "encoding", `91 da000161`)
	f.decodeRefuse("text of 1 byte as str32", "encoding", `91 db0000000161`)
	f.decodeRefuse("text of 31 bytes as str8", "encoding", `91 d91f`+strings.Repeat("61", 31))
	f.decodeRefuse("text of 255 bytes as str16", "encoding", `91 da00ff`+strings.Repeat("61", 255))
	f.decodeRefuse("key as str8", "encoding", `91 93 01 d9016b c3`)
	f.decodeRefuse("op as array16", "encoding", `dc0001 a161`)
	f.decodeRefuse("op as array32", "encoding", `dd00000001 a161`)
	f.decodeRefuse("empty op as array16", "encoding", `dc0000`)
	f.decodeRefuse("component as array16", "encoding", `91 dc0003 01 a16b c3`)
	f.decodeRefuse("op of 15 components as array16", "encoding", `dc000f`+strings.Repeat("ff01", 7)+`ff`)

	f.decodeRefuse("float32 for a length", "encoding", `92 ca3f800000 a161`)
	f.decodeRefuse("float64 for a length", "encoding", `92 cb3ff0000000000000 a161`)
	f.decodeRefuse("float64 for a value", "encoding", `91 93 01 a16b cb3ff8000000000000`)
	f.decodeRefuse("NaN for a value", "encoding", `91 93 01 a16b cb7ff8000000000000`)
	f.decodeRefuse("map for an op", "encoding", `80`)
	f.decodeRefuse("map for a component", "encoding", `91 81 a16b c3`)
	f.decodeRefuse("map for a value", "encoding", `91 93 01 a16b 80`)
	f.decodeRefuse("bin for text", "encoding", `91 c40161`)
	f.decodeRefuse("bin for a value", "encoding", `91 93 01 a16b c40161`)
	f.decodeRefuse("fixext for a component", "encoding", `91 d40061`)
	f.decodeRefuse("ext for a component", "encoding", `91 c7010061`)
	f.decodeRefuse("timestamp for a value", "encoding", `91 93 01 a16b d6ff00000000`)
	f.decodeRefuse("the byte that is never used", "encoding", `91 c1`)
	f.decodeRefuse("true for a component", "encoding", `91 c3`)
	f.decodeRefuse("nil for a component", "encoding", `91 c0`)
	f.decodeRefuse("array for a value", "encoding", `91 93 01 a16b 90`)
	f.decodeRefuse("integer for a key", "encoding", `91 93 01 01 c3`)
	f.decodeRefuse("nil for a key", "encoding", `91 93 01 c0 c3`)
	f.decodeRefuse("integer for an embed's value", "encoding", `91 93 c0 a174 01`)
	f.decodeRefuse("nil for an embed's type", "encoding", `91 93 c0 c0 a0`)
	f.decodeRefuse("embed without a value", "encoding", `91 92 c0 a174`)
	f.decodeRefuse("embed of nothing", "encoding", `91 91 c0`)
	f.decodeRefuse("brackets around nothing", "encoding", `91 90`)
	f.decodeRefuse("brackets around a retain", "encoding", `91 91 05`)
	f.decodeRefuse("brackets around a text", "encoding", `91 91 a161`)
	f.decodeRefuse("a key without a value", "encoding", `91 92 05 a16b`)
	f.decodeRefuse("a second key without a value", "encoding", `91 94 05 a16b c3 a16c`)
	f.decodeRefuse("an embed's key without a value", "encoding", `91 94 c0 a174 a0 a16b`)

	f.decodeRefuse("op claims 2^32-1 components", "encoding", `ddffffffff`)
	f.decodeRefuse("op claims 2^32-1 components, some there", "encoding", `ddffffffff ff01ff01ff`)
	f.decodeRefuse("op claims 65535 components", "encoding", `dcffff`)
	f.decodeRefuse("op claims one component too many", "encoding", `92 a161`)
	f.decodeRefuse("component claims 2^32-1 values", "encoding", `91 ddffffffff 01`)
	f.decodeRefuse("text claims 2^32-1 bytes", "encoding", `91 dbffffffff 61`)
	f.decodeRefuse("text claims 65535 bytes", "encoding", `91 daffff 61`)
	f.decodeRefuse("text claims one byte too many", "encoding", `91 a261`)
	f.decodeRefuse("value claims 2^32-1 bytes", "encoding", `91 93 01 a16b dbffffffff`)
	f.decodeRefuse("cut within an integer", "encoding", `91 ce0001`)
	f.decodeRefuse("cut within a length", "encoding", `91 da01`)
	f.decodeRefuse("cut behind a key", "encoding", `91 93 01 a16b`)
	f.decodeRefuse("nested 40 deep", "encoding", strings.Repeat("91", 40))
	f.decodeRefuse("nested 4096 deep", "encoding", strings.Repeat("91", 4096))
	f.decodeRefuse("component within a component", "encoding", `91 91 91 05`)

	f.decodeRefuse("a lone continuation byte", "utf8", `91 a180`)
	f.decodeRefuse("a first byte alone", "utf8", `91 a1c3`)
	f.decodeRefuse("overlong NUL", "utf8", `91 a2c080`)
	f.decodeRefuse("overlong slash, two bytes", "utf8", `91 a2c0af`)
	f.decodeRefuse("overlong slash, three bytes", "utf8", `91 a3e080af`)
	f.decodeRefuse("overlong, four bytes", "utf8", `91 a4f08080af`)
	f.decodeRefuse("beyond U+10FFFF", "utf8", `91 a4f4908080`)
	f.decodeRefuse("five bytes", "utf8", `91 a5f888808080`)
	f.decodeRefuse("byte ff", "utf8", `91 a1ff`)
	f.decodeRefuse("cut character at the end of a text", "utf8", `91 a461f09f98`)

	f.decodeRefuse("retain 0", "normal form", `92 00 a161`)
	f.decodeRefuse("empty text", "normal form", `91 a0`)
	f.decodeRefuse("trailing retain", "normal form", `92 a161 05`)
	f.decodeRefuse("duplicate keys", "normal form", `91 95 01 a16b c3 a16b c3`)
	f.decodeRefuse("keys not sorted", "normal form", `91 95 01 a16c c3 a16b c3`)
	f.decodeRefuse("null on an insert", "normal form", `91 93 a161 a16b c0`)
	f.decodeRefuse("length 2^53-1", "limit", `92 cf001fffffffffffff a161`)
	f.decodeRefuse("length 2^24+1", "limit", `92 ce01000001 a161`)
	f.decodeRefuse("delete 2^24+1", "limit", `91 d2feffffff`)
}

func refused(f *file) {
	for _, c := range []struct{ name, op string }{
		{"retain 0", `[0,"a"]`},
		{"retain 0 alone", `[0]`},
		{"retain 0 with attributes", `[[0,"b",true]]`},
		{"empty text", `[1,""]`},
		{"empty text with attributes", `[["","b",true]]`},
		{"trailing retain", `["a",1]`},
		{"retain alone", `[1]`},
		{"trailing retain behind one with attributes", `[[1,"b",true],1]`},
		{"two retains", `[1,1,"a"]`},
		{"two retains with equal attributes", `[[1,"b",true],[2,"b",true]]`},
		{"two deletes", `[-1,-1]`},
		{"two texts", `["a","b"]`},
		{"two texts with equal attributes", `[["a","b",1],["b","b",1]]`},
		{"retain with attributes of negative length", `[[-1,"b",true]]`},
		{"null on a text", `[["a","b",null]]`},
		{"null among the attributes of a text", `[["a","a",1,"b",null,"c",1]]`},
		{"null on an embed", `[[null,"t","v","b",null]]`},
		{"keys not sorted, on a retain", `[[1,"b",1,"a",1]]`},
		{"keys not sorted, on a text", `[["x","b",1,"a",1]]`},
		{"keys not sorted, on an embed", `[[null,"t","v","b",1,"a",1]]`},
		{"keys sorted by length", `[[1,"b",1,"aa",1]]`},
		{"keys sorted without case", `[[1,"a",1,"B",1]]`},
		{"a key twice, other values", `[[1,"a",1,"a",2]]`},
		{"a key twice, same value", `[["x","a",1,"a",1]]`},
		{"a key without a name", `[[1,"",1]]`},
		{"an embed without a type", `[[null,"","v"]]`},
	} {
		f.refuse(c.name, "normal form", loose(c.op))
	}
	f.refuse("4097 components", "limit", components(4097))
	f.refuse("17 attributes on a retain", "limit", []any{withAttributes(17, int64(1))})
	f.refuse("17 attributes on a text", "limit", []any{withAttributes(17, "a")})
	f.refuse("17 attributes on an embed", "limit", []any{withAttributes(17, nil, "t", "v")})
	f.refuse("key of 65 bytes", "limit", []any{[]any{int64(1), strings.Repeat("k", 65), true}})
	f.refuse("key of 17 astral characters: 68 bytes", "limit", []any{[]any{int64(1), strings.Repeat("😀", 17), true}})
	f.refuse("value of 1025 bytes", "limit", []any{[]any{int64(1), "k", strings.Repeat("v", 1025)}})
	f.refuse("value of 1026 bytes in 342 characters", "limit", []any{[]any{"a", "k", strings.Repeat("한", 342)}})
	f.refuse("embed's type of 65 bytes", "limit", []any{[]any{nil, strings.Repeat("t", 65), ""}})
	f.refuse("embed of 16385 bytes", "limit", []any{[]any{nil, "t", strings.Repeat("v", 16385)}})
	f.refuse("text of 131073 bytes", "limit", []any{strings.Repeat("a", 131073)})
	f.refuse("retain 2^24+1", "limit", loose(`[16777217,"a"]`))
	f.refuse("delete 2^24+1", "limit", loose(`[-16777217]`))
	f.refuse("texts and embeds of 131073 bytes together", "limit", func() []any {
		var out []any
		for range 8 {
			out = append(out, []any{nil, "t", strings.Repeat("v", 16384)})
		}
		return append(out, "a")
	}())
}

func kinds(f *file) {
	f.kindRefuse("attributes on a text", `[["a","b",true]]`)
	f.kindRefuse("attributes on a retain", `[[1,"b",true]]`)
	f.kindRefuse("null on a retain", `[[1,"b",null]]`)
	f.kindRefuse("attributes behind plain text", `["a",-1,[1,"b",true]]`)
	f.kindRefuse("embed", `[[null,"image","a.png"]]`)
	f.kindRefuse("embed behind plain text", `["a",[null,"image","a.png"]]`)
	f.kindRefuse("carriage return", `["a\rb"]`)
	f.kindRefuse("carriage return and line feed", `["a\r\nb"]`)
	f.kindRefuse("carriage return alone", `["\r"]`)
}

func hashes(f *file) {
	f.hash("empty document", `[]`)
	f.hash("one letter", `["a"]`)
	f.hash("another letter", `["b"]`)
	f.hash("NUL", `["\u0000"]`)
	f.hash("two NULs", `["\u0000\u0000"]`)
	f.hash("two letters", `["ab"]`)
	f.hash("two letters, the other way", `["ba"]`)
	f.hash("the largest unit", `["\uffff"]`)
	f.hash("a sentence", `["The quick brown fox jumps over the lazy dog.\n"]`)
	f.hash("astral", `["😀𝒳"]`)
	f.hash("combining", `["e\u0301"]`)
	f.hash("composed", `["é"]`)
	f.hash("attribute true", `[["a","b",true]]`)
	f.hash("attribute false", `[["a","b",false]]`)
	f.hash("attribute 1", `[["a","b",1]]`)
	f.hash(`attribute "1"`, `[["a","b","1"]]`)
	f.hash("attribute of the largest integer", `[["a","b",9007199254740991]]`)
	f.hash("attribute of the least integer", `[["a","b",-9007199254740991]]`)
	f.hash("two attributes", `[["a","b",true,"i",true]]`)
	f.hash("a long attribute value", `[["a","href","`+strings.Repeat("x", 300)+`"]]`)
	f.hash("embed", `[[null,"image","a.png"]]`)
	f.hash("embed with an empty value", `[[null,"rule",""]]`)
	f.hash("embed with attributes", `[[null,"image","a.png","w",3]]`)
	f.hash("embed's type and value are apart", `[[null,"ima","gea.png"]]`)
	f.hash("everything", `["a😀",["b","b",true],[null,"image","a.png"],[null,"image","a.png","w",3],"\n"]`)
	f.hash("2000 units", `["`+strings.Repeat("0123456789", 200)+`"]`)
}
