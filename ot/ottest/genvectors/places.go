package main

import "fmt"

// The smallest examples on which published implementations differ.
func counterexamples(f *file) {
	// Document A: y after A, then A goes. The insert stands after what goes.
	f.compose("doc A: y after A, then delete A: delete before insert", `[1,"y"]`, `[-1]`, `[-1,"y"]`)
	f.compose("doc A: delete A, then z: delete before insert", `[-1]`, `["z"]`, `[-1,"z"]`)
	f.compose("doc A: y before A, then delete A: insert before delete", `["y"]`, `[1,-1]`, `["y",-1]`)
	f.transform("doc A: q after A over y-then-delete composed", `[1,"q"]`, `[-1,"y"]`, left, `["q"]`)
	f.transform("doc A: q after A over y", `[1,"q"]`, `[1,"y"]`, left, `[1,"q"]`)
	f.transform("doc A: q after A over y, then over delete A", `[1,"q"]`, `[-1]`, left, `["q"]`)
	f.transform("doc A: q after A over delete-then-z composed", `[1,"q"]`, `[-1,"z"]`, left, `["q"]`)
	// Side right does not keep the law: one by one q is moved behind z, composed it stays before it.
	f.transform("side right, doc A: q over delete-then-z composed stays before z", `["q"]`, `[-1,"z"]`, right, `["q"]`)
	f.transform("side right, doc A: q over delete", `["q"]`, `[-1]`, right, `["q"]`)
	f.transform("side right, doc A: q, moved over delete, over z stands behind z", `["q"]`, `["z"]`, right, `[1,"q"]`)
	// Document AB: history deletes B, then inserts i; pending deletes A, then, submitted apart, inserts q behind B.
	f.compose("doc AB: history delete B, then i", `[1,-1]`, `["i"]`, `["i",1,-1]`)
	f.compose("doc AB: pending delete A, then q after B", `[-1]`, `[1,"q"]`, `[-1,1,"q"]`)
	f.transform("doc AB, one by one: delete A over delete B", `[-1]`, `[1,-1]`, left, `[-1]`)
	f.transform("doc AB, one by one: delete A over i", `[-1]`, `["i"]`, left, `[1,-1]`)
	f.transform("doc AB, one by one: delete B over delete A", `[1,-1]`, `[-1]`, right, `[-1]`)
	f.transform("doc AB, one by one: q over delete B", `[1,"q"]`, `[-1]`, left, `["q"]`)
	f.transform("doc AB, one by one: q over i", `["q"]`, `["i"]`, left, `["q"]`)
	f.apply("doc AB, one by one, ends in qi", `["i"]`, `["q"]`, `["qi"]`)
	f.transform("doc AB, pending composed", `[-1,1,"q"]`, `["i",1,-1]`, left, `[1,-1,"q"]`)
	f.apply("doc AB, pending composed, ends in iq", `["iA"]`, `[1,-1,"q"]`, `["iq"]`)
	// A retain of length zero before an insert deletes text in a well-known library; here it is refused (refused.jsonl),
	// and the same op without it is harmless.
	f.apply("insert in front keeps what follows", `["abc"]`, `["x"]`, `["xabc"]`)
}

func ties(f *file) {
	f.both("two inserts into an empty document", `["a"]`, `["b"]`, `["a"]`, `[1,"a"]`)
	f.both("two inserts at the start", `["a"]`, `["b"]`, `["a"]`, `[1,"a"]`)
	f.both("two inserts in the middle", `[2,"a"]`, `[2,"b"]`, `[2,"a"]`, `[3,"a"]`)
	f.both("the same letter inserted twice", `[2,"a"]`, `[2,"a"]`, `[2,"a"]`, `[3,"a"]`)
	f.both("a word and a letter", `["word"]`, `["b"]`, `["word"]`, `[1,"word"]`)
	f.both("a letter and a word", `["b"]`, `["word"]`, `["b"]`, `[4,"b"]`)
	f.both("inserts one apart: first before", `[1,"a"]`, `[2,"b"]`, `[1,"a"]`, `[1,"a"]`)
	f.both("inserts one apart: first behind", `[2,"a"]`, `[1,"b"]`, `[3,"a"]`, `[3,"a"]`)
	f.both("two places, a tie at each", `["a",2,"c"]`, `["b",2,"d"]`, `["a",3,"c"]`, `[1,"a",3,"c"]`)
	f.both("a tie of astral characters", `["😀"]`, `["𝒳"]`, `["😀"]`, `[2,"😀"]`)
	f.both("a tie of texts with other attributes", `[["a","b",true]]`, `[["b","i",true]]`)
	f.both("a tie with two runs on one side", `["a",["b","b",true]]`, `["c"]`)
	f.both("a tie over two runs", `["c"]`, `["a",["b","b",true]]`, `["c"]`, `[2,"c"]`)
	f.both("a tie and a retain with attributes behind it", `["a",[1,"b",true]]`, `["c",[1,"b",false]]`)

	// Three people at one place: x is committed first, y second, z arrives last: zyx.
	f.transform("three inserts: y, second, over x", `["y"]`, `["x"]`, left, `["y"]`)
	f.transform("three inserts: z, third, over x", `["z"]`, `["x"]`, left, `["z"]`)
	f.transform("three inserts: z, third, over x, then over y", `["z"]`, `["y"]`, left, `["z"]`)
	f.compose("three inserts: x, then y in front of it", `["x"]`, `["y"]`, `["yx"]`)
	f.transform("three inserts: z over both composed", `["z"]`, `["yx"]`, left, `["z"]`)
	f.transform("three inserts: x and y, first two, over z", `["yx"]`, `["z"]`, right, `[1,"yx"]`)
	f.apply("three inserts: all of them", `["yx"]`, `["z"]`, `["zyx"]`)
	f.transform("words stay whole: the second letter of the later word", `[1,"u"]`, `[1,"two"]`, left, `[1,"u"]`)
	f.both("words stay whole: the later word grows behind its first letter", `[1,"b"]`, `["xy"]`, `[3,"b"]`, `[3,"b"]`)

	own := []struct{ name, op string }{
		{"p in front", `["p"]`},
		{"p behind", `[1,"p"]`},
		{"p, delete", `["p",-1]`},
		{"delete, p", `[-1,"p"]`},
		{"p, delete, q", `["p",-1,"q"]`},
		{"p, bold, q", `["p",[1,"b",true],"q"]`},
	}
	other := []struct{ name, op string }{
		{"delete", `[-1]`},
		{"x, delete", `["x",-1]`},
		{"delete, x", `[-1,"x"]`},
		{"x, delete, y", `["x",-1,"y"]`},
		{"x, bold, y", `["x",[1,"b",false],"y"]`},
	}
	for _, a := range own {
		for _, b := range other {
			f.both(fmt.Sprintf("at one character: %s over %s", a.name, b.name), a.op, b.op)
		}
	}
}

// Deletes that meet inserts and each other.
func deletes(f *file) {
	f.both("insert inside what goes", `[2,"x"]`, `[1,-2]`, `[1,"x"]`, `[1,"x"]`)
	f.both("insert at the left edge of what goes", `[1,"x"]`, `[1,-2]`, `[1,"x"]`, `[1,"x"]`)
	f.both("insert at the right edge of what goes", `[3,"x"]`, `[1,-2]`, `[1,"x"]`, `[1,"x"]`)
	f.both("two inserts in what goes come together", `["a",1,"b",1,"c"]`, `[-2]`, `["abc"]`, `["abc"]`)
	f.both("inserts of unlike attributes in what goes do not join", `["a",1,["b","b",true],1,"c"]`, `[-2]`)
	f.both("delete over an insert inside it", `[1,-2]`, `[2,"x"]`, `[1,-1,1,-1]`, `[1,-1,1,-1]`)
	f.both("delete over an insert at its left edge", `[1,-2]`, `[1,"x"]`, `[2,-2]`, `[2,-2]`)
	f.both("delete over an insert at its right edge", `[1,-2]`, `[3,"x"]`, `[1,-2]`, `[1,-2]`)
	f.both("delete over inserts around it", `[-1]`, `["x",1,"y"]`, `[1,-1]`, `[1,-1]`)
	f.both("delete over many inserts inside", `[-3]`, `["a",1,"b",1,"c",1,"d"]`)
	f.both("the same delete", `[1,-2]`, `[1,-2]`, `[]`, `[]`)
	f.both("delete within a delete", `[1,-1]`, `[-3]`, `[]`, `[]`)
	f.both("delete around a delete", `[-3]`, `[1,-1]`, `[-2]`, `[-2]`)
	f.both("deletes overlap, first to the left", `[-2]`, `[1,-2]`, `[-1]`, `[-1]`)
	f.both("deletes overlap, first to the right", `[1,-2]`, `[-2]`, `[-1]`, `[-1]`)
	f.both("deletes side by side", `[-1]`, `[1,-1]`, `[-1]`, `[-1]`)
	f.both("deletes side by side, the other way", `[1,-1]`, `[-1]`, `[-1]`, `[-1]`)
	f.both("deletes apart", `[4,-1]`, `[1,-1]`, `[3,-1]`, `[3,-1]`)
	f.both("two deletes join where what was between them goes", `[-1,1,-1]`, `[1,-1]`, `[-2]`, `[-2]`)
	f.both("replace over replace", `["new",-3]`, `["other",-3]`)
	f.both("replace over replace, inserts behind", `[-3,"new"]`, `[-3,"other"]`)
	f.both("replace over a longer replace", `[1,"n",-1]`, `["other",-3]`)
	f.both("delete everything over an insert at the end", `[-3]`, `[3,"x"]`, `[-3]`, `[-3]`)
	f.both("delete everything over an insert at the start", `[-3]`, `["x"]`, `[1,-3]`, `[1,-3]`)
	f.both("insert at the end over delete everything", `[3,"x"]`, `[-3]`, `["x"]`, `["x"]`)
	f.both("retain disappears with what goes", `[2,-1]`, `[-2]`, `[-1]`, `[-1]`)
	f.both("attributes over delete", `[[3,"b",true]]`, `[1,-1]`, `[[2,"b",true]]`, `[[2,"b",true]]`)
	f.both("attributes over delete of all of it", `[[3,"b",true]]`, `[-3]`, `[]`, `[]`)
	f.both("attributes over an insert inside", `[[2,"b",true]]`, `[1,"x"]`)
	f.both("delete over attributes", `[-2]`, `[[2,"b",true]]`, `[-2]`, `[-2]`)
	f.both("over a longer base: the rest is kept", `[-1]`, `[5,"x"]`, `[-1]`, `[-1]`)
	f.both("over a shorter base", `[5,"x"]`, `[-1]`, `[4,"x"]`, `[4,"x"]`)
	f.both("nothing over something", `[]`, `["x",-1]`, `[]`, `[]`)
	f.both("something over nothing", `["x",-1]`, `[]`, `["x",-1]`, `["x",-1]`)
}

func offsets(f *file) {
	f.offset("insert before", `["ab"]`, 1, `3`, `3`)
	f.offset("insert at", `[1,"ab"]`, 1, `1`, `3`)
	f.offset("insert behind", `[2,"ab"]`, 1, `1`, `1`)
	f.offset("insert at the start of an empty document", `["ab"]`, 0, `0`, `2`)
	f.offset("an embed counts one", `[[null,"image","a.png"]]`, 1, `2`, `2`)
	f.offset("an astral character counts two", `["😀"]`, 1, `3`, `3`)
	f.offset("delete before", `[-2]`, 3, `1`, `1`)
	f.offset("delete up to it", `[-2]`, 2, `0`, `0`)
	f.offset("delete around", `[1,-3]`, 2, `1`, `1`)
	f.offset("delete from it on", `[1,-3]`, 1, `1`, `1`)
	f.offset("delete behind", `[2,-3]`, 1, `1`, `1`)
	f.offset("replace around, insert before the delete", `["xy",-3]`, 2, `2`, `2`)
	f.offset("replace around, insert behind the delete", `[-3,"xy"]`, 2, `0`, `0`)
	f.offset("at the left edge of a replace, insert before", `[1,"xy",-2]`, 1, `1`, `3`)
	f.offset("at the left edge of a replace, insert behind", `[1,-2,"xy"]`, 1, `1`, `1`)
	f.offset("at the right edge of a replace, insert before", `["xy",-2]`, 2, `2`, `2`)
	f.offset("at the right edge of a replace, insert behind", `[-2,"xy"]`, 2, `0`, `2`)
	f.offset("inserts at both edges of a delete, inside", `["x",-2,"y"]`, 1, `1`, `1`)
	f.offset("inserts at both edges of a delete, at the right edge", `["x",-1,"y"]`, 1, `1`, `2`)
	f.offset("inserts at both edges of a delete, at the left edge", `["x",-1,"y"]`, 0, `0`, `1`)
	f.offset("two runs inserted at it", `["x",["y","b",true]]`, 0, `0`, `2`)
	f.offset("attributes move nothing", `[[5,"b",true]]`, 3, `3`, `3`)
	f.offset("beyond what the op speaks of", `[1,"x",-1]`, 9, `9`, `9`)
	f.offset("empty op", `[]`, 4, `4`, `4`)
	f.offset("everything goes", `[-9]`, 9, `0`, `0`)

	f.selection("a caret, insert at it", `[2,"xy"]`, 2, 2)
	f.selection("insert at the anchor", `[1,"xy"]`, 1, 3)
	f.selection("insert at the head", `[3,"xy"]`, 1, 3)
	f.selection("insert at both ends", `[1,"x",2,"y"]`, 1, 3)
	f.selection("backwards, insert at the head", `[1,"xy"]`, 3, 1)
	f.selection("insert inside", `[2,"xy"]`, 1, 3)
	f.selection("delete of all of it", `[-4]`, 1, 3)
	f.selection("delete of its start", `[-2]`, 1, 3)
	f.selection("delete of its end", `[2,-2]`, 1, 3)
	f.selection("replaced", `[1,-2,"new"]`, 1, 3)
}
