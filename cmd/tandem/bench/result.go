package bench

import (
	"encoding/json"
	"io"
	"maps"
	"slices"

	"tandem/cmd/tandem/bench/load"
)

// A Result is one run of a workload with a target. What was not measured is null in JSON, never 0.
type Result struct {
	Workload string `json:"workload"`
	Target   string `json:"target"`
	Run      int    `json:"run"` // from 1

	Edits            *float64     `json:"edits"`
	Seconds          *float64     `json:"seconds"` // from when the first edit was due until all were everywhere
	EditsPerSecond   *float64     `json:"edits_per_s"`
	AckMs            *load.Spread `json:"ack_ms"`     // from when an edit was due to its acknowledgement
	VisibleMs        *load.Spread `json:"visible_ms"` // from then until it was applied at each of the others
	LateMs           *load.Spread `json:"late_ms"`    // from when an edit was due until the generator came to it
	CPUPerEdit       *float64     `json:"cpu_us_per_edit"`
	CPUPerDelivery   *float64     `json:"cpu_us_per_delivery"`
	GeneratorPerEdit *float64     `json:"generator_cpu_us_per_edit"`
	BytesOutPerEdit  *float64     `json:"bytes_out_per_edit"` // read by all clients together
	WritesPerEdit    *float64     `json:"writes_per_edit"`    // system calls of the server
	Commits          *float64     `json:"commits"`            // nobody counts them from outside of the server
	Fsyncs           *float64     `json:"fsyncs"`             // nor these
	RSSPeak          *float64     `json:"rss_mib_peak"`
	RSSAnonPeak      *float64     `json:"rss_anon_mib_peak"`
	RSSAnonGrowth    *float64     `json:"rss_anon_mib_growth"` // slow: while the readers do not read
	RSSPerConn       *float64     `json:"rss_kib_per_conn"`    // idle: of the last step
	Steps            []Step       `json:"steps"`               // idle
	JoinMs           *float64     `json:"join_ms"`             // big: from the open to the content; the median of some joins
	JoinBytes        *float64     `json:"join_bytes"`
	ResumeMs         *float64     `json:"resume_ms"` // big: from the open to the content; the median of some who come back
	ResumeFirstMs    *float64     `json:"resume_first_ms"`
	ResumeBytes      *float64     `json:"resume_bytes"`
	BackMs           *float64     `json:"back_ms"`          // storm, slow: until everybody is back and up to date
	BeforeMs         *load.Spread `json:"before_ms"`        // visible_ms without carets (presence), while all read (slow), of quiet documents alone (isolation)
	BesideHotMs      *load.Spread `json:"beside_hot_ms"`    // isolation: visible in quiet documents; before_ms is without anything beside
	BesidePasteMs    *load.Spread `json:"beside_paste_ms"`  // isolation
	BesideImportMs   *load.Spread `json:"beside_import_ms"` // isolation
	PastedPerSecond  *float64     `json:"pasted_mb_per_s"`  // isolation
	CutOff           *float64     `json:"cut_off"`          // slow: how many of those who did not read had to connect again
	CaretsPerSecond  *float64     `json:"carets_per_s"`     // presence: carets of others that came, at all clients together
	Identical        bool         `json:"identical"`        // every replica, and somebody who joined in the end
	Error            string       `json:"error,omitempty"`  // why it was not
}

// A Step is so many idle connections.
type Step struct {
	Conns      int      `json:"conns"`
	RSS        *float64 `json:"rss_mib"`
	RSSPerConn *float64 `json:"rss_kib_per_conn"` // of those that this step added
}

// A Report is everything that was measured.
type Report struct {
	Machine    string       `json:"machine"`
	Filesystem string       `json:"filesystem"`
	FsyncMs    *load.Spread `json:"fsync_ms"`
	Seed       uint64       `json:"seed"`
	Results    []Result     `json:"results"`
	// Median has what a result has, by workload and target: the median over the runs.
	Median map[string]map[string]any `json:"median"`
	// Ratio has the same, of tandem to each baseline: the median over the rounds of what was measured in one round.
	Ratio map[string]map[string]any `json:"ratio"`
	// Goals are those of the workloads that were asked for.
	Goals []Verdict `json:"goals"`

	plans map[string]plan // by workload: of all that were asked for
}

// JSON prints the report as one object.
func (r *Report) JSON(w io.Writer) error { return json.NewEncoder(w).Encode(r) }

// Identical reports that every run was.
func (r *Report) Identical() bool {
	return !slices.ContainsFunc(r.Results, func(r Result) bool { return !r.Identical })
}

// conclude makes all else of Results.
func (r *Report) conclude() {
	r.compare()
	r.Goals = r.verdicts()
}

// compare makes Median and Ratio.
func (r *Report) compare() {
	r.Median, r.Ratio = map[string]map[string]any{}, map[string]map[string]any{}
	rounds := map[string]map[string][]any{}
	for i := range r.Results {
		res := &r.Results[i]
		if rounds[res.Workload] == nil {
			rounds[res.Workload] = map[string][]any{}
		}
		rounds[res.Workload][res.Target] = append(rounds[res.Workload][res.Target], tree(res))
	}
	for workload, targets := range rounds {
		r.Median[workload], r.Ratio[workload] = map[string]any{}, map[string]any{}
		for target, runs := range targets {
			r.Median[workload][target] = median(runs)
			if target == Tandem || len(targets[Tandem]) != len(runs) {
				continue
			}
			ratios := make([]any, len(runs))
			for i := range runs {
				ratios[i] = divide(targets[Tandem][i], runs[i])
			}
			r.Ratio[workload][target] = median(ratios)
		}
	}
}

// tree is a result as JSON has it, without what names it.
func tree(r *Result) map[string]any {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // it has nothing but numbers and words in it
	}
	var t map[string]any
	if err := json.Unmarshal(text, &t); err != nil {
		panic(err)
	}
	for _, name := range []string{"workload", "target", "run", "error"} {
		delete(t, name)
	}
	return t
}

// median goes through values of one shape: of numbers it is the median of those that are there, of booleans whether all hold.
func median(values []any) any {
	var numbers []float64
	all := true
	fields := map[string][]any{}
	var lists [][]any
	for _, v := range values {
		switch v := v.(type) {
		case float64:
			numbers = append(numbers, v)
		case bool:
			all = all && v
		case map[string]any:
			for name, field := range v {
				fields[name] = append(fields[name], field)
			}
		case []any:
			lists = append(lists, v)
		}
	}
	switch {
	case len(numbers) > 0:
		slices.Sort(numbers)
		n := len(numbers)
		return (numbers[(n-1)/2] + numbers[n/2]) / 2
	case len(fields) > 0:
		out := map[string]any{}
		for name, field := range fields {
			out[name] = median(field)
		}
		return out
	case len(lists) > 0:
		var out []any
		for i := range lists[0] {
			var at []any
			for _, l := range lists {
				if i < len(l) {
					at = append(at, l[i])
				}
			}
			out = append(out, median(at))
		}
		return out
	}
	if _, ok := values[0].(bool); ok {
		return all
	}
	return nil
}

// divide goes through two values of one shape. What is no number, or would be divided by nothing, is nil.
func divide(a, b any) any {
	switch a := a.(type) {
	case float64:
		if b, ok := b.(float64); ok && b != 0 {
			return a / b
		}
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok {
			return nil
		}
		out := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(a)) {
			out[name] = divide(a[name], b[name])
		}
		return out
	}
	return nil
}

// number is a value in a tree; nil: it is not there, or no number.
func number(t any, path ...string) *float64 {
	for _, name := range path {
		fields, ok := t.(map[string]any)
		if !ok {
			return nil
		}
		t = fields[name]
	}
	if n, ok := t.(float64); ok {
		return &n
	}
	return nil
}
