// Package pack reads and writes msgpack strictly: the one form of every value that is the shortest, and nothing else.
//
// There are only two types: a Reader, a cursor over bytes that came from outside, and a Writer that appends.
//
// What always holds:
//
//	P1  What a Reader accepts, a Writer writes back byte for byte: a value has one encoding. So bytes can be compared,
//	    hashed and passed on unread.
//	P2  Nothing is allocated because of a length that the input claims: a claim is first held against the bytes left.
//	P3  There is no recursion, so no nesting can exhaust the stack, and no value can be skipped unread.
//	P4  Integers lie within ±(2^53−1), the range that every language of the protocol holds exactly.
//
// Accepted are nil, booleans, integers, UTF-8 strings, binary strings and arrays; floats, maps and extensions are refused.
//
// Why not the msgpack library's Decoder: it accepts longer forms of a value, turns −1 into 4294967295 where an unsigned
// number is asked for, checks no UTF-8, and leaves bytes over without a word; its convenient calls allocate what the input
// claims and recurse as deep as the input nests. A cursor over the bytes is also the fastest way.
//
// Why not its Encoder: it writes what a Writer writes (a test compares them), but through an interface, byte by byte, and has to be
// kept in a pool: more than twice as long for a message of 25 bytes. A Writer is a slice, and stays on its caller's stack.
package pack
