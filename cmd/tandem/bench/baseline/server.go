package baseline

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gorilla/websocket"

	"tandem/doc"
	"tandem/server/wire"
)

// Kind is which baseline a Server is.
type Kind string

// The baselines.
const (
	Hub     Kind = "hub"
	Burst   Kind = "hub-burst"
	Durable Kind = "hub-durable"
)

// channel is the only one that a connection may open: what is encoded once goes to everybody.
const channel wire.Channel = 1

// A Server is an http.Handler; its socket is at /ws.
type Server struct {
	// Immutable.
	kind      Kind
	committer *committer // of hub-durable only

	// Guarded by mu.
	mu    sync.Mutex
	docs  map[string]*document
	conns map[*conn]struct{}
}

// New is a Server. dir, where hub-durable has its log, is of no use to the others. ErrKind: there is no such baseline.
func New(kind Kind, dir string) (*Server, error) {
	s := &Server{kind: kind, docs: map[string]*document{}, conns: map[*conn]struct{}{}}
	switch kind {
	case Hub, Burst:
	case Durable:
		log, err := createLog(dir)
		if err != nil {
			return nil, err
		}
		s.committer = newCommitter(log)
	default:
		return nil, fmt.Errorf("%w: %q is not %s, %s or %s", ErrKind, kind, Hub, Burst, Durable)
	}
	return s, nil
}

// ErrKind is a name that no baseline has.
var ErrKind = errors.New("no such baseline")

// Close cuts every connection, and ends what runs.
func (s *Server) Close() error {
	s.mu.Lock()
	for c := range s.conns {
		_ = c.ws.NetConn().Close() // its reader sees to the rest
	}
	s.mu.Unlock()
	if s.committer != nil {
		return s.committer.close()
	}
	return nil
}

// Failed is closed when the Server cannot go on; Close then says why.
func (s *Server) Failed() <-chan struct{} {
	if s.committer == nil {
		return nil
	}
	return s.committer.ended
}

// upgrader is as the server's is.
var upgrader = websocket.Upgrader{
	Subprotocols: []string{wire.Subprotocol}, ReadBufferSize: 1024, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{},
}

// A conn is one person in one document.
type conn struct {
	// Immutable once it has joined.
	ws      *websocket.Conn
	doc     *document
	session doc.SessionNumber
	out     outlet  // of the hubs
	puller  *puller // of hub-durable
}

// An outlet is what a hub hands over messages to. Nothing is pushed after close.
type outlet interface {
	push(message []byte)
	close()
}

// A document is who is there, and a revision.
type document struct {
	history atomic.Pointer[[]entry] // published by hub-durable's committer; read by anyone

	// Guarded by mu.
	mu      sync.Mutex
	rev     doc.Revision // of the hubs
	joined  int
	members []*conn // never changed in place
}

// published is what hub-durable has committed.
func (d *document) published() []entry {
	if h := d.history.Load(); h != nil {
		return *h
	}
	return nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/ws" {
		http.NotFound(w, r)
		return
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil { // Upgrade has answered
		return
	}
	if tcp, ok := ws.NetConn().(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(256 << 10)
	}
	c := &conn{ws: ws}
	s.mu.Lock()
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	go s.read(c) // ends with the connection, which Close cuts
}

// read reads until the connection ends.
func (s *Server) read(c *conn) {
	defer func() {
		s.leave(c)
		_ = c.ws.Close()
	}()
	for {
		_, r, err := c.ws.NextReader()
		if err != nil {
			return
		}
		frame, err := io.ReadAll(r)
		if err != nil {
			return
		}
		if err := wire.DecodeClient(frame, wire.Limits{}, func(m wire.Message) error { return s.receive(c, m) }); err != nil {
			m := wire.Error{Code: wire.CodeBadMessage, Text: err.Error()}
			_ = c.ws.WriteMessage(websocket.BinaryMessage, m.Append(nil)) // it ends here, whether they hear of it or not
			return
		}
	}
}

var errOrder = errors.New("want one hello, then one open of channel 1, and then submissions")

func (s *Server) receive(c *conn, m wire.Message) error {
	switch m := m.(type) {
	case wire.Hello:
		if c.doc != nil {
			return errOrder
		}
		limits := wire.ClientLimits()
		welcome := wire.Welcome{Software: string(s.kind), MaxOpText: limits.Op.Text, MaxMessage: limits.Message, MaxDocument: 16 << 20}
		return c.ws.WriteMessage(websocket.BinaryMessage, welcome.Append(nil))
	case wire.Open:
		if c.doc != nil || m.Channel != channel {
			return errOrder
		}
		return s.join(c, m)
	case wire.Submit:
		if c.doc == nil || m.Channel != channel {
			return errOrder
		}
		s.submit(c, m)
	}
	return nil
}

// join attaches a connection to a document. Its outlet is only then written to by others.
func (s *Server) join(c *conn, m wire.Open) error {
	s.mu.Lock()
	d := s.docs[m.Document]
	if d == nil {
		d = &document{}
		s.docs[m.Document] = d
	}
	s.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.rev > 0 || len(d.published()) > 0 {
		return errors.New("a baseline keeps no document: whoever takes part joins before anybody types")
	}
	d.joined++
	opened := wire.Opened{Channel: channel, Access: wire.Write, Session: doc.SessionNumber(d.joined)}
	frame := wire.Snapshot{Channel: channel}.Append(opened.Append(nil))
	if err := c.ws.WriteMessage(websocket.BinaryMessage, frame); err != nil {
		return err
	}
	c.doc, c.session = d, opened.Session
	switch s.kind {
	case Hub:
		c.out = newQueue(c.ws)
	case Burst:
		c.out = newBurst(c.ws)
	default:
		c.puller = &puller{conn: c}
	}
	d.members = append(slices.Clone(d.members), c)
	return nil
}

// submit makes a submission the next commit of its document (B1).
func (s *Server) submit(c *conn, m wire.Submit) {
	if s.committer != nil {
		s.committer.submit(c, m)
		return
	}
	d := c.doc
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rev++
	e := encode(c, m, d.rev)
	for _, member := range d.members {
		if member == c {
			member.out.push(e.ack)
		} else {
			member.out.push(e.commit)
		}
	}
}

// An entry is a commit as it is sent, encoded once.
type entry struct {
	author      *conn
	commit, ack []byte
}

func encode(author *conn, m wire.Submit, rev doc.Revision) entry {
	e := entry{author: author}
	buf := wire.Commits{
		Channel: channel, First: rev, Count: 1, OpBytes: m.OpBytes, Session: wire.Some(author.session), Caret: m.Caret,
		Lineage: wire.Some(doc.Lineage{}),
	}.Append(make([]byte, 0, 96+len(m.OpBytes)))
	n := len(buf)
	buf = wire.Ack{Channel: channel, Seq: m.Seq, Place: doc.Place{Rev: rev}}.Append(buf)
	e.commit, e.ack = buf[:n:n], buf[n:]
	return e
}

// leave takes a connection out of its document.
func (s *Server) leave(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	d := c.doc
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.members = slices.DeleteFunc(slices.Clone(d.members), func(m *conn) bool { return m == c })
	if c.puller != nil {
		c.puller.close()
	} else {
		c.out.close()
	}
}
