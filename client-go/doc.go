// Package client edits documents on a Tandem server: for programs that edit, for load, and for simulation.
//
// There are only three types that matter:
//
//	Conn     one connection to a server, made again for as long as it takes
//	Doc      one open copy of a document; it outlives connections, and can be edited without one
//	Pending  the algebra of a Doc, PURE: what is held, what is outstanding, what is buffered
//
//	Doc.Edit ─→ Pending ─→ link: frames that wait ─→ writer ─→ socket
//	    ↑          ↑
//	OnChange ←─ receive ←─ reader ←─ socket
//
// A program connects, opens, waits for the content, and edits:
//
//	conn, err := client.Connect("https://host", client.Options{})
//	d, err := conn.Open("notes/today", doc.Text)
//	err = d.WaitReady(ctx)
//	err = d.Update(func(tx *client.Tx) error {
//		var b ot.Builder
//		b.Retain(tx.Text().Len(), nil)
//		b.InsertText("one more line\n", nil)
//		return tx.Edit(b.Op(), -1)
//	})
//	err = d.WaitSaved(ctx) // it is on the server's disk
//
// # What always holds
//
//	C1  What is pending ends by an outcome only (an ack, committed, void, unknown), never by an error, a lost connection or
//	    silence. What cannot be saved is kept and told (Doc.Problem).
//	C2  At most one submission of a Doc is outstanding, and while an open is not answered nothing else is submitted: the open
//	    names it in full. An open freezes the buffer first where nothing is outstanding.
//	C3  Everything is guarded by the Conn's one mutex, which is held for computation only: never over I/O. Functions of the
//	    caller (Update's, OnChange, OnEvent, Jitter) are called with it held, one at a time and in order: what they share
//	    needs no other lock. So they must not block, and must not call methods of the Conn or its Docs (Tx's apart).
//	C4  A frame is taken in as a whole: what is held has its lineage when anybody looks.
//	C5  Goroutines: the Conn's reader, which also connects and waits; a writer while there is something to write. Both end with
//	    Close, which waits for them.
//	C6  A message that does not fit ends that session, not the connection: the Doc closes the channel and opens again, with
//	    pauses that grow if that happens again. A frame that cannot be read ends the connection.
//	C7  What waits to be written is bounded: per Doc one submission, one presence and the opens and closes of its sessions.
//
// # What does not hold
//
//   - Nothing is stored: what is pending when the program ends is gone. Wait with WaitSaved.
//   - Two Opens of one name on one Conn are two copies, with a session each.
//
// # Decisions
//
//   - One mutex for a Conn and its Docs, rather than one each: the reader takes messages of several Docs out of one frame, and a
//     Doc writes to the Conn's link, so two kinds would be taken in both orders.
//   - Callbacks under the mutex, rather than a queue of events: an anchor that is moved by OnChange is right in the next
//     Update, without a lock and without asking which of the two came first.
//   - A connection is good, and the pauses begin anew, once it has lasted as long as the longest next pause would be: a server that
//     welcomes and dies is not asked twice a second for ever.
package client
