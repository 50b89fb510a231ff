package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	client "tandem/client-go"
	"tandem/ot"
)

// author types a script into a section of its own.
type author struct {
	*replica
	script *script
	rng    *rand.Rand
}

func (r *replay) newAuthor(i int) (*author, error) {
	p, err := r.newReplica(fmt.Sprintf("author %d", i+1))
	if err != nil {
		return nil, err
	}
	return &author{replica: p, script: r.scripts[i], rng: rand.New(rand.NewPCG(r.flags.seed, uint64(i)+1))}, nil
}

// makeSections writes all separators, as one operation.
func (a *author) makeSections(ctx context.Context, scripts []*script) error {
	if err := a.doc.Edit(separators(scripts), -1); err != nil {
		return fmt.Errorf("write the separators: %w", err)
	}
	if err := a.doc.WaitSaved(ctx); err != nil {
		return fmt.Errorf("save the separators: %w", err)
	}
	return nil
}

// begin looks where the section is: behind its separator, before which somebody else may have written already.
func (a *author) begin() error {
	return a.doc.Update(func(tx *client.Tx) error {
		text := tx.Text().String()
		from := strings.Index(text, a.script.separator)
		if from < 0 {
			return fmt.Errorf("%s does not find the separator of its section", a.name)
		}
		a.section = ot.UTF16Len(text[:from+len(a.script.separator)])
		return nil
	})
}

// typeAll types everything, and waits until it is saved.
func (a *author) typeAll(ctx context.Context) error {
	rate := a.replay.flags.rate
	began := time.Now()
	for i, op := range a.script.ops {
		if rate > 0 {
			due := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
			if err := sleep(ctx, time.Until(due)); err != nil {
				return err
			}
		}
		if err := a.typeOne(op); err != nil {
			return fmt.Errorf("%s types transaction %d: %w", a.name, i+1, err)
		}
		a.replay.typed.Add(1)
		a.replay.moved.Add(1)
		if rate == 0 {
			if err := a.doc.WaitSaved(ctx); err != nil {
				return err
			}
		}
	}
	return a.doc.WaitSaved(ctx)
}

// typeOne makes one transaction, with the network's faults.
func (a *author) typeOne(op ot.Op) error {
	if len(op) == 0 { // it undid itself
		return nil
	}
	if a.rng.Float64() < a.replay.flags.drop {
		if a.rng.IntN(2) == 0 {
			a.cutAfterWrite.Store(true)
		} else {
			a.conn.Cut()
		}
	}
	return a.doc.Update(func(tx *client.Tx) error {
		if !follows(tx.Text(), a.section, a.script.separator) {
			return fmt.Errorf("the section's separator does not stand before offset %d any more", a.section)
		}
		return tx.Edit(moved(op, a.section), -1)
	})
}

// moved is an operation on a section, made one on the document.
func moved(op ot.Op, by int) ot.Op {
	var b ot.Builder
	b.Retain(by, nil)
	for _, c := range op {
		b.Push(c)
	}
	return b.Op()
}

// follows reports whether what stands before an offset is a separator.
func follows(text *ot.Text, offset int, separator string) bool {
	from := offset - ot.UTF16Len(separator)
	if from < 0 || offset > text.Len() || text.Splits(from) || text.Splits(offset) {
		return false
	}
	var before strings.Builder
	for _, c := range text.Slice(from, offset) {
		before.WriteString(c.Text)
	}
	return before.String() == separator
}
