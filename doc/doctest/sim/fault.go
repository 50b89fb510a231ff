package sim

// A Fault is a bug that is planted.
type Fault string

// The planted bugs. None is the production code.
const (
	None              Fault = ""
	AckBeforeCommit   Fault = "acknowledge before the commit"
	RepeatFromMemory  Fault = "acknowledge a repeat from memory"
	TieReversed       Fault = "tie reversed on one side"
	DedupBySocket     Fault = "duplicates recognised by socket"
	GapIgnored        Fault = "gap in revisions ignored"
	BufferNotMoved    Fault = "buffer not transformed"
	ComposeAcrossOwn  Fault = "catch-up composed across the own commit"
	SnapshotUndecided Fault = "snapshot to an undecided client"
	ForgetSilently    Fault = "record forgotten, records floor not raised"
	TrimAnyEpoch      Fault = "trimmed without a look at the epoch"
	VoidForRefused    Fault = "void said of what is refused"
	RestoreOldEpoch   Fault = "restored under the old epoch"
	SequenceReused    Fault = "sequence given away twice"
	FreezeRelaxed     Fault = "submission sent before it is stored for good"
	StoredForAll      Fault = "stored text taken over by every page"
)

// Faults are all of them, each with the number of seeds within which it is found.
var Faults = map[Fault]uint64{
	AckBeforeCommit: 50, RepeatFromMemory: 100, TieReversed: 50, DedupBySocket: 50, GapIgnored: 50, BufferNotMoved: 50,
	ComposeAcrossOwn: 50, SnapshotUndecided: 50,
	ForgetSilently: 100, TrimAnyEpoch: 100, VoidForRefused: 1000, RestoreOldEpoch: 50, SequenceReused: 50,
	FreezeRelaxed: 100, StoredForAll: 100,
}
