// Package stack is the test of everything together: real clients, the real server, the real store on a real disk, in virtual time
// (testing/synctest), over a network in memory that is slow, is cut, and stays open and silent; with a disk that is slow, fails,
// and with processes that die.
//
// It has no code but tests. What it checks is what package doc/doctest/sim checks of the pure core: every edit inserts a token of
// its own, and in the end all replicas are equal and every token is there exactly once. It finds what the pure simulation
// cannot: goroutines, sockets, timers, the codec, the store's files. A seed decides what happens, but not in which order goroutines run,
// so a failing seed prints its log of events.
package stack
