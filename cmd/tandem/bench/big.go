package bench

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"tandem/cmd/tandem/bench/load"
)

const (
	// pieceLetters is how many letters are typed at once into the big document.
	pieceLetters = 10
	// joins is how many join, one after the other.
	joins = 20
	// returns is how many come back. The first finds nothing composed that others needed.
	returns = 5
)

// runBig types a large document in small pieces, joins it, and comes back to it after others have gone on.
func runBig(ctx context.Context, j *job) error {
	crew, err := load.Gather(ctx, j.target.site, names(1), j.plan.people, 1)
	if err != nil {
		return err
	}
	defer crew.Close()
	if err := j.typeTogether(ctx, crew, j.plan.size/pieceLetters, pieceLetters); err != nil {
		return err
	}
	var took []time.Duration
	for range joins {
		r, err := load.Join(ctx, crew.Site, crew.Clock, crew.Names[0], 1)
		if err != nil {
			return err
		}
		d, bytes := r.Arrival()
		r.Close()
		took, j.result.JoinBytes = append(took, d), some(float64(bytes))
	}
	j.result.JoinMs = some(middle(took))
	if err := j.comeBack(ctx, crew); err != nil {
		return err
	}
	return crew.Compare(ctx)
}

// comeBack has some leave, others type, and measures how they come back.
func (j *job) comeBack(ctx context.Context, crew *load.Crew) error {
	away := make([]*load.Replica, returns)
	for i := range away {
		r, err := load.Join(ctx, crew.Site, crew.Clock, crew.Names[0], 1)
		if err != nil {
			return err
		}
		r.Close()
		away[i] = r
	}
	if err := j.typeTogether(ctx, crew, j.plan.missed, 1); err != nil {
		return err
	}
	var took []time.Duration
	for _, r := range away {
		if err := r.Return(ctx); err != nil {
			return err
		}
		defer r.Close()
		d, bytes := r.Arrival()
		took, j.result.ResumeBytes = append(took, d), some(float64(bytes))
	}
	j.result.ResumeFirstMs = some(ms(took[0]))
	j.result.ResumeMs = some(middle(took))
	crew.Docs[0] = append(crew.Docs[0], away...)
	return crew.Settle(ctx)
}

// typeTogether has everybody type, until so many pieces are in the document.
func (j *job) typeTogether(ctx context.Context, crew *load.Crew, pieces, letters int) error {
	var left atomic.Int64
	left.Store(int64(pieces))
	people := crew.Docs[0]
	for i, r := range people {
		r.Take(r.Len()*i/len(people), jumping(rand.New(rand.NewPCG(j.seed, uint64(i))), &left, letters))
	}
	for _, r := range people {
		if err := r.Start(); err != nil {
			return err
		}
	}
	return crew.Settle(ctx)
}

// middle is the median, in milliseconds.
func middle(took []time.Duration) float64 {
	sorted := slices.Sorted(slices.Values(took))
	return ms(sorted[len(sorted)/2])
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
