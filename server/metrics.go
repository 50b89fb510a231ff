package server

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tandem/doc"
	"tandem/server/wire"
)

// stageBuckets are the upper bounds of the histograms, in seconds. The default of the latency budget is one of them.
var stageBuckets = []float64{
	10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 500e-3, 1, 2.5, 5, 10,
}

// metrics are what a server tells its operator of itself, in a registry of its own. No label is a document or a client: how many
// series there are is known beforehand. A nil *metrics counts nothing.
type metrics struct {
	registry *prometheus.Registry

	decode, inbox, turn, commit, written, visible prometheus.Observer

	submissions, commits           prometheus.Counter
	framesReceived, framesSent     prometheus.Counter
	bytesReceived, bytesSent       prometheus.Counter
	presenceUpdates, presencesShed prometheus.Counter
	errors                         *prometheus.CounterVec
}

// newMetrics are the metrics of a server.
func newMetrics(s *Server) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.gauge("tandem_connections", "WebSockets that are open.", s.connections)
	m.gauge("tandem_documents", "Documents in memory.", func() int { return s.registry.Loaded() })
	m.gauge("tandem_sessions", "Sessions that are attached to documents.", func() int { return s.registry.Sessions() })
	m.submissions = m.counter("tandem_submissions_total", "Submissions that documents took from their inbox, refused ones included.")
	m.commits = m.counter("tandem_commits_total", "Commits that became durable.")
	m.framesReceived = m.counter("tandem_frames_received_total", "Frames that were read from WebSockets.")
	m.framesSent = m.counter("tandem_frames_sent_total", "Frames that were written to WebSockets.")
	m.bytesReceived = m.counter("tandem_received_bytes_total", "Bytes of the frames that were read, without their headers.")
	m.bytesSent = m.counter("tandem_sent_bytes_total", "Bytes of the frames that were written, without their headers.")
	m.presenceUpdates = m.counter("tandem_presence_updates_total", "Moves of carets, and changes of names, that documents took to send on.")
	m.presencesShed = m.counter("tandem_presence_shed_total",
		"Moves that a later one replaced before they were sent on, while presence was thinned because edits took longer than the latency budget.")
	m.errors = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tandem_errors_total", Help: "Errors that clients were told of, by the code in the protocol: refusals, and sessions that ended.",
	}, []string{"code"})
	stages := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tandem_stage_seconds", Buckets: stageBuckets,
		Help: "Stages of an edit. decode: frame read to its messages handed over. inbox: the oldest submission of a turn, put in to taken. " +
			"turn: begun to handed to the store. commit: handed to durable. written: published to written, the oldest commit of a document in a frame.",
	}, []string{"stage"})
	visible := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "tandem_visible_seconds", Buckets: stageBuckets,
		Help: "From the frame with an edit read to the frame with its commit written, the oldest commit of a document in a frame; readers that do not read included.",
	})
	m.registry.MustRegister(m.errors, stages, visible)
	m.decode, m.inbox = stages.WithLabelValues("decode"), stages.WithLabelValues("inbox")
	m.turn, m.commit = stages.WithLabelValues("turn"), stages.WithLabelValues("commit")
	m.written, m.visible = stages.WithLabelValues("written"), visible
	return m
}

func (m *metrics) gauge(name, help string, value func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) }))
}

func (m *metrics) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	m.registry.MustRegister(c)
	return c
}

// Admin is for operators: /healthz, and with Config.Metrics /metrics. Serve it on an address of its own, which users do not reach: it
// expects no Host and no Origin.
func (s *Server) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.serveHealth)
	if s.metrics != nil {
		mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{MaxRequestsInFlight: scrapesAtOnce}))
	}
	return mux
}

// scrapesAtOnce is how many requests for the metrics are answered at a time.
const scrapesAtOnce = 4

// Turned implements doc.Observer.
func (m *metrics) Turned(submissions int, waited, took time.Duration) {
	if submissions > 0 {
		m.submissions.Add(float64(submissions))
		m.inbox.Observe(waited.Seconds())
	}
	m.turn.Observe(took.Seconds())
}

// Committed implements doc.Observer.
func (m *metrics) Committed(commits int, took time.Duration) {
	m.commits.Add(float64(commits))
	m.commit.Observe(took.Seconds())
}

// Presence implements doc.Observer.
func (m *metrics) Presence(sent, shed int) {
	m.presenceUpdates.Add(float64(sent))
	m.presencesShed.Add(float64(shed))
}

// received counts a frame.
func (m *metrics) received(bytes int) {
	if m != nil {
		m.framesReceived.Inc()
		m.bytesReceived.Add(float64(bytes))
	}
}

// decoded is told when the messages of a frame were handed over.
func (m *metrics) decoded(read doc.Instant) {
	if m != nil {
		m.decode.Observe(doc.Now().Since(read).Seconds())
	}
}

// sent counts a frame.
func (m *metrics) sent(bytes int) {
	if m != nil {
		m.framesSent.Inc()
		m.bytesSent.Add(float64(bytes))
	}
}

// delivered is told when a frame with new commits was written.
func (m *metrics) delivered(oldest doc.Stamps, end doc.Instant) {
	if m == nil {
		return
	}
	m.written.Observe(end.Since(oldest.Published).Seconds())
	if oldest.Read != 0 {
		m.visible.Observe(end.Since(oldest.Read).Seconds())
	}
}

// said counts a message that is an error.
func (m *metrics) said(message wire.Message) {
	if e, ok := message.(wire.Error); ok && m != nil {
		m.errors.WithLabelValues(e.Code.String()).Inc()
	}
}
