// Package doctest tests stores of documents, and stands in for them where documents are simulated.
//
// There are only three things in it: Run, the conformance suite that every doc.Store passes; Memory, a store that is a model of
// a disk, which does nothing by itself and can fail and crash in every way that a store may; and Faulty, which lets calls of
// any store fail. Memory shares no code with the stores it is a model of.
package doctest
