//go:build race

package server_test

// floodBytes is what others type while one does not read. With the race detector it takes six times as long.
const floodBytes = 8 << 20
