// Package doc is one document: its rules, its goroutine, its history. "doc" is the document, not documentation. It knows no
// HTTP, no messages and no database.
//
// There are only four types that matter:
//
//	State     the rules, PURE: what waits goes in, a batch for the store and answers come out
//	Document  the goroutine that drives a State: one inbox, one turn at a time
//	Session   one client's attachment: a cursor into published history, and two slots in the inbox
//	Registry  the documents that are in memory, by name: loading, live, unloading
//
// and a Store, which keeps documents (package doc/disk; the contract is tested by doc/doctest).
//
//	Session.Submit ─→ inbox ─→ turn: State.Turn ─→ batch ─→ Store.Append ─┐
//	                    ↑                                                 │ durable
//	        opens, presence, leaves          View ←─ State.Committed ←────┘
//	                                          │
//	Session.Next ←── wake ────────────────────┘   the reader pulls what lies behind its cursor
//
// # What always holds
//
//	D1  A document has at most one batch at the store. What arrives meanwhile waits in the inbox, which is bounded by
//	    construction: a submission and a presence of each session, and the opens of connections that still wait for them.
//	D2  When a turn begins, everything in memory is durable. So an open is decided on what is durable, and a batch that
//	    fails is undone by forgetting the State and loading again.
//	D3  Published is only what is durable (View); acks, commits, checks, snapshots, presence and answers to opens are
//	    read from there.
//	D4  What becomes of a submission is decided once, by (client, sequence): the Record stands in the same transaction as the commit,
//	    and only what is recorded as not committed is committed now. A refusal is no outcome.
//	D5  An outcome that is not known is not told: after a failed append the sessions end with ErrOpenAgain.
//	D6  The document's goroutine waits for nothing but its inbox, its timers and its own batch; it never reads the store. Who needs
//	    what is older than memory reads it on his own goroutine (past.go), and there an operation is moved that was made more than a
//	    few commits ago.
//	D7  A session's commit comes to it as an ack at its place in the stream, and in no other form; a composed catch-up is cut there.
//	D8  A panic in a document ends that document: its sessions open again, and it is loaded from the store.
//
// # What does not hold
//
//   - Client records are kept for ever and are all in memory while the document is: about 100 bytes for each page that ever
//     typed in it. The rules for forgetting them (floor, records floor) are in State, but nothing forgets yet.
//   - A composed catch-up is composed anew for each reader, from single commits; so is what a submission from far behind is moved
//     over. Their connections' goroutines pay for the length of what they missed, about 20 µs a commit.
//   - A full disk is not told from other failures of a commit: the sessions of the document end and open again until there is space.
//   - A snapshot that failed is not tried again before the next is due: the log reaches further back, and a load takes longer.
//
// # Decisions
//
//   - A turn is not taken while a batch is at the store, rather than speculating on it: the next batch gathers meanwhile, which is
//     group commit without waiting, and there is nothing to roll back.
//   - Readers pull; nothing is queued for them. A queue for each session costs memory for each slow reader, and whoever drops from
//     it diverges.
//   - Presence goes through the same inbox, but waits there for its tick, and wakes no session before it.
//   - The check of the content stands in the stream at its revision: a hash beside the stream could not be compared.
package doc
