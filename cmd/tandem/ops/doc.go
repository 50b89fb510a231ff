// Package ops is what operators do to a data directory, whether a server runs on it or not: back up, compact, look into, export,
// import, trim, erase, remove.
//
// There are only three types that matter:
//
//	Office   carries requests out, where the store is open: an http.Handler
//	Control  the socket DIR/control, at which the Office of a running server is reached
//	Desk     where a command asks: over the socket of the server that runs there, or else over the Office of its own process
//
//	command ─→ Desk ─→ DIR/control ─→ Office of the server ──→ store, documents
//	              └──→ a pipe ──────→ Office of this process ─┘
//
// So there is one way to do each thing, and what works on a stopped server's directory works on a running one's.
//
// # What always holds
//
//	P1  One process has the store. A Desk asks at the socket first, and opens the store, which takes its lock, only where nobody
//	    answers. A lock that somebody else has is told at once, with who has it.
//	P2  The socket is for the user that runs the server (mode 0600), and found whatever the directory is called by now: it is bound
//	    and dialled through the open directory, so that neither the length of the path, nor a link, nor a move matters. One
//	    that a killed server left is replaced: whoever has the lock owns it.
//	P3  What a request began ends with it: a command that is interrupted takes its copy, its half import and its backup along.
//	P4  Nothing here runs on a document's goroutine.
//
// # What does not hold
//
//   - A compaction is not interrupted: its command is, and it ends by itself. An erasure that is interrupted late has changed the
//     history, and what it took out may still be in files: asked for again, it is finished.
//   - An export has no named versions, and an imported document is created when it is imported.
//   - A process that is killed during an import leaves the document as far as it came. Remove takes it away.
//   - Elsewhere than on Linux the directory's path must fit into a socket's address, about 100 bytes. Where it does not, the
//     server runs without a socket, and the commands say that it has the directory.
//
// # Decisions
//
//   - HTTP over the socket, rather than a protocol of our own: streams, cancellation and errors are there, and curl speaks it.
//   - The commands use the same requests within one process, rather than a second implementation of each.
//   - Backup, copy and import name files by their path or stream them; nothing of a document is in a request's URL but its name.
package ops
