// Package ot is the algebra of operational transformation: operations on text with attributes and embeds.
//
// There are only two types that matter: Op, one change, a list of components; and Text, the content of a document, a rope
// that ops are applied to. Everything else is a function from values to values: nothing here blocks, keeps time or does I/O.
//
// # Units
//
// Lengths and offsets count UTF-16 code units, as every browser editor does; Go's len counts bytes and ranging counts runes,
// and neither will do. An embed counts 1. An op that has a boundary inside a surrogate pair is refused (ErrSurrogate), as
// is text that is not UTF-8 (ErrUTF8).
//
// # Grammar
//
// An op is written as an array; the same shape stands in the vectors (JSON) and on the wire (msgpack, each value in its
// shortest form, see package pack):
//
//	op        = [ component, … ]
//	component = n                                retain n code units        5
//	          | [ n, key, value, … ]             retain, setting attributes [5, "bold", true, "link", null]
//	          | -n                               delete n code units        -3
//	          | "text" | [ "text", key, value, … ]                          insert text
//	          | [ null, type, value, key, value, … ]                        insert an embed
//	value     = null | boolean | integer within ±(2^53−1) | string
//
// # Normal form
//
//	N1  No component has length 0.
//	N2  Neighbours of one kind with equal attributes are one component; embeds never join.
//	N3  The last component is not a retain without attributes: what an op does not speak of is kept.
//	N4  Attributes are sorted by the UTF-8 bytes of their keys, each key once; no value of an insert is null.
//	N5  An insert and a delete side by side keep their order. Before the delete, the insert stands at the left edge of what
//	    goes; after it, at the right edge: concurrent inserts into what goes come to lie on different sides of it.
//
// # Laws
//
// Checked on every example, exhaustively on small documents, by properties and by fuzzing (ottest.CheckLaws):
//
//	L1  apply(apply(d, a), b) = apply(d, compose(a, b))
//	L2  compose(compose(a, b), c) = compose(a, compose(b, c))
//	L3  TP1: apply(apply(d, a), transform(b, a, left)) = apply(apply(d, b), transform(a, b, right)), where b arrives later
//	L4  apply(apply(d, a), invert(a, d)) = d
//	L5  Every function keeps normal form.
//	L6  decode(encode(a)) = a, and encode(decode(bytes)) = bytes.
//	L7  transform(a, compose(b, c), left) = transform(transform(a, b, left), c, left), and the same of offsets with side left.
//	    So a composed catch-up moves what is pending exactly as its parts would.
//	L8  The empty op changes nothing, and nothing changes it.
//
// # The tie rule
//
// Of two inserts at one place the one that arrives at the server later goes to the left; of two values for one attribute the
// later one wins, which is decided apart from the inserts. So the server moves what comes in with Left over what is
// committed; a client moves what arrives with Right over what it has pending, and that with Left over what arrives.
// Words that two or three people type at one place at once then stay whole.
//
// # What does not hold
//
//   - TP2: transforming over two concurrent ops in either order may differ. One order exists, the server's; after a lost race
//     the server starts again from the submission as it came.
//   - L7 for compose in the first argument: transform(compose(a, b), c) need not be compose of the parts. A client therefore
//     has one submission in flight, and moves its buffer apart.
//   - L7 with side right: on "A", ["x"] over ["y" after a delete of A] in one step and in two gives "xy" and "yx". Nothing
//     needs it: a client moves what is pending with side left only.
//   - L7 for offsets with side right: such anchors are moved one commit at a time.
//
// # Decisions
//
//   - compose(b, c) puts an insert of c that falls on text deleted by b after those deletes (Compose). Quill's delta, ot.js,
//     ot-text-unicode and CodeMirror's ChangeSet put it before, or normalise the order of insert and delete; L7 then fails
//     in 6 to 22% of adversarial cases with one of the two tie rules.
//   - Later arrival to the left, not the smaller client id: with an order of ids, words of two authors interleave.
//   - Attributes are a sorted slice, not a map: an op has one encoding, compares without hashing, and copies without sharing.
//   - The document is a B-tree with leaves of about 1 KiB whose nodes are copied only when a snapshot shares them. A gap
//     buffer is faster on one person's typing and 100 times slower on jumps through a large document; copying on every write
//     costs 8 µs an edit.
//
// # What costs what
//
// Memory does, not arithmetic: a component takes 64 bytes, and one allocation of two of them, with its share of the garbage
// collector's work, costs as much as moving, checking or decoding them. So:
//
//   - An op of one insert or delete over another, or after another, is computed (change.go) and allocates its result, which is as
//     large as it has to be. Walking over them, as Transform and Compose do with anything larger, takes two to three times as long.
//   - Walking copies no components: an iter points into its op, and a Builder is given fields.
//   - Text that is joined takes a second allocation. Text of one letter takes none when it is decoded.
//   - Decoding stores no pointer but the op's own: while the collector marks, each has to pass its write barrier.
//   - On the rope, an edit where the last one was costs no search; a snapshot every 1,000 edits costs nearly as much again as the edits,
//     for the nodes that are copied and hashed.
package ot
