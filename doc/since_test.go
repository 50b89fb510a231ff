package doc_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// TestSinces: what many submit in one turn, each from a revision of its own, is committed as moved over one commit after the other, and no
// commit is written over by what is composed later.
func TestSinces(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 3))
		r := newRig(t, doc.StateConfig{HistoryBytes: 4000 + rng.IntN(40000)})
		const n = 8
		var sessions [n]doc.SessionNumber
		var last [n]doc.Revision
		var seqs [n]doc.Seq
		for i := range n {
			sessions[i] = r.open(byte(i + 1))
		}
		log := []ot.Op{nil}
		lens := []int{0}
		for range 60 {
			head := doc.Revision(len(log) - 1)
			var subs []*doc.Submission
			k := 1 + rng.IntN(n)
			for _, i := range rng.Perm(n)[:k] {
				low := max(r.state.View().Base, last[i], head-40)
				base := low + doc.Revision(rng.IntN(int(head-low)+1))
				if rng.IntN(2) == 0 {
					base = max(low, head-doc.Revision(rng.IntN(3)))
				}
				var b ot.Builder
				left := lens[base]
				for c := 1 + rng.IntN(4); c > 0; c-- {
					if keep := rng.IntN(left + 1); keep > 0 {
						b.Retain(keep, nil)
						left -= keep
					}
					if rng.IntN(3) > 0 || left == 0 {
						b.InsertText(string(rune('a'+i))+string(rune('0'+rng.IntN(10))), nil)
					} else {
						d := 1 + rng.IntN(min(left, 9))
						b.Delete(d)
						left -= d
					}
				}
				op := b.Op()
				if len(op) == 0 {
					continue
				}
				seqs[i]++
				subs = append(subs, &doc.Submission{Session: sessions[i], Name: doc.Name{Client: client(byte(i + 1)), Seq: seqs[i]}, Base: base, Op: op, Bytes: ot.AppendOp(nil, op), Caret: -1})
			}
			effects := r.turn(doc.Inbox{Submissions: subs})
			require.Empty(t, effects)
			v := r.state.View()
			require.Equal(t, head+doc.Revision(len(subs)), v.Place.Rev)
			for j, s := range subs {
				want := s.Op
				for _, over := range log[s.Base+1:] {
					want = ot.Transform(want, over, ot.Left)
				}
				rev := head + doc.Revision(j) + 1
				log = append(log, want)
				lens = append(lens, lens[rev-1]+want.TargetLen()-want.BaseLen())
				for i := range n {
					if client(byte(i+1)) == s.Client {
						last[i] = rev
					}
				}
				if rev > v.Base {
					got := v.Commits[rev-v.Base-1]
					require.Equal(t, ot.AppendOp(nil, want), got.Bytes, "seed %d rev %d", seed, rev)
					require.Equal(t, ot.AppendOp(nil, want), ot.AppendOp(nil, got.Op), "overwritten: seed %d rev %d", seed, rev)
				}
			}
			for i, c := range v.Commits { // nothing was written over
				require.Equal(t, c.Bytes, ot.AppendOp(nil, c.Op), "commit %d", i)
			}
		}
	}
}
