package load

import (
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Durations gathers lengths of time, in nanoseconds.
type Durations struct{ histogram *hdrhistogram.Histogram }

// Durations keep three digits, up to two minutes.
const longest = 120_000_000_000

// NewDurations has nothing yet.
func NewDurations() *Durations { return &Durations{hdrhistogram.New(1, longest, 3)} }

// Add adds one; what is negative counts as nothing, what is longer than two minutes as two minutes.
func (d *Durations) Add(ns int64) {
	_ = d.histogram.RecordValue(min(max(ns, 1), longest)) // within the bounds it takes everything
}

// A Spread is a distribution in milliseconds.
type Spread struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Spread is the distribution; nil: of nothing there is none.
func (d *Durations) Spread() *Spread {
	h := d.histogram
	if h.TotalCount() == 0 {
		return nil
	}
	ms := func(ns int64) float64 { return float64(ns/1000) / 1000 }
	return &Spread{
		P50: ms(h.ValueAtQuantile(50)), P95: ms(h.ValueAtQuantile(95)), P99: ms(h.ValueAtQuantile(99)), Max: ms(h.Max()),
	}
}

func (s *Spread) String() string {
	if s == nil {
		return "not measured"
	}
	return fmt.Sprintf("p50 %.3g, p95 %.3g, p99 %.3g, max %.3g ms", s.P50, s.P95, s.P99, s.Max)
}
