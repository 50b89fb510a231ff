package baseline

import (
	"sync"

	"github.com/gorilla/websocket"

	"tandem/doc"
	"tandem/server/wire"
)

// frameBytes is how much is gathered in one frame, as in the server.
const frameBytes = 64 << 10

// A committer is the one goroutine that writes the log, for all documents. It does not wait for more to come.
type committer struct {
	log   *log
	wake  chan struct{} // holds one
	ended chan struct{} // closed when it has ended
	err   error         // why, once it has

	// Guarded by mu.
	mu     sync.Mutex
	inbox  []submission
	closed bool
}

type submission struct {
	author *conn
	submit wire.Submit
}

func newCommitter(l *log) *committer {
	c := &committer{log: l, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go func() { // ends with close, which waits for it
		c.err = c.run()
		close(c.ended)
	}()
	return c
}

func (c *committer) submit(author *conn, m wire.Submit) {
	c.mu.Lock()
	c.inbox = append(c.inbox, submission{author, m})
	c.mu.Unlock()
	c.signal()
}

func (c *committer) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *committer) close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.signal()
	<-c.ended
	return c.err
}

func (c *committer) run() error {
	defer c.log.close()
	var batch []submission
	var record []byte
	for range c.wake {
		c.mu.Lock()
		batch, c.inbox = c.inbox, batch[:0]
		closed := c.closed
		c.mu.Unlock()
		if closed {
			return nil
		}
		if len(batch) == 0 {
			continue
		}
		record = record[:0]
		for i := range batch {
			record = append(record, batch[i].submit.OpBytes...)
		}
		if err := c.log.append(record); err != nil {
			return err
		}
		publish(batch)
	}
	return nil
}

// publish gives the commits their revisions and wakes everybody who has not seen them (B3: they are on disk).
func publish(batch []submission) {
	histories := map[*document][]entry{}
	for i := range batch {
		author := batch[i].author
		h, ok := histories[author.doc]
		if !ok {
			h = author.doc.published()
		}
		histories[author.doc] = append(h, encode(author, batch[i].submit, doc.Revision(len(h)+1)))
	}
	for d, h := range histories {
		d.history.Store(&h)
		d.mu.Lock()
		members := d.members
		d.mu.Unlock()
		for _, m := range members {
			m.puller.wake()
		}
	}
}

// A puller is how hub-durable writes to a connection: a cursor, and a goroutine that lives while there is something behind it.
type puller struct {
	conn *conn

	// Guarded by mu.
	mu      sync.Mutex
	writing bool
	again   bool // something was published since the writer last looked
	closed  bool

	// Owned by the writer.
	cursor int
	frame  []byte
}

func (p *puller) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
}

func (p *puller) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.again = true
	if !p.writing && !p.closed {
		p.writing = true
		go p.write() // ends when nothing waits
	}
}

func (p *puller) write() {
	for {
		p.mu.Lock()
		if !p.again || p.closed {
			p.writing = false
			p.mu.Unlock()
			return
		}
		p.again = false
		p.mu.Unlock()
		for p.pull() {
			if p.conn.ws.WriteMessage(websocket.BinaryMessage, p.frame) != nil {
				p.close()
				break
			}
		}
	}
}

// pull fills the frame with what lies behind the cursor, and reports whether there was anything.
func (p *puller) pull() bool {
	behind := p.conn.doc.published()[p.cursor:]
	p.frame = p.frame[:0]
	for i := range behind {
		if len(p.frame) >= frameBytes {
			break
		}
		p.cursor++
		if behind[i].author == p.conn {
			p.frame = append(p.frame, behind[i].ack...)
		} else {
			p.frame = append(p.frame, behind[i].commit...)
		}
	}
	return len(p.frame) > 0
}
