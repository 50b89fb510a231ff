// Package doctest tests stores of documents, and stands in for them where documents are simulated.
//
// There are only four things in it: Run and RunArchive, the conformance suites that every doc.Store and doc.Archive passes; Memory,
// an archive that is a model of a disk, which does nothing by itself and can fail, crash and be restored in every way that a store
// may; and Faulty and FaultyArchive, which let calls of any store fail. Memory shares no code with the stores it is a model of.
package doctest
