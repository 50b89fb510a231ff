// Package ottest tests operations: random operations and documents (Gen), the laws of package ot on one example (Laws,
// CheckLaws, CheckSequence), and the way between an ot.Op and the JSON shape of the vectors and of package model.
//
// CheckLaws is meant to be called on every example that exists: table rows, vectors, random cases, fuzz inputs. It holds ot
// against itself by the laws of ot's package comment, against the independent model, and the rope against both.
package ottest
