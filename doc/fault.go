package doc

// A Fault is a bug that a simulation plants to prove that it would find it. Production code never sets one: the zero
// Fault is none.
type Fault uint8

// The faults that live in this package.
const (
	// ComposeAcrossOwn hands a session its own commit as everybody else's.
	ComposeAcrossOwn Fault = 1 + iota
	// SnapshotUndecided answers an open whose submission is not decided with a snapshot, as if it had named none.
	SnapshotUndecided
)

// Plant sets a fault, for a simulation.
func (s *State) Plant(f Fault) { s.fault = f }
