// Package load is people who type: many replicas in one process, cheap enough that what is measured is the server.
//
// There are only four types that matter:
//
//	Site     a server, as people reach it
//	Replica  one person's copy of a document, over a WebSocket of its own: it reads, applies, stamps, and types
//	Crew     the people of some documents, and what can be said of them together
//	Beat     when somebody types: a schedule is made before it is kept (Pace)
//
//	Pace ─→ Replica.Due ─→ submit ⇒ server ⇒ frame ─→ decode, apply, stamp ─→ the next submission, if one is due
//
// # What holds
//
//	L1  One edit is one submission is one revision: what is due while a submission is outstanding waits, and is never joined.
//	L2  Latency counts from when an edit was due, not from when it could be sent (open loop). A server that stalls makes latencies
//	    long, not samples few: every edit of the schedule is submitted, however late. Where people type as soon as they are
//	    acknowledged (Start), it is due at that moment.
//	L3  An edit is visible where it is applied: the stamp is taken after the whole frame that brought it was applied.
//	L4  A replica holds what the server has: commits are applied in order, a gap is an error, and each check that the server sends is
//	    held against the content: of the replica that comes to this place first. What is outstanding is moved over what arrives, and
//	    applied with its ack.
//	L5  Crew.Compare ends a measurement: every replica of a document has the same content, and so does somebody who joins then.
//
// # What does not hold
//
//   - A replica does not show its own letters before they are acknowledged, and buffers nothing: this is not how a client should be.
//   - A connection that is lost ends the measurement, unless somebody waits for that (Lost) and has the replica Return. It must
//     not have anything outstanding then.
//   - Who shares two cores with the server slows it down. What the generator itself takes is reported beside each result.
//
// # Decisions
//
//   - A lean replica rather than package client: that one moves and composes what is pending, keeps a base and a content, and sets
//     timers, for 1 to 3 µs a delivery, where 50 people at saturation get a million deliveries a second; here a delivery takes less than
//     half of one. And a baseline has no lineage that it would accept.
//   - Single letters are decoded and applied without an allocation, five times as fast as by package pack; whatever else comes is read by
//     package wire.
//   - A replica does for this server what it does for a baseline, or the generator, which has the same two cores, would decide who is
//     faster: what only one of them asks for is done once for all replicas (hashes).
//   - Sends are timed by a thread that sleeps in the kernel: Go's timers are up to a millisecond late in a process that is idle, which
//     is more than what is measured.
package load
