// Package sim runs the pure core of a whole deployment, server state and clients' pending edits, against a model of everything
// that can go wrong between them, in virtual time and exactly repeatable: one seed is one history of the world.
//
// There are four parts: a World with its clock and dice; a server, which drives doc.State as doc.Document does; a disk that is slow,
// fails, and after a failure or a crash may or may not have what was on its way; clients, which drive client.Pending
// as client.Doc does, over a network that delays, cuts, keeps connections half open, and delivers late what was sent before a
// cut, after the next connection has begun.
//
// What is checked (Run):
//
//	S1  Every edit inserts a token of its own. At the end, when all faults have stopped, every client and the server have the
//	    same content, and every token is there exactly once.
//	S2  What any client was shown at a revision is what the server's history has at that revision in the end: nothing that
//	    was published is taken back.
//	S3  No client ever sees a gap, a content hash that differs, or a message that no correct server sends, unless the network model
//	    dropped a frame on purpose.
//	S4  It ends: everything is acknowledged within bounded virtual time.
//
// A simulation must prove itself: Config.Fault plants a known bug, and a test asserts that some seed finds it.
package sim
