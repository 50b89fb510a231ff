//go:build !race

package faults

import (
	"errors"
	"fmt"
	"time"

	client "tandem/client-go"
	"tandem/ot"
)

// read opens documents anew and returns them as they come. An error, in the place of its document, says that one does not come.
func read(url string, docs []string, within time.Duration) (texts []*ot.Text, failures []error, err error) {
	conn, err := client.Connect(url, client.Options{Logger: quiet, BackoffMin: backoffMin, BackoffMax: backoffMax})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	opened := make([]*client.Doc, len(docs))
	for i, name := range docs {
		if opened[i], err = conn.Open(name, kindOf(i)); err != nil {
			return nil, nil, err
		}
	}
	ctx, cancel := until(within)
	defer cancel()
	texts, failures = make([]*ot.Text, len(docs)), make([]error, len(docs))
	for i, d := range opened {
		if failures[i] = d.WaitReady(ctx); failures[i] == nil {
			texts[i] = d.Snapshot()
		}
	}
	return texts, failures, nil
}

// audit holds what the server has now against what was acknowledged before (F1, F2), while authors may go on.
func (c *crowd) audit(url string, saved [][]int) error {
	texts, failures, err := read(url, c.docs, patience)
	if err != nil {
		return err
	}
	var found []error
	for i, name := range c.docs {
		err := failures[i]
		if err == nil {
			err = c.book(i, saved[i]).compare(texts[i].String()).err()
		}
		if err != nil {
			found = append(found, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(found...)
}

// verdict is F1, F2 and F3 when everything has settled, with a server that was started anew.
func (c *crowd) verdict(url string) error {
	found := []error{c.err()}
	for i, name := range c.docs {
		for _, a := range c.authors {
			if a.copies[i].doc.Snapshot().Hash() != c.authors[0].copies[i].doc.Snapshot().Hash() {
				found = append(found, fmt.Errorf("%s: %s and %s have different contents", name, c.authors[0].name, a.name))
			}
		}
	}
	saved, _ := c.saved()
	found = append(found, c.audit(url, saved))
	texts, failures, err := read(url, c.docs, patience)
	if err != nil {
		return err
	}
	for i, name := range c.docs {
		if failures[i] == nil && texts[i].Hash() != c.authors[0].copies[i].doc.Snapshot().Hash() {
			found = append(found, fmt.Errorf("%s: the server has another content than the authors", name))
		}
	}
	return errors.Join(found...)
}
