//go:build !race

package server_test

// floodBytes is what others type while one does not read.
const floodBytes = 52 << 20
