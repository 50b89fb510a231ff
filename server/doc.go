// Package server lets people, and programs, edit documents over HTTP: the page and the client's script, and a WebSocket that speaks
// package wire.
//
// There are only three types: Server, which is an http.Handler; conn, one WebSocket; channel, one session on it, which joins a
// doc.Session to a number on the wire.
//
//	                 ┌── conn ───────────────────────────────────────────────┐
//	socket ─→ reader: frame, messages ─→ channel ─→ doc.Session.Submit, Move, Close
//	socket ←─ writer: one frame ←─ control: welcome, errors, pongs           │
//	                 │         ←─ dirty channels ←─ doc.Session.Next         │ ←─ wake, from documents
//	                 └───────────────────────────────────────────────────────┘
//
// # How to mount it
//
//	s, err := server.New(server.Config{Store: store})
//	srv := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}
//	…
//	err = s.Shutdown(ctx)   // first: http.Server.Shutdown does not know of WebSockets
//	err = srv.Shutdown(ctx)
//	err = store.Close()
//
// It wants to be the root of a host, since the page names its files from there, and HTTP/1.1 for the socket (with TLS: http/1.1 in
// ALPN). Middleware must pass the http.Hijacker on. The path of the module, tandem, has no dot: another program imports this
// package with a replace directive in its go.mod only.
//
// # What always holds
//
//	S1  A connection has one reader, a goroutine that lives as long as it does; where nothing comes for 2 s, a fresh one takes over
//	    (rest.go). It has a writer only while there is something to write, and that is shared (writers.go). The HTTP handler
//	    returns after the upgrade: a connection that waits holds a stack of 2 KiB, 320 bytes to read into, and its sessions' cursors.
//	S2  Nothing is queued for a session but its cursor (I6). What is said once, an error or a pong, waits encoded, and is bounded: who
//	    asks and does not read the answers is cut off (4450).
//	S3  A frame gathers what waits, up to 64 KiB; a larger message travels alone, and a commit from 16 KiB on is written from where all
//	    its readers share it: those that do not read hold no copies. Channels take turns, one piece each, and control
//	    messages go before them. A large snapshot delays its neighbours by a piece.
//	S4  Every read and every write has a deadline. A frame that has begun has its own, which no pong prolongs; the first ends
//	    within that of hello. A write that misses its deadline cuts the connection.
//	S5  Everything that comes is bounded before it is kept: 4 KiB before hello, then wire.Limits; the channels of a connection,
//	    and the opens under way; connections in all. Pings are counted.
//	S6  Why a connection ends is said before it does: an error message where there is one, the close frame, and then up to 2 s for
//	    the peer to read it. A peer that goes on talking after that is cut off. When the reader has failed, its sessions leave
//	    at once.
//	S7  Nobody waits while holding conn.mu, which documents take to wake a writer (I7). A lock of a document is never taken under it.
//	S8  A panic on a connection's goroutine, which is a bug, ends the connection, not the process.
//	S9  Every request comes under a Host that was expected, every page that opens a socket from an Origin that was allowed
//	    (origin.go). A refusal names the setting that would allow it.
//	S10 Shutdown returns when no goroutine of a connection runs any more; when http.Server.Shutdown has returned as well, no request of
//	    the API is under way: the store may be closed then.
//	S11 The HTTP API (API.md) reads durable history beside the documents, a few requests at a time. Its bodies are bounded; so are the
//	    large answers that are being fetched, each part of which has the deadline of a write. Pages of others may read where their
//	    origin is allowed, and never write.
//	S12 What is measured costs a reading of the clock for each frame, and two updates of histograms with Config.Metrics; nothing for each
//	    commit and reader. No label names a document or a client. It is shown by Admin alone, never by the Server itself.
//
// # What does not hold
//
//   - Nobody is authenticated: hello's token is not read, every session may write, and refresh is only a sign of life.
//   - Rates are not limited, except of pings: neither submissions, nor presence, nor connections of one address.
//   - The bytes of a message are bounded, its fragments are not: empty ones keep a reader busy until the message's deadline.
//   - The histograms do not tell a slow reader from a slow server; the latency budget does.
//   - A snapshot that waits for a slow reader keeps what the document has since overwritten in memory, once for each such reader.
//   - Of a submission that arrives in the same moment as the end of its connection nothing is said, and it may not be taken.
//
// # What costs what
//
// Of what the process takes for an edit that 19 others see (tandem bench hot), four tenths are writes to sockets, a fifth the log's
// write and fdatasync, a tenth the document's loop; half of that wakes writers. Where 50 people type as fast as they are acknowledged (saturate), 17
// edits share a turn: writes to sockets 30%, the document's loop 19%, reading and decoding 12%, the database behind the log 8%, the log 6%.
// What profiles found on the way, and what was done:
//
//   - A goroutine for each write copied its stack two or three times: writers are shared.
//   - What was committed since an author's revision was composed anew for each submission of a turn, which was 62% of all that was
//     allocated: it is composed once, in memory that is used again (package doc, since.go, burst.go).
//   - Each reader gathered each commit from a place of its own in memory: a burst lies together as it is sent (framer.go).
//   - 150 transactions a second wrote spans of history that nobody had asked for yet: they are gathered (package disk).
//   - A select over six channels, three of them timers', in each document: there is one (package doc, knock).
//
// # Decisions
//
//   - The writer pulls when it is woken, and goes on to another connection when nothing waits. A goroutine that stays costs 8 KiB for each
//     idle connection, one that is made for each write 4 µs; a channel of messages for each is a queue, and whoever drops from it
//     diverges.
//   - A connection at rest keeps its goroutine: an own epoll would take 1 KiB instead of 6, and everything that makes Go's network code
//     right, with TLS and deadlines, would be ours.
//   - Opens run on goroutines of their own. In the reader, one document that takes long to load would hold up all others of
//     the connection.
//   - The Host of each request is checked, not only the Origin of sockets: a page that has its own name pointed at this
//     address (DNS rebinding) sends an Origin and a Host that agree.
//   - A proxy's X-Forwarded-Host is not read: who can send it directly would choose what the Origin is compared with.
//   - Prometheus's own client, rather than a few lines that print counters: 3.4 MB of binary, for histograms, the process's own figures and
//     a format that others parse.
//   - No compression of messages: it is gorilla's compressed size that is bounded, and operations of 26 bytes gain nothing.
//   - Assets are revalidated at each load rather than named by their hash: a page of before an update would ask for files that are
//     gone. A 304 is one round trip.
package server
