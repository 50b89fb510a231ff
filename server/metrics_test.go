package server_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"

	"tandem/server"
	"tandem/server/wire"
)

// answer is the answer to a request that comes under a name of nobody.
func answer(h http.Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, "http://nobody.example"+path, nil))
	return w
}

// scrape is what the server tells its operator: by name, with labels.
func (r *rig) scrape() map[string]float64 {
	r.t.Helper()
	w := answer(r.server.Admin(), http.MethodGet, "/metrics")
	require.Equal(r.t, http.StatusOK, w.Code)
	values := map[string]float64{}
	for lines := bufio.NewScanner(strings.NewReader(w.Body.String())); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), " "); ok && name != "#" {
			f, err := strconv.ParseFloat(value, 64)
			require.NoError(r.t, err, lines.Text())
			values[name] = f
		}
	}
	return values
}

func TestMetrics(t *testing.T) {
	r := newRig(t, server.Config{Metrics: true})
	a, b := r.join(), r.join()
	a.open(1, "measured", clientID(1))
	b.open(7, "measured", clientID(2))
	a.edit(1, 1, insert(0, "Hello"))
	a.edit(1, 2, insert(5, " there"))
	b.textBecomes(7, "Hello there")
	b.send(wire.Presence{Channel: 7, Rev: 2, Selection: caretAt(3)})
	next[wire.PresenceUpdate](a)
	at := r.scrape()
	for name, want := range map[string]float64{
		"tandem_connections": 2, "tandem_documents": 1, "tandem_sessions": 2, "tandem_submissions_total": 2, "tandem_commits_total": 2,
		"tandem_presence_shed_total": 0,
	} {
		require.Contains(t, at, name)
		require.Equal(t, want, at[name], name)
	}
	b.send(wire.Submit{Channel: 7, Seq: 1, Base: 2, Op: insert(99, "beyond the end")})
	require.Equal(t, wire.CodeBadOp, next[wire.Error](b).Code)
	require.NoError(t, r.stop()) // when it returns nothing is measured any more

	at = r.scrape()
	for name, least := range map[string]float64{
		`tandem_stage_seconds_count{stage="decode"}`:  8, // each frame
		`tandem_stage_seconds_count{stage="inbox"}`:   3,
		`tandem_stage_seconds_count{stage="turn"}`:    3,
		`tandem_stage_seconds_count{stage="commit"}`:  2,
		`tandem_stage_seconds_count{stage="written"}`: 3, // two acks, and what the other reads in one frame or two
		`tandem_visible_seconds_count`:                3,
		"tandem_presence_updates_total":               1,
		"tandem_frames_received_total":                8,
		"tandem_frames_sent_total":                    8,
		`tandem_errors_total{code="bad-op"}`:          1,
		"go_goroutines":                               1,
		"process_resident_memory_bytes":               1,
	} {
		require.GreaterOrEqual(t, at[name], least, name)
	}
	require.EqualValues(t, 3, at["tandem_submissions_total"], "one was refused")
	require.EqualValues(t, 2, at["tandem_commits_total"])
	require.Zero(t, at["tandem_connections"]+at["tandem_sessions"]+at["tandem_documents"])
	require.Greater(t, at["tandem_received_bytes_total"], at["tandem_frames_received_total"])
	require.Greater(t, at["tandem_sent_bytes_total"], at["tandem_frames_sent_total"])
	sum, stages := at["tandem_visible_seconds_sum"], 0.0
	for _, stage := range []string{"decode", "inbox", "turn", "commit", "written"} {
		took := at[`tandem_stage_seconds_sum{stage="`+stage+`"}`]
		require.Positive(t, took, stage)
		stages += took
	}
	require.Positive(t, sum)
	require.Less(t, sum/at["tandem_visible_seconds_count"], stages, "the way of one is no longer than the stages of all")
}

func TestMetricsAreWellFormed(t *testing.T) {
	r := newRig(t, server.Config{Metrics: true})
	body := answer(r.server.Admin(), http.MethodGet, "/metrics").Body
	problems, err := promlint.New(body).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

// TestAdminIsApart: what is for operators is nowhere on the public address, and only read.
func TestAdminIsApart(t *testing.T) {
	r := newRig(t, server.Config{Metrics: true, AllowHosts: []string{"*"}})
	public := answer(r.server, http.MethodGet, "/metrics")
	require.Equal(t, http.StatusNotFound, public.Code)
	require.NotContains(t, public.Body.String(), "tandem_")
	require.Equal(t, http.StatusOK, answer(r.server.Admin(), http.MethodHead, "/metrics").Code)
	require.Equal(t, http.StatusMethodNotAllowed, answer(r.server.Admin(), http.MethodPost, "/metrics").Code)
	require.Equal(t, http.StatusNotFound, answer(r.server.Admin(), http.MethodGet, "/").Code)
	require.Equal(t, "ok\n", answer(r.server.Admin(), http.MethodGet, "/healthz").Body.String())
	require.NoError(t, r.stop())
	require.Equal(t, http.StatusServiceUnavailable, answer(r.server.Admin(), http.MethodGet, "/healthz").Code)
}

func TestWithoutMetrics(t *testing.T) {
	r := newRig(t, server.Config{})
	p := r.join()
	p.open(1, "not measured", clientID(1))
	p.edit(1, 1, insert(0, "x"))
	require.Equal(t, http.StatusNotFound, answer(r.server.Admin(), http.MethodGet, "/metrics").Code)
	require.Equal(t, http.StatusOK, answer(r.server.Admin(), http.MethodGet, "/healthz").Code)
}

// TestReadmeMetrics: the README's table names the metrics that there are.
func TestReadmeMetrics(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	var named []string
	for _, m := range regexp.MustCompile("`(tandem_[a-z_]+)`").FindAllSubmatch(readme, -1) {
		named = append(named, string(m[1]))
	}
	r := newRig(t, server.Config{Metrics: true})
	p := r.join()
	p.send(wire.Open{Channel: 1, Document: "//", Client: clientID(1)}) // for an error to be counted
	next[wire.Error](p)
	var have []string
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (tandem_[a-z_]+) `).FindAllStringSubmatch(answer(r.server.Admin(), http.MethodGet, "/metrics").Body.String(), -1) {
		have = append(have, m[1])
	}
	slices.Sort(named)
	slices.Sort(have)
	require.Equal(t, have, named)
}
