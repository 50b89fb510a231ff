package server

import "testing"

// TestWritersEndAndTrim: the timer had fired when they were ended, and waited for the lock.
func TestWritersEndAndTrim(t *testing.T) {
	var p writers
	for range 4 {
		p.rest(&writer{next: make(chan *conn, 1)})
	}
	p.trimIdle() // least is 4
	p.end()
	p.trimIdle()
}
