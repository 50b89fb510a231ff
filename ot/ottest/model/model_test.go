package model

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

// All expectations here are written by hand.

func op(t *testing.T, text string) []any {
	t.Helper()
	v, err := ParseJSON(text)
	require.NoError(t, err)
	return v.([]any)
}

func TestApply(t *testing.T) {
	for _, c := range []struct{ name, doc, op, want string }{
		{"nothing", `["abc"]`, `[]`, `["abc"]`},
		{"insert into nothing", `[]`, `["a"]`, `["a"]`},
		{"insert in the middle", `["ac"]`, `[1,"b"]`, `["abc"]`},
		{"delete all", `["abc"]`, `[-3]`, `[]`},
		{"insert, delete", `["A"]`, `["x",-1]`, `["x"]`},
		{"inserts around a delete", `["AB"]`, `["x",-1,"y"]`, `["xyB"]`},
		{"bold", `["abc"]`, `[1,[1,"b",true]]`, `["a",["b","b",true],"c"]`},
		{"no longer bold", `["a",["b","b",true],"c"]`, `[1,[1,"b",null]]`, `["abc"]`},
		{"embed between", `["ab"]`, `[1,[null,"image","x.png","w",3]]`, `["a",[null,"image","x.png","w",3],"b"]`},
		{"behind a pair", `["😀b"]`, `[2,-1]`, `["😀"]`},
		{"length", `["a"]`, `[2,"x"]`, `length`},
		{"surrogate: insert", `["😀"]`, `[1,"x"]`, `surrogate`},
		{"surrogate: delete", `["😀"]`, `[-1]`, `surrogate`},
		{"surrogate: attributes", `["😀"]`, `[[1,"b",true]]`, `surrogate`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Apply(op(t, c.doc), op(t, c.op))
			requireResult(t, c.want, got, err)
		})
	}
}

func requireResult(t *testing.T, want string, got []any, err error) {
	t.Helper()
	if want[0] != '[' {
		require.Equal(t, Word(want), err)
		return
	}
	require.NoError(t, err)
	require.Equal(t, want, FormatJSON(got))
}

func TestCompose(t *testing.T) {
	for _, c := range []struct{ name, a, b, want string }{
		{"insert, then a later insert in front", `["a"]`, `["b"]`, `["ba"]`},
		{"insert taken back", `["a"]`, `[-1]`, `[]`},
		{"y after A, then A goes", `[1,"y"]`, `[-1]`, `[-1,"y"]`},
		{"A goes, then z", `[-1]`, `["z"]`, `[-1,"z"]`},
		{"insert, delete, then insert", `["a",-1]`, `[1,"z"]`, `["a",-1,"z"]`},
		{"insert, delete, then insert in front", `["a",-1]`, `["z"]`, `["za",-1]`},
		{"beyond the end of a", `["a"]`, `[3,"z"]`, `["a",2,"z"]`},
		{"attributes: null kept on a retain", `[[1,"b",true]]`, `[[1,"b",null]]`, `[[1,"b",null]]`},
		{"attributes: null dropped on an insert", `[["x","b",true]]`, `[[1,"b",null]]`, `["x"]`},
		{"attributes then delete", `[[1,"b",true]]`, `[-1]`, `[-1]`},
		{"surrogate", `["😀"]`, `[1,"x"]`, `surrogate`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Compose(op(t, c.a), op(t, c.b))
			requireResult(t, c.want, got, err)
		})
	}
}

func TestTransform(t *testing.T) {
	for _, c := range []struct {
		name, a, over string
		side          Side
		want          string
	}{
		{"tie, left", `["a"]`, `["b"]`, Left, `["a"]`},
		{"tie, right", `["a"]`, `["b"]`, Right, `[1,"a"]`},
		{"insert in what goes", `[1,"a"]`, `[-2]`, Left, `["a"]`},
		{"delete over delete", `[-2]`, `[1,-2]`, Left, `[-1]`},
		{"delete over insert", `[-2]`, `[1,"x"]`, Left, `[-1,1,-1]`},
		{"edges of what goes, left", `["p",-1,"q"]`, `["x",-1,"y"]`, Left, `["p",1,"q"]`},
		{"edges of what goes, right", `["p",-1,"q"]`, `["x",-1,"y"]`, Right, `[1,"p",1,"q"]`},
		{"attributes, left", `[[1,"b",1,"i",1]]`, `[[1,"b",2]]`, Left, `[[1,"b",1,"i",1]]`},
		{"attributes, right", `[[1,"b",1,"i",1]]`, `[[1,"b",2]]`, Right, `[[1,"i",1]]`},
		{"attributes, right, nothing left", `[[1,"b",1]]`, `[[1,"b",null]]`, Right, `[]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, FormatJSON(Transform(op(t, c.a), op(t, c.over), c.side)))
		})
	}
}

func TestInvert(t *testing.T) {
	for _, c := range []struct{ name, doc, op, want string }{
		{"insert", `["a"]`, `[1,"b"]`, `[1,-1]`},
		{"delete", `["abc"]`, `[1,-1]`, `[1,"b"]`},
		{"order kept", `["a"]`, `["x",-1]`, `[-1,"a"]`},
		{"order kept, the other way", `["a"]`, `[-1,"x"]`, `["a",-1]`},
		{"attributes by run", `["a",["b","b",2]]`, `[[2,"b",1]]`, `[[1,"b",null],[1,"b",2]]`},
		{"deleted with its attributes", `[["b","b",2]]`, `[-1]`, `[["b","b",2]]`},
		{"length", `["a"]`, `[-2]`, `length`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Invert(op(t, c.op), op(t, c.doc))
			requireResult(t, c.want, got, err)
		})
	}
}

func TestOffset(t *testing.T) {
	for _, c := range []struct {
		op     string
		offset int
		side   Side
		want   int
	}{
		{`["a"]`, 0, Left, 0},
		{`["a"]`, 0, Right, 1},
		{`["a"]`, 5, Left, 6},
		{`[3,-2]`, 4, Left, 3},
		{`[3,-2]`, 9, Left, 7},
		{`["a",-1,"b"]`, 1, Left, 1},
		{`["a",-1,"b"]`, 1, Right, 2},
		{`["a",-1,"b"]`, 0, Right, 1},
		{`[-2,"b"]`, 1, Right, 0},
	} {
		require.Equal(t, c.want, Offset(op(t, c.op), c.offset, c.side), "%v", c)
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct{ op, want string }{
		{`[]`, ``},
		{`["a",-1,"b"]`, ``},
		{`[16777216,"a"]`, ``},
		{`[[null,"t",""],[null,"t",""]]`, ``},
		{`[0]`, `normal form`},
		{`[1]`, `normal form`},
		{`[1,1,"a"]`, `normal form`},
		{`[-1,-1]`, `normal form`},
		{`["a","b"]`, `normal form`},
		{`[""]`, `normal form`},
		{`[["a","b",null]]`, `normal form`},
		{`[["a","b",1,"a",1]]`, `normal form`},
		{`[["a","b",1,"b",1]]`, `normal form`},
		{`[["a","",1]]`, `normal form`},
		{`[[null,"",""]]`, `normal form`},
		{`[[-1,"b",1]]`, `normal form`},
		{`[[5]]`, `encoding`},
		{`[["a"]]`, `encoding`},
		{`[["a","b"]]`, `encoding`},
		{`[[null,"t"]]`, `encoding`},
		{`[[null,"t",1]]`, `encoding`},
		{`[null]`, `encoding`},
		{`[1.5,"a"]`, `encoding`},
		{`[["a","b",9007199254740992]]`, `encoding`},
		{`[["a","b",[]]]`, `encoding`},
		{`[16777217,"a"]`, `limit`},
	} {
		err := Validate(op(t, c.op))
		if c.want == "" {
			require.NoError(t, err, c.op)
		} else {
			require.Equal(t, Word(c.want), err, c.op)
		}
	}
}

func TestBytes(t *testing.T) {
	for _, c := range []struct{ op, hex string }{
		{`[]`, `90`},
		{`[5,"abc",-3]`, `9305a3616263fd`},
		{`[[5,"b",true]]`, `919305a162c3`},
		{`[[null,"t","v"],["x","k",-33]]`, `9293c0a174a17693a178a16bd0df`},
		{`[127,-32,128,-33,255,-128,256,-129,65536,-32769]`, `9a7fe0cc80d0dfccffd080cd0100d1ff7fce00010000d2ffff7fff`},
	} {
		require.Equal(t, c.hex, hex.EncodeToString(Encode(op(t, c.op))))
	}
	for _, c := range []struct{ hex, want string }{
		{`91a161`, ``},
		{``, `encoding`},
		{`91`, `encoding`},
		{`91cc05`, `encoding`},
		{`91d90161`, `encoding`},
		{`dc0001a161`, `encoding`},
		{`91a16100`, `encoding`},
		{`ddffffffff`, `encoding`},
		{`91c40161`, `encoding`},
		{`9191919191`, `encoding`},
		{`91a3eda0bd`, `utf8`},
		{`9105`, `normal form`},
	} {
		data, err := hex.DecodeString(c.hex)
		require.NoError(t, err)
		_, err = Decode(data)
		if c.want == "" {
			require.NoError(t, err, c.hex)
		} else {
			require.Equal(t, Word(c.want), err, c.hex)
		}
	}
}

func TestHash(t *testing.T) {
	require.EqualValues(t, 0, Hash(op(t, `[]`)))
	require.EqualValues(t, 98<<26+98, Hash(op(t, `["a"]`)))
	h1 := (98*31415927 + 99) % 67108859
	h2 := (98*27182819 + 99) % 67108837
	require.EqualValues(t, h1<<26+h2, Hash(op(t, `["ab"]`)))
	// A key k is the bytes a1 6b, true is c3.
	a1 := ((0xa2*31415927+0x6c)%67108859*31415927 + 0xc4) % 67108859
	a2 := ((0xa2*27182819+0x6c)%67108837*27182819 + 0xc4) % 67108837
	require.EqualValues(t, (98+a1)%67108859<<26+(98+a2)%67108837, Hash(op(t, `[["a","k",true]]`)))
}
