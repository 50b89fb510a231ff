package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

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

// TestGoals: each says of itself whether it is met, and of what was not measured neither.
func TestGoals(t *testing.T) {
	fast, slow := concluded(hot(Tandem, 1, 1.15, 115), hot("hub-durable", 1, 1, 100)), concluded(hot(Tandem, 1, 1.16, 116), hot("hub-durable", 1, 1, 100))
	verdicts := func(r *Report) (met, missed, silent int) {
		for i := range goals {
			switch got := goals[i].got(r); {
			case got == nil:
				silent++
			case goals[i].met(*got):
				met++
			default:
				missed++
			}
		}
		return met, missed, silent
	}
	met, missed, silent := verdicts(fast)
	require.Equal(t, []int{3, 0, len(goals) - 3}, []int{met, missed, silent})
	met, missed, _ = verdicts(slow)
	require.Equal(t, []int{1, 2}, []int{met, missed})
	least := goal{want: 0.8}
	require.True(t, least.met(0.8))
	require.False(t, least.met(0.79))
}

// TestGoalsOfSizes: goals for one size say nothing of another.
func TestGoalsOfSizes(t *testing.T) {
	big := Result{Workload: "big", Target: Tandem, Run: 1, JoinMs: some(3), ResumeMs: some(4), Identical: true}
	idle := Result{Workload: "idle", Target: Tandem, Run: 1, Identical: true, Steps: []Step{{Conns: 2000, RSS: some(30)}, {Conns: 5000, RSS: some(50), RSSPerConn: some(6)}}}
	r := concluded(big, idle)
	got := map[string]float64{}
	for i := range goals {
		if v := goals[i].got(r); v != nil {
			got[goals[i].says] = *v
		}
	}
	require.Equal(t, map[string]float64{
		"join a document of 1,000,000 letters": 3, "come back after 10,000 edits": 4,
		"memory per connection from 2,000 to 5,000": 6, "memory in all at 5,000": 50,
	}, got)
	r.plans["big"] = plan{size: 10_000_000, missed: 100_000}
	for i := range goals {
		if goals[i].workload == "big" {
			require.Nil(t, goals[i].got(r), goals[i].says)
		}
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
	require.Regexp(t, `visible p50 ÷ hub-durable +≤ 1\.15 × +1\.1 +met`, text)
	require.Regexp(t, `visible p99 ÷ hub +≤ 2\.1 × +0\.55 +met`, text)
	require.Contains(t, text, "hub, run 1: NOT GOOD: the replicas differ")
	require.NotContains(t, text, "join")
	require.NotContains(t, text, "many:")
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
