package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// What a replay can come to.
const (
	identical  = "identical"
	different  = "different"
	incomplete = "incomplete"
)

// report is what a replay has found, as --json prints it.
type report struct {
	Verdict       string   `json:"verdict"`
	Doc           string   `json:"doc"`
	Seed          uint64   `json:"seed"`
	Authors       int      `json:"authors"`
	Readers       int      `json:"readers"`
	Transactions  int      `json:"transactions"` // typed
	Submissions   int      `json:"submissions"`  // frozen and sent, each counted once; the separators are one
	Revisions     int64    `json:"revisions"`    // of the document in the end
	Seconds       float64  `json:"seconds"`      // from the first transaction until all is at every replica
	AckMs         *spread  `json:"ack_ms"`       // from the first send of a submission to its acknowledgement
	VisibleMs     *spread  `json:"visible_ms"`   // from the first send to each other replica
	Reconnects    int      `json:"reconnects"`
	Resubmissions int      `json:"resubmissions"`
	Kills         int      `json:"kills"`    // at random; the one before the content is read is not counted
	Replicas      int      `json:"replicas"` // compared: authors, readers, and the one that reads in the end
	SHA256        string   `json:"sha256"`   // of the content's UTF-8 bytes
	Errors        []string `json:"errors"`
}

// spread is a distribution in milliseconds.
type spread struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// spreadOf sorts samples. Of none there is no distribution.
func spreadOf(samples []time.Duration) *spread {
	if len(samples) == 0 {
		return nil
	}
	slices.Sort(samples)
	at := func(share float64) float64 {
		d := samples[min(len(samples)-1, int(share*float64(len(samples))))]
		return float64(d.Microseconds()) / 1000
	}
	return &spread{P50: at(0.5), P99: at(0.99), Max: at(1)}
}

func (s *spread) String() string {
	if s == nil {
		return "not measured"
	}
	return fmt.Sprintf("p50 %.2f ms, p99 %.2f ms, max %.1f ms", s.P50, s.P99, s.Max)
}

// json prints the report as one object.
func (r *report) json(w io.Writer) error {
	if r.Errors == nil {
		r.Errors = []string{}
	}
	return json.NewEncoder(w).Encode(r)
}

// print prints the report for people.
func (r *report) print(w io.Writer) error {
	_, err := fmt.Fprintf(w, `%s: %d replicas of %q
  %d authors, %d readers: %d transactions in %d submissions, revision %d, %.1f s
  acknowledged  %v
  visible       %v
  %d reconnects, %d resubmissions, %d kills
  sha256 %s
`, r.Verdict, r.Replicas, r.Doc, r.Authors, r.Readers, r.Transactions, r.Submissions, r.Revisions, r.Seconds,
		r.AckMs, r.VisibleMs, r.Reconnects, r.Resubmissions, r.Kills, r.SHA256)
	return err
}
