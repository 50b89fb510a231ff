package client

// A Fault is a bug that a simulation plants to prove that it would find it. The zero Fault is none, and nothing but a
// simulation sets another.
type Fault uint8

// The faults that live in the client.
const (
	// TieReversed has the client decide ties the other way round.
	TieReversed Fault = 1 + iota
	// IgnoreGap takes in whatever revision comes.
	IgnoreGap
	// BufferNotMoved leaves the buffer where it is when commits arrive.
	BufferNotMoved
	// TakeUndecided accepts a snapshot while a submission is undecided.
	TakeUndecided
	// ReuseSequence gives away again what was void, and goes on from the last sequence that the server knows, not from its own last.
	ReuseSequence
)

// Plant sets a fault, for a simulation.
func (p *Pending) Plant(f Fault) { p.fault = f }
