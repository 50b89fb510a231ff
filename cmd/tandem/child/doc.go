// Package child runs this program once more, as a process of its own that never outlives its parent: a server that is killed and
// started again, or a tool that may die of what it reads.
//
// There are only three types: Server, a server on one port, which it keeps over restarts; and two ends for what a process writes,
// FirstLine and Tail, which keep a bounded part of it.
package child
