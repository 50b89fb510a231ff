//go:build unix

package server_test

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/cmd/tandem/bench/load"
)

// What the server needs of memory for one thing more: many are made, and what is in use then, less what was before, is divided by how many
// they are. In use is what a collection leaves on the heap, and the stacks. It is the server's alone: a client is the number of a socket
// (seat_test.go) or is gone. The kernel's buffers, the poller's records and what the heap has in reserve are not in it: what a whole
// process takes is measured by tandem bench idle.

// inUse is in bytes.
func inUse() float64 {
	runtime.GC()
	runtime.GC() // what was pooled goes with the second one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

// BenchmarkConnectionCost is an idle connection that has said hello, then one session on each, then eight more on each, in 500 documents
// that are in memory before.
func BenchmarkConnectionCost(b *testing.B) {
	const conns, documents, further = 1000, 500, 8
	var welcomed, first, others float64
	for b.Loop() {
		h := newHost(b, b.TempDir())
		h.write(documents)
		for i := range documents {
			s := h.sit()
			s.open(i)
			require.NoError(b, s.stand())
		}
		at := []float64{inUse()}
		seats := make([]*seat, conns)
		for i := range seats {
			seats[i] = h.sit()
		}
		at = append(at, inUse())
		for i, s := range seats {
			s.open(i % documents)
		}
		at = append(at, inUse())
		for i, s := range seats {
			for k := range further {
				s.open((i + 1 + k) % documents)
			}
		}
		at = append(at, inUse())
		welcomed, first, others = (at[1]-at[0])/conns, (at[2]-at[1])/conns, (at[3]-at[2])/(conns*further)
		h.close(seats)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(welcomed, "B/connection")
	b.ReportMetric(first, "B/first-session")
	b.ReportMetric(others, "B/further-session")
}

// BenchmarkDocumentCost is a document of a line that was loaded from the store and has no session, and then one session on each, 50 of
// them on a connection that is there before.
func BenchmarkDocumentCost(b *testing.B) {
	const documents, channels = 1000, 50
	var empty, attached float64
	for b.Loop() {
		dir := b.TempDir()
		h := newHost(b, dir)
		h.write(documents)
		seats := make([]*seat, documents/channels)
		for i := range seats {
			seats[i] = h.sit()
		}
		at := []float64{inUse()}
		for i := range documents {
			s := seats[i/channels]
			s.leave(s.open(i))
		}
		at = append(at, inUse())
		for i := range documents {
			seats[i/channels].open(i)
		}
		at = append(at, inUse())
		empty, attached = (at[1]-at[0])/documents, (at[2]-at[1])/documents
		h.close(seats)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(empty, "B/document")
	b.ReportMetric(attached, "B/its-session")
}

// BenchmarkTextCost is a megabyte (10^6 letters of ASCII prose) that eight people type into one document in pieces of ten, going elsewhere
// now and then: the second one, for with the first comes history in memory, which is bounded and reported apart; and the same when it
// is loaded again.
func BenchmarkTextCost(b *testing.B) {
	const megabyte = 1_000_000
	var typed, history, loaded float64
	for b.Loop() {
		dir := b.TempDir()
		h := newHost(b, dir)
		s := h.sit()
		s.leave(s.open(0)) // from here on it is in memory
		at := []float64{inUse()}
		for range 2 {
			h.typeTogether(megabyte)
			at = append(at, inUse())
		}
		typed, history = at[2]-at[1], at[1]-at[0]-(at[2]-at[1])
		h.close([]*seat{s})
		h = newHost(b, dir)
		s = h.sit()
		before := inUse()
		s.leave(s.open(0))
		loaded = (inUse() - before) / 2
		h.close([]*seat{s})
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(typed/1e3, "kB/typed-MB")
	b.ReportMetric(loaded/1e3, "kB/loaded-MB")
	b.ReportMetric(history/1e3, "kB/history")
}

// typeTogether types so many letters into document 0.
func (h *host) typeTogether(letters int) {
	const people, piece, seed = 8, 10, 1
	site := &load.Site{URL: "ws" + strings.TrimPrefix(h.listener.URL, "http") + "/ws"}
	crew, err := load.Gather(h.b.Context(), site, []string{name(0)}, people, 1)
	require.NoError(h.b, err)
	defer crew.Close()
	for i, r := range crew.All() {
		random, left := rand.New(rand.NewPCG(seed, uint64(i))), letters/people/piece
		r.Take(r.Len()*i/people, func(length int) (load.Edit, bool) {
			left--
			e := load.Edit{At: -1, Text: prose[random.IntN(len(prose)-piece):][:piece]}
			if random.IntN(50) == 0 {
				e.At = random.IntN(length + 1)
			}
			return e, left >= 0
		})
	}
	require.NoError(h.b, crew.Each((*load.Replica).Start))
	require.NoError(h.b, crew.Settle(h.b.Context()))
}

const prose = "the quick brown fox jumps over the lazy dog, and then some more "

// TestSeat: somebody in a seat has a session like others, also beside one that has ended.
func TestSeat(t *testing.T) {
	h := newHost(t, t.TempDir())
	h.write(1)
	a, b := h.sit(), h.sit()
	ch := a.open(0)
	b.open(0)
	a.leave(a.open(0))
	require.NoError(t, b.stand())
	a.submit(ch, 1, 1)
	h.close([]*seat{a})
}
