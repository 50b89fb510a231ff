package client

// Copy is the page of another client that takes over what this one has: its content and place, its outstanding submission, which
// keeps the name it was frozen under, and its buffer. With this client's own id it is the same client once more. Neither changes
// the other. What an open has brought so far is no part of it: it is asked for again.
func (p *Pending) Copy(id ClientID) *Pending {
	c := *p
	c.client, c.opening = id, nil
	if id != p.client {
		c.seq = 0
	}
	c.base, c.content = p.base.Snapshot(), p.content.Snapshot()
	if p.outstanding != nil {
		o := *p.outstanding
		c.outstanding = &o
	}
	return &c
}
