package bench

import (
	"fmt"
	"text/tabwriter"
)

// A Verdict is what became of a goal.
type Verdict struct {
	Workload string   `json:"workload"`
	Figure   string   `json:"figure"`
	AtMost   *float64 `json:"at_most"`  // is the goal, or else
	AtLeast  *float64 `json:"at_least"` // this
	Unit     string   `json:"unit"`
	Got      *float64 `json:"got"`  // the median over the rounds
	Low      *float64 `json:"low"`  // of a round
	High     *float64 `json:"high"` // of a round
	Met      *bool    `json:"met"`  // null as well where the workload was of another size than the goal is for
	Bad      int      `json:"bad"`  // runs of this workload that were not good: with one, what is met is not proven
}

// verdicts are of the goals of what was asked for.
func (r *Report) verdicts() []Verdict {
	rounds, all := r.rounds(), []Verdict{}
	for i := range goals {
		g := &goals[i]
		plan, asked := r.plans[g.workload]
		if !asked {
			continue
		}
		v := Verdict{Workload: g.workload, Figure: g.says, AtMost: &g.want, Unit: g.unit, Got: g.got(r)}
		if !g.most {
			v.AtMost, v.AtLeast = nil, &g.want
		}
		if w, _ := workloadOf(g.workload); v.Got != nil && plan.asLargeAs(w.usual) {
			met := g.met(*v.Got)
			v.Met = &met
		}
		for _, round := range rounds {
			if got := g.got(round); got != nil {
				v.Low, v.High = least(v.Low, got), most(v.High, got)
			}
		}
		for i := range r.Results {
			if r.Results[i].Workload == g.workload && !r.Results[i].Identical {
				v.Bad++
			}
		}
		all = append(all, v)
	}
	return all
}

// rounds are a report of each round.
func (r *Report) rounds() (all []*Report) {
	for run := 1; ; run++ {
		round := &Report{plans: r.plans}
		for i := range r.Results {
			if r.Results[i].Run == run {
				round.Results = append(round.Results, r.Results[i])
			}
		}
		if len(round.Results) == 0 {
			return all
		}
		round.compare()
		all = append(all, round)
	}
}

func least(a, b *float64) *float64 {
	if a == nil || *b < *a {
		return b
	}
	return a
}

func most(a, b *float64) *float64 {
	if a == nil || *b > *a {
		return b
	}
	return a
}

// says is the verdict in a word or two.
func (v *Verdict) says() string {
	switch {
	case v.Got == nil && v.Bad > 0:
		return "NOT MEASURED, " + count(v.Bad, "run") + " not good"
	case v.Got == nil:
		return "not measured"
	case v.Met == nil:
		return "of another size"
	case !*v.Met:
		return "MISSED"
	case v.Bad > 0:
		return "met, but " + count(v.Bad, "run") + " not good"
	}
	return "met"
}

// printGoals prints one table of all goals, beside what was got.
func (r *Report) printGoals(p *printer) {
	if len(r.Goals) == 0 {
		return
	}
	p.line("")
	t := tabwriter.NewWriter(p, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "goals\t\tgoal\tgot\trounds\n")
	var met, missed int
	for i := range r.Goals {
		v := &r.Goals[i]
		goal, got, rounds := "", "–", ""
		if v.AtMost != nil {
			goal = "≤ " + figure(*v.AtMost)
		} else {
			goal = "≥ " + figure(*v.AtLeast)
		}
		if v.Got != nil {
			got = figure(*v.Got)
		}
		if v.Low != nil && *v.Low != *v.High {
			rounds = figure(*v.Low) + " to " + figure(*v.High)
		}
		if v.Met != nil && *v.Met {
			met++
		} else if v.Met != nil {
			missed++
		}
		fmt.Fprintf(t, "  %s\t%s\t%s %s\t%s\t%s\t%s\n", v.Workload, v.Figure, goal, v.Unit, got, rounds, v.says())
	}
	p.note(t.Flush())
	p.line("  %s: %d met, %d missed, %d not measured at the size that they are for", count(len(r.Goals), "goal"), met, missed, len(r.Goals)-met-missed)
}

// figure has three digits or so.
func figure(n float64) string {
	if n >= 1000 {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.3g", n)
}
