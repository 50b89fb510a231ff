package main

import "fmt"

func apply(f *file) {
	f.apply("nothing to nothing", `[]`, `[]`, `[]`)
	f.apply("nothing to something", `["abc"]`, `[]`, `["abc"]`)
	f.apply("insert at the start", `["bc"]`, `["a"]`, `["abc"]`)
	f.apply("insert in the middle", `["ac"]`, `[1,"b"]`, `["abc"]`)
	f.apply("insert at the end", `["ab"]`, `[2,"c"]`, `["abc"]`)
	f.apply("delete at the start", `["abc"]`, `[-1]`, `["bc"]`)
	f.apply("delete in the middle", `["abc"]`, `[1,-1]`, `["ac"]`)
	f.apply("delete at the end", `["abc"]`, `[2,-1]`, `["ab"]`)
	f.apply("delete everything", `["abc"]`, `[-3]`, `[]`)
	f.apply("replace, insert first", `["abc"]`, `[1,"X",-1]`, `["aXc"]`)
	f.apply("replace, delete first", `["abc"]`, `[1,-1,"X"]`, `["aXc"]`)
	f.apply("inserts on both sides of a delete", `["abc"]`, `[1,"X",-1,"Y"]`, `["aXYc"]`)
	f.apply("many places", `["abcdef"]`, `["1",1,"2",-1,2,"3",-1,1,"4"]`)
	f.apply("line ends stay as they are", `["a\nb"]`, `[1,"\r\n"]`, `["a\r\n\nb"]`)
	f.apply("NUL and the line separator", `["a"]`, `["\u0000\u2028"]`, `["\u0000\u2028a"]`)
	f.apply("byte order mark is a character", `["\uFEFFa"]`, `[-1]`, `["a"]`)
	f.apply("combining mark may be cut off", `["e\u0301"]`, `[1,-1]`, `["e"]`)
	f.apply("family of emoji may be cut at its joiner", `["👩‍👧"]`, `[2,-1]`, `["👩👧"]`)
	f.apply("deletes more than there is", `["abc"]`, `[-4]`, `"length"`)
	f.apply("retains more than there is", `["abc"]`, `[4,"x"]`, `"length"`)
	f.apply("deletes behind the end", `["abc"]`, `[3,-1]`, `"length"`)
	f.apply("deletes in an empty document", `[]`, `[-1]`, `"length"`)
	f.apply("sets attributes beyond the end", `["abc"]`, `[[4,"b",true]]`, `"length"`)
}

func compose(f *file) {
	f.compose("nothing, nothing", `[]`, `[]`, `[]`)
	f.compose("something, nothing", `[1,"a",-1]`, `[]`, `[1,"a",-1]`)
	f.compose("nothing, something", `[]`, `[1,"a",-1]`, `[1,"a",-1]`)
	f.compose("typing a word", `[3,"a"]`, `[4,"b"]`, `[3,"ab"]`)
	f.compose("typing backwards", `[3,"a"]`, `[3,"b"]`, `[3,"ba"]`)
	f.compose("typing inside what was typed", `["ad"]`, `[1,"bc"]`, `["abcd"]`)
	f.compose("backspace", `[3,"ab"]`, `[4,-1]`, `[3,"a"]`)
	f.compose("backspace of all that was typed", `[3,"ab"]`, `[3,-2]`, `[]`)
	f.compose("backspace into what was there", `[3,"ab"]`, `[2,-3]`, `[2,-1]`)
	f.compose("delete key, twice", `[1,-1]`, `[1,-1]`, `[1,-2]`)
	f.compose("backspace, twice", `[2,-1]`, `[1,-1]`, `[1,-2]`)
	f.compose("deletes apart", `[-1]`, `[1,-1]`, `[-1,1,-1]`)
	f.compose("deletes join over a deleted insert", `[-1,"a",-1]`, `[-1]`, `[-2]`)
	f.compose("retains join over a deleted insert", `[1,"a",1,-1]`, `[1,-1]`, `[2,-1]`)
	f.compose("trailing retain disappears", `[1,"a"]`, `[1,-1]`, `[]`)
	f.compose("insert behind a delete of the first", `[1,-2]`, `[1,"x"]`, `[1,-2,"x"]`)
	f.compose("insert before a replace", `["a",-2]`, `["x"]`, `["xa",-2]`)
	f.compose("insert behind a replace", `["a",-2]`, `[1,"x"]`, `["a",-2,"x"]`)
	f.compose("insert behind a replace that deletes first", `[-2,"a"]`, `[1,"x"]`, `[-2,"ax"]`)
	f.compose("insert before a replace that deletes first", `[-2,"a"]`, `["x"]`, `[-2,"xa"]`)
	f.compose("insert between what was inserted around a delete", `["a",-1,"b"]`, `[1,"x"]`, `["a",-1,"xb"]`)
	f.compose("inserts around a delete, the first taken back", `["a",-1,"b"]`, `[-1]`, `[-1,"b"]`)
	f.compose("inserts around a delete, the second taken back", `["a",-1,"b"]`, `[1,-1]`, `["a",-1]`)
	f.compose("delete grows to both sides", `[2,-1]`, `[1,-2]`, `[1,-3]`)
	f.compose("delete over the place of two deletes", `[-1,1,-1]`, `[-1]`, `[-3]`)
	f.compose("second op reaches further", `["a"]`, `[5,"z"]`, `["a",4,"z"]`)
	f.compose("first op reaches further", `[5,"z"]`, `["a"]`, `["a",5,"z"]`)
	f.compose("many at once", `[1,"a",-1,2,"b"]`, `[-1,1,"x",1,-1,1,"y"]`)
	f.compose("replace of a replacement", `["ab",-2]`, `["c",-2]`, `["c",-2]`)
	f.compose("replace of a replacement, deletes first", `[-2,"ab"]`, `[-2,"c"]`, `[-2,"c"]`)
}

func invert(f *file) {
	f.invert("nothing", `["abc"]`, `[]`, `[]`)
	f.invert("insert", `["ac"]`, `[1,"b"]`, `[1,-1]`)
	f.invert("delete", `["abc"]`, `[1,-1]`, `[1,"b"]`)
	f.invert("replace, insert first", `["abc"]`, `[1,"X",-1]`, `[1,-1,"b"]`)
	f.invert("replace, delete first", `["abc"]`, `[1,-1,"X"]`, `[1,"b",-1]`)
	f.invert("inserts around a delete", `["abc"]`, `[1,"X",-1,"Y"]`, `[1,-1,"b",-1]`)
	f.invert("delete of runs and an embed", `["a",["b","b",true],[null,"image","a.png","w",3]]`, `[-3]`)
	f.invert("many places", `["abcdef"]`, `["1",1,"2",-1,2,"3",-1,1,"4"]`)
	f.invert("attributes set on runs that had others", `["a",["b","b",1],["c","b",2,"i",true]]`, `[[3,"b",true]]`,
		`[[1,"b",null],[1,"b",1],[1,"b",2]]`)
	f.invert("attributes set to what they were", `[["ab","b",true]]`, `[[2,"b",true]]`, `[[2,"b",true]]`)
	f.invert("null where there was nothing", `["ab"]`, `[[2,"b",null]]`, `[[2,"b",null]]`)
	f.invert("several keys", `[["ab","b",true,"i","x"]]`, `[1,[1,"b",null,"c",1,"i","y"]]`, `[1,[1,"b",true,"c",null,"i","x"]]`)
	f.invert("astral characters", `["a😀b"]`, `[1,-2,"𝒳"]`, `[1,"😀",-2]`)
}

// state is one value of an attribute, or that there is none.
type state struct{ name, json string }

var states = []state{{"true", `true`}, {`"x"`, `"x"`}, {"null", `null`}}

func attributes(f *file) {
	for _, a := range states {
		for _, b := range states {
			f.both(fmt.Sprintf("concurrent: %s over %s", a.name, b.name),
				fmt.Sprintf(`[[1,"k",%s]]`, a.json), fmt.Sprintf(`[[1,"k",%s]]`, b.json))
			f.compose(fmt.Sprintf("on a retain: %s, then %s", a.name, b.name),
				fmt.Sprintf(`[[1,"k",%s]]`, a.json), fmt.Sprintf(`[[1,"k",%s]]`, b.json), fmt.Sprintf(`[[1,"k",%s]]`, b.json))
		}
	}
	texts := []state{{"nothing", `["a"]`}, {"true", `[["a","k",true]]`}, {`"x"`, `[["a","k","x"]]`}}
	for _, was := range texts {
		for _, b := range states {
			o := fmt.Sprintf(`[[1,"k",%s]]`, b.json)
			f.compose(fmt.Sprintf("on an insert: %s, then %s", was.name, b.name), was.json, o)
			f.apply(fmt.Sprintf("in the document: %s, then %s", was.name, b.name), was.json, o)
			f.invert(fmt.Sprintf("undone: %s, then %s", was.name, b.name), was.json, o)
		}
	}
	f.both("concurrent, other keys", `[[1,"b",true]]`, `[[1,"i",true]]`, `[[1,"b",true]]`, `[[1,"b",true]]`)
	f.both("concurrent, some keys the same", `[[1,"a",1,"b",1,"c",1]]`, `[[1,"b",2,"d",2]]`,
		`[[1,"a",1,"b",1,"c",1]]`, `[[1,"a",1,"c",1]]`)
	f.both("concurrent, runs overlap", `[[3,"b",1]]`, `[1,[3,"b",2]]`, `[[3,"b",1]]`, `[[1,"b",1]]`)
	f.both("concurrent, a run within", `[[3,"b",1]]`, `[1,[1,"b",2]]`, `[[3,"b",1]]`, `[[1,"b",1],1,[1,"b",1]]`)
	f.both("concurrent, two runs become one", `[[1,"b",1,"i",1],[1,"b",1]]`, `[[1,"i",2]]`)
	f.both("concurrent, trailing retain disappears", `["x",[1,"b",1]]`, `[[1,"b",2]]`, `["x",[1,"b",1]]`, `["x"]`)
	f.both("an insert keeps its attributes", `[["x","b",1]]`, `[[1,"b",2]]`, `[["x","b",1]]`, `[["x","b",1]]`)
	f.compose("overlay of other keys", `[[1,"b",1]]`, `[[1,"a",2]]`, `[[1,"a",2,"b",1]]`)
	f.compose("overlay of many keys", `[[1,"a",1,"b",1,"c",1]]`, `[[1,"b",null,"c",3,"d",4]]`,
		`[[1,"a",1,"b",null,"c",3,"d",4]]`)
	f.compose("overlay on an insert of many keys", `[["x","a",1,"b",1,"c",1]]`, `[[1,"b",null,"c",3,"d",4]]`,
		`[["x","a",1,"c",3,"d",4]]`)
	f.compose("attributes on half of an insert", `["ab"]`, `[[1,"b",true]]`, `[["a","b",true],"b"]`)
	f.compose("halves of an insert become alike again", `[["a","b",true],"b"]`, `[1,[1,"b",true]]`, `[["ab","b",true]]`)
	f.compose("runs of retains become alike", `[[1,"b",true]]`, `[1,[1,"b",true]]`, `[[2,"b",true]]`)
	f.compose("attributes, then delete", `[[2,"b",true]]`, `[1,-1]`, `[[1,"b",true],-1]`)
	f.compose("insert takes none from its neighbours", `[[2,"b",true]]`, `[1,"x"]`, `[[1,"b",true],"x",[1,"b",true]]`)
	f.compose("true is not 1", `[["a","k",true]]`, `[1,["b","k",1]]`, `[["a","k",true],["b","k",1]]`)
	f.compose(`1 is not "1"`, `[["a","k",1]]`, `[1,["b","k","1"]]`, `[["a","k",1],["b","k","1"]]`)
	f.compose("false is a value", `[["a","k",true]]`, `[[1,"k",false]]`, `[["a","k",false]]`)
	f.compose("the empty string is a value", `[["a","k",true]]`, `[[1,"k",""]]`, `[["a","k",""]]`)
	f.compose("zero is a value", `[["a","k",true]]`, `[[1,"k",0]]`, `[["a","k",0]]`)
	f.apply("a run in the middle", `["abc"]`, `[1,[1,"b",true]]`, `["a",["b","b",true],"c"]`)
	f.apply("runs join when they become alike", `["a",["b","b",true],"c"]`, `[1,[1,"b",null]]`, `["abc"]`)
	f.apply("runs join when what was between them goes", `[["a","b",true],"b",["c","b",true]]`, `[1,-1]`, `[["ac","b",true]]`)
	f.apply("insert between runs takes what it brings", `[["a","b",true],"c"]`, `[1,["x","i",1]]`, `[["a","b",true],["x","i",1],"c"]`)
	f.apply("insert joins the run that it equals", `[["a","b",true],"c"]`, `[1,["x","b",true]]`, `[["ax","b",true],"c"]`)
	f.apply("null of what is not there", `["a"]`, `[[1,"b",null]]`, `["a"]`)
	f.apply("largest and least integer", `["ab"]`, `[[1,"k",9007199254740991],[1,"k",-9007199254740991]]`)
}

func embeds(f *file) {
	const image, other = `[null,"image","a.png"]`, `[null,"image","b.png"]`
	f.apply("insert", `["ab"]`, `[1,`+image+`]`, `["a",`+image+`,"b"]`)
	f.apply("delete", `["a",`+image+`,"b"]`, `[1,-1]`, `["ab"]`)
	f.apply("two of the same do not join", `[`+image+`]`, `[`+image+`]`, `[`+image+`,`+image+`]`)
	f.apply("replaced by another", `[`+image+`]`, `[`+other+`,-1]`, `[`+other+`]`)
	f.apply("attributes on an embed", `[`+image+`]`, `[[1,"w",3]]`, `[[null,"image","a.png","w",3]]`)
	f.apply("attributes off an embed", `[[null,"image","a.png","w",3]]`, `[[1,"w",null]]`, `[`+image+`]`)
	f.apply("attributes on text and embed at once", `["a",`+image+`,"b"]`, `[[3,"w",3]]`)
	f.apply("empty value", `[]`, `[[null,"rule",""]]`, `[[null,"rule",""]]`)
	f.apply("past the end, counted as one", `[`+image+`]`, `[2,"x"]`, `"length"`)
	f.compose("insert, then delete", `[`+image+`]`, `[-1]`, `[]`)
	f.compose("insert, then attributes", `[`+image+`]`, `[[1,"w",3]]`, `[[null,"image","a.png","w",3]]`)
	f.compose("insert, then attributes off", `[[null,"image","a.png","h",1,"w",3]]`, `[[1,"w",null]]`, `[[null,"image","a.png","h",1]]`)
	f.compose("text between two embeds", `[`+image+`,`+image+`]`, `[1,"x"]`, `[`+image+`,"x",`+image+`]`)
	f.compose("attributes over two embeds", `[`+image+`,`+other+`]`, `[[2,"w",3]]`)
	f.both("a tie with text", `[`+image+`]`, `["x"]`, `[`+image+`]`, `[1,`+image+`]`)
	f.both("text in a tie with an embed", `["x"]`, `[`+image+`]`, `["x"]`, `[1,"x"]`)
	f.both("a tie of two embeds", `[`+image+`]`, `[`+other+`]`, `[`+image+`]`, `[1,`+image+`]`)
	f.both("embed into what goes", `[1,`+image+`]`, `[-2]`, `[`+image+`]`, `[`+image+`]`)
	f.both("delete of an embed over attributes on it", `[-1]`, `[[1,"w",3]]`, `[-1]`, `[-1]`)
	f.invert("undo of an insert", `["ab"]`, `[1,`+image+`]`, `[1,-1]`)
	f.invert("undo of a delete", `["a",[null,"image","a.png","w",3]]`, `[1,-1]`, `[1,[null,"image","a.png","w",3]]`)
	f.invert("undo of attributes", `[[null,"image","a.png","w",3]]`, `[[1,"h",1,"w",4]]`, `[[1,"h",null,"w",3]]`)
}

// Keys sort by their UTF-8 bytes: "\uFF5E" (ef bd 9e) before "😀" (f0 9f 98 80). By UTF-16 code units, as JavaScript
// sorts, 😀 (d83d) would be the first. And names that are special in JavaScript are keys like all others.
func keys(f *file) {
	f.compose("U+FF5E before an astral key, on a retain", `[[1,"😀",1]]`, `[[1,"\uFF5E",2]]`, `[[1,"～",2,"😀",1]]`)
	f.compose("U+FF5E before an astral key, on an insert", `[["a","😀",1]]`, `[[1,"\uFF5E",2]]`, `[["a","～",2,"😀",1]]`)
	f.compose("U+E000 before an astral key", `[[1,"𝒳",1]]`, `[[1,"\uE000",2]]`, "[[1,\"\uE000\",2,\"𝒳\",1]]")
	f.apply("in a document", `[["a","😀",1]]`, `[[1,"\uFF5E",2]]`, `[["a","～",2,"😀",1]]`)
	f.invert("inverted", `[["a","😀",1]]`, `[[1,"\uFF5E",2,"😀",null]]`, `[[1,"～",null,"😀",1]]`)
	f.encode("encoded in that order", loose(`[["a","\uFF5E",1,"😀",2]]`), `9195a161a3efbd9e01a4f09f988002`)
	f.hash("hashed in that order", `[["a","\uFF5E",1,"😀",2]]`)
	f.refuse("the order of UTF-16", "normal form", loose(`[["a","😀",2,"\uFF5E",1]]`))
	f.both("transformed", `[[1,"\uFF5E",1,"😀",2]]`, `[[1,"😀",3]]`, `[[1,"～",1,"😀",2]]`, `[[1,"～",1]]`)
	f.compose("a key before a longer one", `[[1,"aa",1]]`, `[[1,"a",2]]`, `[[1,"a",2,"aa",1]]`)
	f.compose("upper case before lower", `[[1,"a",1]]`, `[[1,"Z",2]]`, `[[1,"Z",2,"a",1]]`)
	f.compose("digits sort as text", `[[1,"9",1]]`, `[[1,"10",2]]`, `[[1,"10",2,"9",1]]`)
	f.compose("no normalisation of keys", `[[1,"é",1]]`, `[[1,"e\u0301",2]]`, "[[1,\"e\u0301\",2,\"é\",1]]")
	f.compose("NUL in a key", `[[1,"a",1]]`, `[[1,"\u0000",2]]`, `[[1,"\u0000",2,"a",1]]`)
	for _, k := range []string{"__proto__", "constructor", "toString", "hasOwnProperty", "length", "retain"} {
		f.compose(k+", then null", `[["a","`+k+`",1]]`, `[[1,"`+k+`",null]]`, `["a"]`)
		f.invert(k+" set where there was none", `["a"]`, `[[1,"`+k+`","x"]]`, `[[1,"`+k+`",null]]`)
	}
	f.apply("__proto__ in a document", `["ab"]`, `[1,[1,"__proto__","x"]]`, `["a",["b","__proto__","x"]]`)
	f.both("__proto__, concurrent", `[[1,"__proto__",1]]`, `[[1,"__proto__",2]]`, `[[1,"__proto__",1]]`, `[]`)
	f.hash("__proto__ hashed", `[["a","__proto__","x"]]`)
}

func surrogates(f *file) {
	f.apply("behind a pair", `["😀b"]`, `[2,"a"]`, `["😀ab"]`)
	f.apply("delete a pair", `["a😀b"]`, `[1,-2]`, `["ab"]`)
	f.apply("between two pairs", `["😀😀"]`, `[2,"x"]`, `["😀x😀"]`)
	f.apply("pairs side by side, the second goes", `["😀😁"]`, `[2,-2]`, `["😀"]`)
	f.apply("pair of the same low half side by side", `["𝒳𝒴"]`, `[-2]`, `["𝒴"]`)
	f.apply("attributes on a pair", `["a😀b"]`, `[1,[2,"b",true]]`, `["a",["😀","b",true],"b"]`)
	f.apply("insert in a pair", `["😀"]`, `[1,"x"]`, `"surrogate"`)
	f.apply("insert in the second pair", `["😀😀"]`, `[3,"x"]`, `"surrogate"`)
	f.apply("delete of the high half", `["😀"]`, `[-1]`, `"surrogate"`)
	f.apply("delete of the low half", `["😀"]`, `[1,-1]`, `"surrogate"`)
	f.apply("delete of a letter and a half", `["a😀"]`, `[-2]`, `"surrogate"`)
	f.apply("delete of two halves of two pairs", `["😀😀"]`, `[1,-2]`, `"surrogate"`)
	f.apply("attributes on the high half", `["😀"]`, `[[1,"b",true]]`, `"surrogate"`)
	f.apply("attributes on the low half", `["😀"]`, `[1,[1,"b",true]]`, `"surrogate"`)
	f.apply("unlike attributes on the halves", `["😀"]`, `[[1,"b",true],[1,"b",false]]`, `"surrogate"`)
	f.apply("delete, then insert in a pair", `["a😀"]`, `[-1,1,"x"]`, `"surrogate"`)
	f.compose("behind an inserted pair", `["😀"]`, `[2,"x"]`, `["😀x"]`)
	f.compose("inserted pair taken back", `["a😀"]`, `[1,-2]`, `["a"]`)
	f.compose("insert in an inserted pair", `["😀"]`, `[1,"x"]`, `"surrogate"`)
	f.compose("delete of half of an inserted pair", `["😀"]`, `[-1]`, `"surrogate"`)
	f.compose("delete of the low half of an inserted pair", `["a😀"]`, `[2,-1]`, `"surrogate"`)
	f.compose("attributes on half of an inserted pair", `["😀"]`, `[[1,"b",true]]`, `"surrogate"`)
	f.compose("half of an inserted pair and what was there", `["😀"]`, `[1,-2]`, `"surrogate"`)
	f.compose("a pair that is deleted does not matter", `["😀",-2]`, `[2,"x"]`, `["😀",-2,"x"]`)
	f.both("retain over an inserted pair", `[3,"x"]`, `[1,"😀"]`, `[5,"x"]`, `[5,"x"]`)
	f.both("over the delete of a pair", `[2,"x"]`, `[-2]`, `["x"]`, `["x"]`)
	f.both("the pair that both delete", `[1,-3]`, `[-3]`, `[-1]`, `[-1]`)
	f.invert("delete of a pair", `["a😀b"]`, `[1,-2]`, `[1,"😀"]`)
	f.invert("insert of a pair", `["ab"]`, `[1,"😀"]`, `[1,-2]`)
	f.offset("behind an inserted pair", `[1,"😀"]`, 2, `4`, `4`)
	f.offset("at an inserted pair", `[1,"😀"]`, 1, `1`, `3`)
	f.hash("a pair is two units", `["😀"]`)
	f.encode("four bytes", loose(`["😀"]`), `91a4f09f9880`)
	f.encode("the first and the last astral character", loose(`["\ud800\udc00\udbff\udfff"]`), `91a8f0908080f48fbfbf`)
	f.encode("the last character before and the first behind the surrogates", loose(`["\ud7ff\ue000"]`), `91a6ed9fbfee8080`)
	f.decodeRefuse("a lone high half", "utf8", `91 a3 eda0bd`)
	f.decodeRefuse("a lone low half", "utf8", `91 a3 edb880`)
	f.decodeRefuse("a pair as two times three bytes", "utf8", `91 a6 eda0bd edb880`)
	f.decodeRefuse("halves the wrong way round", "utf8", `91 a6 edb880 eda0bd`)
	f.decodeRefuse("a lone half in a key", "utf8", `91 93 01 a3 eda0bd c3`)
	f.decodeRefuse("a lone half in a value", "utf8", `91 93 01 a1 62 a3 eda0bd`)
	f.decodeRefuse("a lone half in an embed's type", "utf8", `91 93 c0 a3 eda0bd a0`)
	f.decodeRefuse("a lone half in an embed's value", "utf8", `91 93 c0 a1 74 a3 edb880`)
	f.decodeRefuse("halves in two inserts", "utf8", `93 a3 eda0bd 01 a3 edb880`)
}
