// Package model is the slow, independent model of the algebra: package ot is tested against it, and the expected values of
// testdata/ot come from it. It shares no code with ot, not even the types: it takes and returns the JSON shape of an
// operation ([]any of int64, string, bool, nil and []any), and it works in another way wherever there is one.
//
// There are only two types: an element is one UTF-16 code unit or one embed, with a map of attributes; a gapOp says, for
// each element of the base document, whether it stays (and which attributes change) or goes, and for each gap between
// two base elements what is inserted there. A document "AB" has three gaps and two elements:
//
//	gap 0 · A · gap 1 · B · gap 2
//
// The order of inserts and deletes is kept by itself: in ["x",-1,"y"] x stands in gap 0 and y in gap 1. So there is no
// run, no cursor and no pairing of two lists here; each function is a sum or a lookup over gaps:
//
//   - normal form: an operation is normal if writing its gapOp in the one canonical way gives it back;
//   - compose: an insert of b belongs to the element of the middle document that follows it;
//   - transform: gap g of the base stands, in the target of over, behind everything over kept or inserted before g;
//   - strict bytes: whatever a lenient reader understands is written again, and must give the same bytes;
//   - hash: a sum of powers instead of Horner's rule.
//
// It is meant for documents of some thousand code units at the most.
package model
