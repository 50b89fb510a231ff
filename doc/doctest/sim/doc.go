// Package sim runs the pure core of a whole deployment, server state and clients' pending edits, against a model of everything
// that can go wrong between them, in virtual time and exactly repeatable: one seed is one history of the world.
//
// These are its parts:
//
//	World     the clock, the dice, and a mood: what goes wrong often in this world
//	server    drives doc.State as doc.Document does, and is killed, or loses its document, between any two events
//	disk      doctest.Memory, which takes its time, fails, fills up, and after a crash has what was on its way, or not
//	operator  works at night: makes backups and restores them, trims history and forgets records (also by a plan that was made before
//	          a restore), erases, removes the document and has another made under its name
//	user      opens, closes, copies and crashes pages, loses power and rights, is away for three weeks
//	page      drives client.Pending as client.Doc does, and stores what it has; what is left behind is taken over by another page
//	browser   the storage of a user's pages: versions, of which a power cut takes those that were not durable
//	conn      delays, cuts, stays half open, and delivers late what was sent before a cut, after the next connection has begun
//
// What is checked (Run):
//
//	S1  Every edit inserts a token of its own. At the end, when all faults have stopped, every page and the server have the
//	    same content, and no token is there twice.
//	S2  What any page was shown at a revision is what history has at that revision, until it is cut, and in the end: nothing that
//	    was published is taken back but by a restore, an erasure or a removal, and those are never silent: the epoch is new.
//	S3  No page ever sees a gap, a content hash that differs, or a message that no correct server sends, unless the network model
//	    dropped a frame on purpose. No honest open or submission is refused, but for lack of rights. No name is given to other bytes,
//	    and void is not said of what is ours.
//	S4  It ends: everything is acknowledged within bounded virtual time.
//	S5  A token that was acknowledged is there, unless a restore or a removal took it: then it was offered to its author.
//	S6  A token that is not there was offered to its author (I10): it was outstanding and nobody knows, or the document is
//	    another, or it ended with the page or the computer that alone had it.
//	S7  The base that trimming keeps, and history behind it, lead to the content.
//
// And each way out of an open that names a submission (Way) must have been taken by some world.
//
// What it does not have: rebases over a token (it is one character: what stands inside a word may be torn apart by a rebase over a
// difference of texts); an older backup restored and then a newer one again, a known limit of the protocol; the socket, the
// goroutines and the registry (package server has a simulation of the whole stack); text that a user types again because it was offered.
//
// A simulation must prove itself: Config.Fault plants a known bug, and a test asserts within how many seeds it is found (Faults).
package sim
