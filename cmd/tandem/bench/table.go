package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// A row is a line of the table: a figure of each target.
type row struct {
	says  string
	path  []string
	scale string // how it is printed
}

// rows are the figures worth a line, of those that were measured.
var rows = []row{
	{"edits/s", []string{"edits_per_s"}, "%.0f"},
	{"acknowledged p50, ms", []string{"ack_ms", "p50"}, "%.2f"},
	{"acknowledged p99, ms", []string{"ack_ms", "p99"}, "%.2f"},
	{"visible to the others p50, ms", []string{"visible_ms", "p50"}, "%.2f"},
	{"visible to the others p99, ms", []string{"visible_ms", "p99"}, "%.2f"},
	{"before that, visible p50, ms", []string{"before_ms", "p50"}, "%.2f"},
	{"before that, visible p99, ms", []string{"before_ms", "p99"}, "%.2f"},
	{"beside a hot document, p50, ms", []string{"beside_hot_ms", "p50"}, "%.2f"},
	{"beside a hot document, p99, ms", []string{"beside_hot_ms", "p99"}, "%.2f"},
	{"beside pastes, p50, ms", []string{"beside_paste_ms", "p50"}, "%.2f"},
	{"beside pastes, p99, ms", []string{"beside_paste_ms", "p99"}, "%.2f"},
	{"beside imports, p50, ms", []string{"beside_import_ms", "p50"}, "%.2f"},
	{"beside imports, p99, ms", []string{"beside_import_ms", "p99"}, "%.2f"},
	{"pasted per second, MB", []string{"pasted_mb_per_s"}, "%.1f"},
	{"generator late p99, ms", []string{"late_ms", "p99"}, "%.2f"},
	{"server CPU per edit, µs", []string{"cpu_us_per_edit"}, "%.0f"},
	{"server CPU per delivery, µs", []string{"cpu_us_per_delivery"}, "%.2f"},
	{"generator CPU per edit, µs", []string{"generator_cpu_us_per_edit"}, "%.0f"},
	{"bytes to clients per edit", []string{"bytes_out_per_edit"}, "%.0f"},
	{"server's writes per edit", []string{"writes_per_edit"}, "%.2f"},
	{"carets received per second", []string{"carets_per_s"}, "%.0f"},
	{"memory per connection, KiB", []string{"rss_kib_per_conn"}, "%.1f"},
	{"join, ms", []string{"join_ms"}, "%.1f"},
	{"join, bytes", []string{"join_bytes"}, "%.0f"},
	{"come back, ms", []string{"resume_ms"}, "%.1f"},
	{"the first to come back, ms", []string{"resume_first_ms"}, "%.1f"},
	{"come back, bytes", []string{"resume_bytes"}, "%.0f"},
	{"all back, ms", []string{"back_ms"}, "%.0f"},
	{"of those, cut off meanwhile", []string{"cut_off"}, "%.0f"},
	{"private memory grew by, MiB", []string{"rss_anon_mib_growth"}, "%.1f"},
	{"memory at most, MiB", []string{"rss_mib_peak"}, "%.1f"},
	{"private memory at most, MiB", []string{"rss_anon_mib_peak"}, "%.1f"},
}

// Print prints the report for people.
func (r *Report) Print(w io.Writer) error {
	p := &printer{w: w}
	p.line("%s; store on %s, one write and fdatasync of it: %v", r.Machine, r.Filesystem, r.FsyncMs)
	for i := range workloads {
		if r.Median[workloads[i].name] != nil {
			r.printWorkload(p, &workloads[i])
		}
	}
	r.printGoals(p)
	p.line("")
	p.line("Latency counts from when an edit was due. Figures are medians of the runs; ratios are of one round each, and the median of those.")
	return p.err
}

func (r *Report) printWorkload(p *printer, w *workload) {
	plan := r.plans[w.name]
	p.line("")
	p.line("%s: %s", w.name, w.says(plan))
	var targets []string
	for _, t := range Targets() {
		if r.Median[w.name][t] != nil {
			targets = append(targets, t)
		}
	}
	runs := len(r.Results)
	for _, t := range targets {
		runs = min(runs, r.runsOf(w.name, t))
	}
	t := tabwriter.NewWriter(p, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "  median of %s\t%s\n", count(runs, "run"), strings.Join(targets, "\t"))
	for _, row := range rows {
		cells, some := make([]string, len(targets)), false
		for i, target := range targets {
			cells[i] = "–"
			if n := number(r.Median[w.name][target], row.path...); n != nil {
				cells[i], some = fmt.Sprintf(row.scale, *n), true
			}
		}
		if some {
			fmt.Fprintf(t, "  %s\t%s\n", row.says, strings.Join(cells, "\t"))
		}
	}
	p.note(t.Flush())
	for i := range r.Results {
		res := &r.Results[i]
		if res.Workload != w.name {
			continue
		}
		for _, s := range res.Steps {
			p.line("  %d connections: %s MiB, %s KiB for each further one", s.Conns, shown(s.RSS), shown(s.RSSPerConn))
		}
		if res.Error != "" {
			p.line("  %s, run %d: NOT GOOD: %s", res.Target, res.Run, res.Error)
		}
	}
}

func (r *Report) runsOf(workload, target string) (n int) {
	for i := range r.Results {
		if r.Results[i].Workload == workload && r.Results[i].Target == target {
			n++
		}
	}
	return n
}

func shown(n *float64) string {
	if n == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f", *n)
}

// A printer keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) Write(b []byte) (int, error) { return p.w.Write(b) }

func (p *printer) line(format string, args ...any) {
	_, err := fmt.Fprintf(p.w, format+"\n", args...)
	p.note(err)
}

func (p *printer) note(err error) {
	if p.err == nil {
		p.err = err
	}
}
