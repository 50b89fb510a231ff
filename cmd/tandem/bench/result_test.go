package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/cmd/tandem/bench/load"
)

// hot is a result of hot with these figures.
func hot(target string, run int, p50, cpu float64) Result {
	return Result{
		Workload: "hot", Target: target, Run: run, Identical: true,
		VisibleMs: &load.Spread{P50: p50, P95: 2 * p50, P99: 3 * p50, Max: 4 * p50}, CPUPerEdit: &cpu,
	}
}

func concluded(results ...Result) *Report {
	r := &Report{Results: results, plans: map[string]plan{}}
	for i := range workloads {
		r.plans[workloads[i].name] = workloads[i].plan(&Config{})
	}
	r.conclude()
	return r
}

// TestRatioOfRounds: a ratio is of what was measured in one round, so that a slow round counts for both.
func TestRatioOfRounds(t *testing.T) {
	r := concluded(
		hot(Tandem, 1, 1.1, 110), hot("hub-durable", 1, 1, 100),
		hot(Tandem, 2, 11, 120), hot("hub-durable", 2, 10, 100),
		hot(Tandem, 3, 1.1, 130), hot("hub-durable", 3, 0.5, 100),
	)
	require.InDelta(t, 1.1, *number(r.Median["hot"][Tandem], "visible_ms", "p50"), 1e-9)
	require.InDelta(t, 1, *number(r.Median["hot"]["hub-durable"], "visible_ms", "p50"), 1e-9)
	require.InDelta(t, 1.1, *number(r.Ratio["hot"]["hub-durable"], "visible_ms", "p50"), 1e-9)
	require.InDelta(t, 1.2, *number(r.Ratio["hot"]["hub-durable"], "cpu_us_per_edit"), 1e-9)
	require.Nil(t, number(r.Ratio["hot"]["hub-durable"], "join_ms"), "what was not measured has no ratio")
	require.NotContains(t, r.Ratio["hot"], Tandem)
	require.Equal(t, true, r.Median["hot"][Tandem].(map[string]any)["identical"])
}

func TestMedian(t *testing.T) {
	require.Equal(t, 2.0, median([]any{3.0, 1.0, 2.0}))
	require.Equal(t, 1.5, median([]any{2.0, 1.0}))
	require.Equal(t, 1.0, median([]any{nil, 1.0}), "of those that are there")
	require.Nil(t, median([]any{nil, nil}))
	require.Equal(t, false, median([]any{true, false}))
	require.Equal(t, []any{map[string]any{"a": 2.0}}, median([]any{[]any{map[string]any{"a": 1.0}}, []any{map[string]any{"a": 3.0}}}))
}

// TestNotMeasuredIsNull: never 0, and never left out.
func TestNotMeasuredIsNull(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, concluded(hot(Tandem, 1, 1, 1)).JSON(&out))
	var report map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &report))
	require.Nil(t, report["fsync_ms"])
	row := report["results"].([]any)[0].(map[string]any)
	for _, name := range []string{
		"edits", "seconds", "edits_per_s", "ack_ms", "cpu_us_per_delivery", "bytes_out_per_edit", "writes_per_edit",
		"commits", "fsyncs", "rss_mib_peak", "rss_anon_mib_peak", "rss_kib_per_conn", "join_ms", "resume_ms", "resume_bytes",
	} {
		value, there := row[name]
		require.True(t, there, name)
		require.Nil(t, value, name)
	}
	require.Equal(t, 1.0, row["cpu_us_per_edit"])
}

// verdicts are in how many goals a report's were met, missed, and neither.
func verdicts(r *Report) (met, missed, neither int) {
	for i := range r.Goals {
		switch v := &r.Goals[i]; {
		case v.Met == nil:
			neither++
		case *v.Met:
			met++
		default:
			missed++
		}
	}
	return met, missed, neither
}

// TestGoals: each says of itself whether it is met, and of what was not measured neither.
func TestGoals(t *testing.T) {
	met, missed, neither := verdicts(concluded(hot(Tandem, 1, 1.15, 115), hot("hub-durable", 1, 1, 100)))
	require.Equal(t, []int{3, 0, len(goals) - 3}, []int{met, missed, neither})
	met, missed, _ = verdicts(concluded(hot(Tandem, 1, 1.16, 116), hot("hub-durable", 1, 1, 100)))
	require.Equal(t, []int{1, 2}, []int{met, missed})
	least := goal{want: 0.8}
	require.True(t, least.met(0.8))
	require.False(t, least.met(0.79))
}

// TestGoalOfRounds: a goal is met or missed by the median, beside the best and the worst round; a run that was not good shows.
func TestGoalOfRounds(t *testing.T) {
	bad := hot(Tandem, 3, 1.1, 100)
	bad.Identical = false
	r := concluded(
		hot(Tandem, 1, 1.1, 110), hot("hub-durable", 1, 1, 100),
		hot(Tandem, 2, 1, 120), hot("hub-durable", 2, 1, 100),
		bad, hot("hub-durable", 3, 0.5, 100),
	)
	v := r.Goals[0]
	require.Equal(t, "visible p50 ÷ hub-durable", v.Figure)
	require.InDeltaSlice(t, []float64{1.15, 1.1, 1, 2.2}, []float64{*v.AtMost, *v.Got, *v.Low, *v.High}, 1e-9)
	require.Nil(t, v.AtLeast)
	require.True(t, *v.Met)
	require.Equal(t, "met, but 1 run not good", v.says())
	missed := r.Goals[2]
	require.Equal(t, "server CPU per edit ÷ hub-durable", missed.Figure)
	require.Equal(t, "met, but 1 run not good", missed.says(), "of 1, 1.1 and 1.2")
}

// TestGoalsOfSizes: goals for one size say nothing of another.
func TestGoalsOfSizes(t *testing.T) {
	big := Result{Workload: "big", Target: Tandem, Run: 1, JoinMs: some(3), ResumeMs: some(4), Identical: true}
	idle := Result{Workload: "idle", Target: Tandem, Run: 1, Identical: true, Steps: []Step{{Conns: 2000, RSS: some(30)}, {Conns: 5000, RSS: some(50), RSSPerConn: some(6)}}}
	r := concluded(big, idle)
	got := map[string]float64{}
	for _, v := range r.Goals {
		if v.Met != nil {
			got[v.Figure] = *v.Got
		}
	}
	require.Equal(t, map[string]float64{
		"join a document of 1,000,000 letters": 3, "come back after 10,000 edits": 4,
		"memory per connection from 2,000 to 5,000": 6, "memory in all at 5,000": 50,
	}, got)
	for name, c := range map[string]Config{"big": {Size: 10_000_000}, "idle": {Docs: 50}} {
		w, err := workloadOf(name)
		require.NoError(t, err)
		r.plans[name] = w.plan(&c)
	}
	r.conclude()
	met, missed, neither := verdicts(r)
	require.Equal(t, []int{0, 0, len(goals)}, []int{met, missed, neither})
	require.Equal(t, "of another size", r.Goals[slices.IndexFunc(r.Goals, func(v Verdict) bool { return v.Workload == "big" })].says())
	w, _ := workloadOf("storm")
	require.True(t, w.plan(&Config{Long: true}).asLargeAs(w.usual), "more connections")
}

// TestPlans: what all and long change, and that a flag changes it back.
func TestPlans(t *testing.T) {
	planned := func(name string, c Config) plan {
		w, err := workloadOf(name)
		require.NoError(t, err)
		return w.plan(&c)
	}
	require.Equal(t, plan{targets: []string{Tandem}, docs: 1, people: 20, rate: 10, duration: DefaultDuration, runs: DefaultRuns}, planned("hot", Config{}))
	require.Equal(t, plan{targets: Targets(), docs: 1, people: 20, rate: 10, duration: 8 * time.Second, runs: 3}, planned("hot", Config{All: true}))
	require.Equal(t, []string{Tandem, "hub-durable", "hub-burst"}, planned("many", Config{All: true}).targets)
	require.Equal(t, Targets(), planned("many", Config{All: true, Long: true}).targets)
	require.Equal(t, []string{Tandem}, planned("many", Config{All: true, URL: "ws://host/ws"}).targets, "baselines would run elsewhere")
	require.Equal(t, []string{"hub"}, planned("hot", Config{All: true, Targets: []string{"hub"}}).targets)
	require.Equal(t, []string{Tandem}, planned("idle", Config{Targets: Targets()}).targets, "the others have no documents")
	require.Equal(t, 7, planned("hot", Config{All: true, Long: true, Runs: 7}).runs)
	for _, c := range []Config{{All: true}, {All: true, Long: true}} {
		named, err := c.named()
		require.NoError(t, err)
		require.Equal(t, c.Long, slices.ContainsFunc(named, func(w *workload) bool { return w.name == "huge" }))
	}
}

// TestTable: a row for what was measured, none for what was not, and a word for each goal.
func TestTable(t *testing.T) {
	bad := hot("hub", 1, 2, 3)
	bad.Identical, bad.Error = false, "the replicas differ"
	var out bytes.Buffer
	require.NoError(t, concluded(hot(Tandem, 1, 1.1, 110), hot("hub-durable", 1, 1, 100), bad).Print(&out))
	text := out.String()
	require.Contains(t, text, "hot: 1 document with 20 people each, 10 edits a second each, scheduled")
	require.Regexp(t, `visible to the others p50, ms +1\.10 +1\.00 +2\.00`, text)
	require.Regexp(t, `hot +visible p50 ÷ hub-durable +≤ 1\.15 × +1\.1 +met, but 1 run not good`, text)
	require.Regexp(t, `hot +visible p99 ÷ hub +≤ 2\.1 × +0\.55 +met`, text)
	require.Regexp(t, `many +visible p99 +≤ 5 ms +– +not measured`, text)
	require.Contains(t, text, "goals: 4 met, 0 missed, ")
	require.Contains(t, text, "hub, run 1: NOT GOOD: the replicas differ")
	require.NotContains(t, text, "join, ms")
	require.NotContains(t, text, "many:")
	require.NotContains(t, text, " \n", "nothing is behind the last column")
	require.False(t, strings.Contains(text, "NaN") || strings.Contains(text, "nil"), text)
}

func TestIdleSteps(t *testing.T) {
	require.Equal(t, []int{500, 2000, 5000}, idleSteps(5000))
	require.Equal(t, []int{500, 2000, 5000, 15_000}, idleSteps(15_000))
	require.Equal(t, []int{2, 8, 20}, idleSteps(20))
}

// TestReadmeGoals: the README's goals are these, in this order.
func TestReadmeGoals(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	table := "| workload | figure | goal |\n|---|---|---|\n"
	for i := range goals {
		g := &goals[i]
		than := "≥"
		if g.most {
			than = "≤"
		}
		table += fmt.Sprintf("| %s | %s | %s %s %s |\n", g.workload, g.says, than, strconv.FormatFloat(g.want, 'f', -1, 64), g.unit)
	}
	require.Contains(t, string(readme), table+"\n")
}
