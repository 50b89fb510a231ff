// Package wire is what a client and a server say to each other: the messages, their bytes, and the codes that end things.
// PROTOCOL.md says it in full, for whoever writes a client in another language; its examples are executed by the tests.
//
// There are only four kinds of type: a struct for each message, the codes (Code, CloseCode, Outcome), Limits, and the readers of a
// frame (ClientFrame, ServerFrame).
//
//	frame    = message { message }            one binary WebSocket message
//	message  = [kind, field, …]               a msgpack array of exactly the fields of its kind
//	place    = [document id, epoch, revision, lineage]
//
// What always holds:
//
//	W1  A message has one encoding. What is decoded is appended again byte for byte, and what is not that encoding is refused:
//	    another number of fields, another type, a longer form of a number, text that is not UTF-8, bytes left over.
//	W2  Nothing is allocated because of a count that the frame claims, beyond what its bytes can hold.
//	W3  Messages are handed over in the order of the frame. A frame is bad from its first bad message on: those before it
//	    were handed over, none after it are.
//	W4  The bytes of an op are encoded once. Commits, Snapshot and Submit carry them beside the op; appending such a message
//	    copies them.
//	W5  OpBytes of a decoded message are a part of the frame, which must then stay as it is for as long as they are used (a
//	    commit: for as long as it is in history). All else is a copy.
//	W6  Decoding judges the message alone. Whether a channel is open, a name allowed, an op within its document, is the
//	    receiver's to say.
//
// What does not hold: the encoders check nothing. A message with channel 0, or a name beyond its limit, is a mistake of the
// program; its reader refuses it. Only the text of an Error is cut to its limit, since it often comes from elsewhere.
//
// Why arrays and not maps: a map needs a rule for unknown, missing and repeated keys, and takes three times the bytes. A new
// field is a new protocol version, named in the subprotocol and in hello.
//
// Why one bad message ends the connection, not its session: the strict reader skips nothing unread (pack's P3), so behind a
// bad message it does not know where the next one starts.
//
// What costs what: to read a submit of one letter takes one allocation, its op's. Reading the op, with that allocation, is half of the
// time; the rest is spread over the fields. A Message made of a Submit or of Commits would be another allocation: ReadClient and ReadServer
// give those without it, and DecodeClient and DecodeServer are for whoever does not mind. Appending takes none.
package wire
