// Package baseline is what a measurement of the server is held against: three servers that broadcast and do nothing else.
//
//	hub          the bare broadcast over gorilla/websocket: one write for each message and receiver
//	hub-burst    the same, but a writer takes everything that waits for its receiver into one write
//	hub-durable  cursors that pull from what is published, as in the server; and before it is published each batch, of all documents
//	             that have something, is written to a log with one pwrite and one fdatasync
//
// There are only three types: Server, which speaks as much of package wire as people who type need; a document, which is a number,
// its revision, and who is there; and a conn, one of those.
//
// # What holds
//
//	B1  The bytes of a submission come back as a commit with the next revision, unchanged; its author gets an ack in that place.
//	B2  Everybody in a document gets all its commits in one order, so that replicas which apply them as they come end identical.
//	B3  hub-durable sends nothing that is not on disk. Its log is zero-filled before it is used, so that a sync writes nothing but the
//	    record, and is written in a circle: nobody reads it.
//
// # What does not hold
//
//   - There is no document: nothing is transformed, checked or kept, and nobody can join one that was typed in, or come back to it.
//   - Presence is not passed on.
//   - A receiver that does not read holds up the hubs.
//
// # Decisions
//
//   - The same frames as the server's, rather than a smaller format: one generator drives them all, and what differs is the server.
//   - Handlers, buffers and socket options are the server's, where there is a choice: a baseline that is slowed down by defaults
//     flatters whoever is held against it.
package baseline
