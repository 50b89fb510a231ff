// Package doc is one document: its rules, its goroutine, its history. "doc" is the document, not documentation. It knows no
// HTTP, no messages and no database.
//
// There are only five types that matter:
//
//	State     the rules, PURE: what waits goes in, a batch for the store and answers come out
//	Document  the goroutine that drives a State: one inbox, one turn at a time
//	Session   one client's attachment: a cursor into published history, and two slots in the inbox
//	Registry  the documents that are in memory, by name: loading, live, unloading, held
//	History   their past: as they were, who wrote what; restoring, trimming, erasing
//
// and a Store, which keeps documents (package doc/disk; the contract is tested by doc/doctest). A Store that is an Archive keeps
// their past by rules; without one there is no History, and the rest works.
//
//	Session.Submit ─→ inbox ─→ turn: State.Turn ─→ batch ─→ Store.Append ─┐
//	                    ↑                                                 │ durable
//	        opens, presence, leaves          View ←─ State.Committed ←────┘
//	                                          │
//	Session.Next ←── wake ────────────────────┘   the reader pulls what lies behind its cursor:
//	     ↑                                         from the View, or composed of what is stored
//	  composer ←─ spans, commits ─ Archive         (composer.go, catchup.go)
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
//	D9  What is far behind costs the difference, not the commits that made it: catch-ups, submissions from far behind, and old contents
//	    are composed over a binary hierarchy of spans, in O(log n) compositions. Spans are a cache: what is missing or damaged is made
//	    again of the commits, which are the truth; and what is written for ever, a new base or an erased range, is made of those.
//	D10 What the archive composes is labelled with the authors of inserts (Label), and no client can write a label. Plain operations are
//	    exactly what labelled ones are without them (B1, B2), so readers get either from one cache.
//	D11 The floor rises in memory first, in the document's own turn, then in the store: nobody is promised what is about to go.
//	    Whoever is behind it then opens again. Below it are named versions only, each with its content.
//	D12 A client record is forgotten only where its last commit is at or below the floor, which raises the records floor; until the store
//	    has forgotten it as well, its client decides nothing.
//	D13 A document's history is rewritten only while it is held out of memory, and under a new epoch: nobody goes on from a place whose
//	    past is another. Content at revisions outside of what is erased is as before.
//	D14 Where the store says that it has no space, submissions are refused before they reach it; sessions live, and hear when there is
//	    space. A batch takes about 1 MiB of submissions; the rest waits for the next.
//	D15 How long things take is measured with Instants that submissions and commits carry in memory, and told to an Observer once a
//	    turn. While edits are later than the latency budget, presence goes out less often (thinning.go): never an edit, nor the
//	    caret that travels with it (I8). What a reader causes by not reading is no lateness.
//
// # What does not hold
//
//   - Client records are all in memory while the document is: about 100 bytes for each page that ever typed in it. Without a
//     Retention, and above the floor with one, they are kept for ever.
//   - Over a store that is no Archive, what is far behind is composed of single commits, anew for each reader, at about 20 µs a
//     commit of their connections' goroutines; so it is, once, where a span is missing.
//   - A composed catch-up can be larger than the content, by the lengths between many small edits. A client that has something
//     undecided gets it all the same. One that has not gets the content: with its open, or by opening again where its session falls far
//     behind.
//   - Erase does not reach what still stands in the text, what was written before and deleted within, the floor's content, or a copy
//     of the store that was made before.
//   - While a document is erased from or removed, its opens wait; Restore is a client like others, and what is typed while it works
//     stays.
//   - Authors are names that users gave themselves: two people with one name are one author.
//   - After a new epoch, as erasing gives one, a client that was away rebases what it has pending over the difference of the texts, although
//     history behind what was erased is the same: where somebody else moved the same words meanwhile, a pending delete may hit others.
//   - A submission that waits for a later batch of a turn may fall behind history in memory: its session then opens again.
//   - An author who shows a caret and does not say where a commit leaves it has all carets moved by that commit, and everybody told of
//     his own at the next tick. Editors say where it is.
//   - Presence is thinned for a whole document, not for those of its readers whose frames were late; and not by its bytes.
//   - A snapshot that failed is not tried again before the next is due: the log reaches further back, and a load takes longer.
//
// # Decisions
//
//   - A turn is not taken while a batch is at the store, rather than speculating on it: the next batch gathers meanwhile, which is
//     group commit without waiting, and there is nothing to roll back.
//   - Readers pull; nothing is queued for them. A queue for each session costs memory for each slow reader, and whoever drops from
//     it diverges.
//   - Presence goes through the same inbox, but waits there for its tick, takes no turn before it and wakes no session. What a tick tells
//     is selected, moved to its revision and encoded once for all who know the same (Presences, Changes): lists and messages of each
//     reader's own took 25 ms of each tick of 50 among 200 people who all move, and 40% of the server's profile before garbage. Now
//     that is 0.4 ms and 4%; most of what is left, the writes to the sockets.
//   - Commits move no carets. Who reads has the commit itself; for those who have not been told since, the first who asks moves all, over
//     what was composed: at ties they go left, so that this is exact.
//   - The check of the content stands in the stream at its revision: a hash beside the stream could not be compared.
//   - The budget is held against the worst frame since the last turn, rather than a percentile: it needs no history, costs a comparison
//     for each frame, and one that was late by chance costs carets a second at half their pace.
//   - Spans of powers of two, rather than a snapshot every n commits: a range between any two revisions is what readers need, a content
//     is one of them, and there is nothing to tune. Each level costs about the size of the text that was typed.
//   - Labels are attributes, rather than a second structure beside the text: composing, trimming and applying know attributes already.
//   - The spans are made by one goroutine in the background and saved as a cache, rather than within the commit's transaction: an edit
//     does not wait for them, and a store may leave them out. They are made of what is in memory, shortly before it leaves: reading it
//     from the store costs several times as much, and earlier nobody needs them. Those of large commits, which leave at once, wait.
//   - A session is told the revision of its own commit, rather than the composer being asked to find it: a composed operation does not
//     know its authors' sequences.
package doc
