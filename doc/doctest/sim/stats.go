package sim

import (
	"fmt"
	"strings"
	"time"
)

// Stats says what a run consisted of.
type Stats struct {
	Commits, Crashes, FailedCommits, Cuts, Opens, Resubmissions, Snapshots int
	Nights, Backups, Restores, Trims, TrimConflicts, Forgotten, Erasures   int
	Recreated, Full, Asleep, Pages, Copies, PowerCuts, Taken, Offered      int
	Ways                                                                   [ways]int
	Virtual                                                                time.Duration
}

// A Way is one of the ways out of an open that names a submission, or by which it became undecidable.
type Way int

// The ways.
const (
	WayCommitted    Way = iota // since earlier
	WayCommittedNow            // by this open
	WayVoidBelow               // below the floor
	WayVoidEpoch               // of another epoch
	WayVoidDocument            // of another document under the same name
	WayUnknown                 // no record, and below the records floor
	WayRefused                 // no outcome
	WayNoSpace                 // refused for lack of space
	WayForgotten               // committed now, although the record was forgotten: it was made since
	WayAboveRecords            // committed now without a record, above a records floor
	WayVoidNoRecord            // void, and no record
	WayAnotherDoc              // as the client sees it: its page stops
	WayLost                    // as the client sees it: unknown text is offered
	WayBefore                  // as the client sees it: what a restore took is offered
	WayVoidRebased             // as the client sees it: submitted under another name
	ways
)

func (w Way) String() string {
	return [...]string{
		"committed", "committed now", "void: below the floor", "void: new epoch", "void: another document", "unknown: records floor",
		"refused", "refused: no space", "committed now after forgetting", "committed now above the records floor", "void without a record",
		"another document: offered", "unknown: offered", "restored: offered", "void: rebased",
	}[w]
}

// Add adds another run's.
func (s *Stats) Add(o Stats) {
	for _, f := range []struct {
		sum   *int
		other int
	}{
		{&s.Commits, o.Commits},
		{&s.Crashes, o.Crashes},
		{&s.FailedCommits, o.FailedCommits},
		{&s.Cuts, o.Cuts},
		{&s.Opens, o.Opens},
		{&s.Resubmissions, o.Resubmissions},
		{&s.Snapshots, o.Snapshots},
		{&s.Nights, o.Nights},
		{&s.Backups, o.Backups},
		{&s.Restores, o.Restores},
		{&s.Trims, o.Trims},
		{&s.TrimConflicts, o.TrimConflicts},
		{&s.Forgotten, o.Forgotten},
		{&s.Erasures, o.Erasures},
		{&s.Recreated, o.Recreated},
		{&s.Full, o.Full},
		{&s.Asleep, o.Asleep},
		{&s.Pages, o.Pages},
		{&s.Copies, o.Copies},
		{&s.PowerCuts, o.PowerCuts},
		{&s.Taken, o.Taken},
		{&s.Offered, o.Offered},
	} {
		*f.sum += f.other
	}
	for i, n := range o.Ways {
		s.Ways[i] += n
	}
	s.Virtual += o.Virtual
}

func (s Stats) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s virtual, %d commits, %d crashes, %d failed commits, %d cuts, %d opens with %d submissions, %d snapshots; ",
		s.Virtual.Round(time.Hour), s.Commits, s.Crashes, s.FailedCommits, s.Cuts, s.Opens, s.Resubmissions, s.Snapshots)
	fmt.Fprintf(&b, "%d nights, %d backups, %d restores, %d trims and %d too late, %d records forgotten, %d erasures, %d documents made again, "+
		"%d full disks; ", s.Nights, s.Backups, s.Restores, s.Trims, s.TrimConflicts, s.Forgotten, s.Erasures, s.Recreated, s.Full)
	fmt.Fprintf(&b, "%d pages, %d copied, %d power cuts, %d away for weeks, %d tokens taken by restores, %d offered; ways:",
		s.Pages, s.Copies, s.PowerCuts, s.Asleep, s.Taken, s.Offered)
	for i, n := range s.Ways {
		fmt.Fprintf(&b, " %q %d,", Way(i), n)
	}
	return strings.TrimSuffix(b.String(), ",")
}
