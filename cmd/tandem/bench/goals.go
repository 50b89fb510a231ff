package bench

// A goal is what a figure should be of a workload of its usual size. Missing one changes no exit status: machines differ, and so do disks.
type goal struct {
	workload string
	says     string
	most     bool // at most want, or else at least
	want     float64
	unit     string
	got      func(r *Report) *float64 // nil: not measured
}

// goals are all there are. README.md names them too.
var goals = []goal{
	{"hot", "visible p50 ÷ hub-durable", true, 1.15, "×", ratio("hot", "hub-durable", "visible_ms", "p50")},
	{"hot", "visible p99 ÷ hub-durable", true, 1.3, "×", ratio("hot", "hub-durable", "visible_ms", "p99")},
	{"hot", "server CPU per edit ÷ hub-durable", true, 1.15, "×", ratio("hot", "hub-durable", "cpu_us_per_edit")},
	{"hot", "visible p99 ÷ hub", true, 2.1, "×", ratio("hot", "hub", "visible_ms", "p99")},
	{"many", "visible p50 ÷ hub-durable", true, 1.2, "×", ratio("many", "hub-durable", "visible_ms", "p50")},
	{"many", "visible p99 ÷ hub-durable", true, 1.5, "×", ratio("many", "hub-durable", "visible_ms", "p99")},
	{"many", "server CPU per edit ÷ hub-durable", true, 1.3, "×", ratio("many", "hub-durable", "cpu_us_per_edit")},
	{"many", "visible p99", true, 5, "ms", middleOf("many", "visible_ms", "p99")},
	{"saturate", "edits a second ÷ hub-durable", false, 0.8, "×", ratio("saturate", "hub-durable", "edits_per_s")},
	{"saturate", "edits a second ÷ hub-burst", false, 0.6, "×", ratio("saturate", "hub-burst", "edits_per_s")},
	{"saturate", "server CPU per delivery ÷ hub-durable", true, 1.3, "×", ratio("saturate", "hub-durable", "cpu_us_per_delivery")},
	{"idle", "memory per connection from 2,000 to 5,000", true, 7.5, "KiB", step("rss_kib_per_conn")},
	{"idle", "memory in all at 5,000", true, 60, "MiB", step("rss_mib")},
	{"big", "join a document of 1,000,000 letters", true, 15, "ms", middleOf("big", "join_ms")},
	{"big", "come back after 10,000 edits", true, 20, "ms", middleOf("big", "resume_ms")},
	{"big", "bytes for that", true, 100_000, "bytes", middleOf("big", "resume_bytes")},
	{"presence", "visible p99 ÷ the same without carets", true, 3, "×", quotient("presence", "p99", "visible_ms", "before_ms")},
	{"presence", "visible p99", true, 25, "ms", middleOf("presence", "visible_ms", "p99")},
	{"storm", "all back and identical", true, 10_000, "ms", middleOf("storm", "back_ms")},
	{"slow", "private memory grows by", true, 20, "MiB", middleOf("slow", "rss_anon_mib_growth")},
	{"slow", "the others' visible p99 ÷ while all read", true, 2, "×", quotient("slow", "p99", "visible_ms", "before_ms")},
	{"isolation", "visible p50 beside a hot document ÷ hub-durable", true, 2, "×", ratio("isolation", "hub-durable", "beside_hot_ms", "p50")},
	{"isolation", "visible p99 beside a hot document ÷ hub-durable", true, 2, "×", ratio("isolation", "hub-durable", "beside_hot_ms", "p99")},
	{"isolation", "visible p50 beside pastes of 10 MB ÷ hub-durable", true, 2, "×", ratio("isolation", "hub-durable", "beside_paste_ms", "p50")},
	{"isolation", "visible p99 beside pastes of 10 MB ÷ hub-durable", true, 2, "×", ratio("isolation", "hub-durable", "beside_paste_ms", "p99")},
}

func (g *goal) met(got float64) bool {
	if g.most {
		return got <= g.want
	}
	return got >= g.want
}

// ratio is tandem's to a baseline.
func ratio(workload, baseline string, path ...string) func(*Report) *float64 {
	return func(r *Report) *float64 { return number(r.Ratio[workload][baseline], path...) }
}

// middleOf is tandem's median.
func middleOf(workload string, path ...string) func(*Report) *float64 {
	return func(r *Report) *float64 { return number(r.Median[workload][Tandem], path...) }
}

// quotient is of two of tandem's distributions.
func quotient(workload, at, of, by string) func(*Report) *float64 {
	return func(r *Report) *float64 {
		a, b := middleOf(workload, of, at)(r), middleOf(workload, by, at)(r)
		if a == nil || b == nil || *b == 0 {
			return nil
		}
		return some(*a / *b)
	}
}

// step is of the step with 5,000 connections.
func step(figure string) func(*Report) *float64 {
	return func(r *Report) *float64 {
		t, _ := r.Median["idle"][Tandem].(map[string]any)
		steps, _ := t["steps"].([]any)
		for _, s := range steps {
			if conns := number(s, "conns"); conns != nil && *conns == 5000 {
				return number(s, figure)
			}
		}
		return nil
	}
}
