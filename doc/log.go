package doc

import (
	"context"
	"slices"

	"tandem/ot"
)

const (
	// logEntries is how many commits Log tells of, and how many periods Periods, where no limit is asked for; and at most.
	logEntries = 1000
	// periodCommits is how many commits one call of Periods looks at, at most.
	periodCommits = 100_000
	// periodGap is how long nobody edits between two periods: 5 minutes, in milliseconds. Who edits is compared by slots of as long.
	periodGap = 5 * 60_000
)

// An Entry is what the log tells of a commit.
type Entry struct {
	Rev               Revision
	Time              int64 // in milliseconds since 1970 UTC
	Author            string
	Inserted, Deleted int // UTF-16 code units
}

// Log tells of the commits after from up to to, the oldest first, at most limit (0: 1,000, which is also the most).
func (h *History) Log(ctx context.Context, name string, from, to Revision, limit int) ([]Entry, error) {
	if limit <= 0 || limit > logEntries {
		limit = logEntries
	}
	var entries []Entry
	err := h.read(ctx, name, func(info *Info) error {
		entries = nil
		return h.each(ctx, info, from, to, limit, func(e Entry) bool {
			entries = append(entries, e)
			return true
		})
	})
	return entries, err
}

// A Period is a time in which the same people edited: after it nobody did for five minutes, or it was others who went on.
type Period struct {
	First, Last       Revision
	Begin, End        int64    // times of these, in milliseconds since 1970 UTC
	Authors           []string // in the order of their bytes, each once
	Inserted, Deleted int      // UTF-16 code units
}

// Periods tells of the commits after from up to to, the oldest first, in at most limit periods (0: 1,000, which is also the most).
// Where there is more, the caller goes on after the last revision; a period that was cut there begins anew.
func (h *History) Periods(ctx context.Context, name string, from, to Revision, limit int) ([]Period, error) {
	if limit <= 0 || limit > logEntries {
		limit = logEntries
	}
	var periods []Period
	err := h.read(ctx, name, func(info *Info) error {
		var g periodGatherer
		err := h.each(ctx, info, from, to, periodCommits, func(e Entry) bool {
			g.add(e)
			return len(g.done) <= limit
		})
		g.endSlot()
		periods = g.done[:min(len(g.done), limit)]
		return err
	})
	return periods, err
}

// each calls f with the commits after from up to to, at most limit, until f says no.
func (h *History) each(ctx context.Context, info *Info, from, to Revision, limit int, f func(Entry) bool) error {
	from, err := info.above(from)
	if err != nil {
		return err
	}
	if to, err = info.above(to); err != nil {
		return err
	}
	for to = min(to, from+Revision(limit)); from < to; {
		commits, err := h.composer.read(ctx, info.chain(), from+1, to, readBytes)
		if err != nil {
			return err
		}
		for _, c := range commits {
			e := Entry{Rev: c.Rev, Time: c.Time, Author: c.Author}
			e.Inserted, e.Deleted = changed(c.Op)
			if !f(e) {
				return nil
			}
		}
		from = commits[len(commits)-1].Rev
	}
	return nil
}

// changed is how many code units an operation inserts and deletes.
func changed(op ot.Op) (inserted, deleted int) {
	for _, c := range op {
		switch c.Kind {
		case ot.Insert:
			inserted += c.N
		case ot.Delete:
			deleted += c.N
		}
	}
	return inserted, deleted
}

// periodGatherer makes periods of commits, which come in slots of periodGap: two people who edit at once, by turns, are one period.
type periodGatherer struct {
	done []Period
	slot Period // while it is gathered; First is 0 where it is empty
}

func (g *periodGatherer) add(e Entry) {
	if g.slot.First > 0 && g.slot.Begin/periodGap != e.Time/periodGap {
		g.endSlot()
	}
	s := &g.slot
	if s.First == 0 {
		s.First, s.Begin = e.Rev, e.Time
	}
	s.Last, s.End = e.Rev, e.Time
	s.Inserted += e.Inserted
	s.Deleted += e.Deleted
	if i, found := slices.BinarySearch(s.Authors, e.Author); !found {
		s.Authors = slices.Insert(s.Authors, i, e.Author)
	}
}

// endSlot joins the slot to the last period, or makes it one.
func (g *periodGatherer) endSlot() {
	s := g.slot
	g.slot = Period{}
	if s.First == 0 {
		return
	}
	if n := len(g.done); n > 0 {
		if p := &g.done[n-1]; s.Begin-p.End <= periodGap && slices.Equal(p.Authors, s.Authors) {
			p.Last, p.End = s.Last, s.End
			p.Inserted += s.Inserted
			p.Deleted += s.Deleted
			return
		}
	}
	g.done = append(g.done, s)
}
