package script

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
	"tandem/ot/ottest"
)

// World plays whole sessions: one document's server and its store, clients, and what lies between them.
type World struct {
	store   *store
	server  *server
	people  map[string]*person
	ids     map[doc.ClientID]string
	printed []string
}

// person is one client.
type person struct {
	name    string
	pending *client.Pending
	frozen  *client.Submission // not sent yet
	conns   []*conn
	// In the browser's storage; nil: nothing. A power cut leaves what is durable.
	stored, durable *client.Pending
}

// conn is a connection: what was sent and has not arrived lies in up and down.
type conn struct {
	name     string
	readOnly bool
	up, down []message
	deaf     bool // the client has left it
	dead     bool // the server has
}

// message goes one way or the other.
type message struct {
	open   *open
	submit *client.Submission

	opened *client.Opened
	piece  ot.Op
	last   bool
	item   *doc.Item
	err    error
	seq    doc.Seq // of the submission that err refuses
}

type open struct {
	client      doc.ClientID
	held        *doc.Place
	outstanding *client.Submission
}

func (c *conn) tell(m message) {
	if !c.deaf && !c.dead {
		c.down = append(c.down, m)
	}
}

// NewWorld is a server with an empty document.
func NewWorld() *World {
	w := &World{store: newStore(), people: map[string]*person{}, ids: map[doc.ClientID]string{}}
	w.server = &server{store: w.store, piece: 1 << 10}
	if err := w.server.load(); err != nil {
		panic(err)
	}
	return w
}

// Do implements Player.
func (w *World) Do(command string) ([]string, error) {
	w.printed = nil
	args := words(command)
	do := worldCommands[args[0]]
	if do == nil {
		return nil, errors.New("no such command")
	}
	err := do(w, append(args[1:], "", "", "")) // nothing is given for what is missing
	return w.printed, err
}

func (w *World) printf(format string, args ...any) {
	w.printed = append(w.printed, fmt.Sprintf(format, args...))
}

var worldCommands = map[string]func(w *World, args []string) error{
	"config":  (*World).config,
	"client":  (*World).client,
	"copy":    (*World).copy,
	"connect": (*World).connect,
	"edit":    (*World).edit,
	"freeze":  (*World).freeze,
	"send":    (*World).send,
	"up":      (*World).up,
	"down":    (*World).down,
	"lose":    (*World).lose,
	"store":   (*World).keep,
	"power":   (*World).power,
	"claim":   (*World).claim,
	"erase":   (*World).erase,
	"cut":     (*World).cut,
	"gone":    (*World).gone,
	"turn":    func(w *World, _ []string) error { return w.server.turn() },
	"commit":  (*World).commit,
	"heal":    (*World).heal,
	"crash":   (*World).crash,
	"forget":  (*World).forget,
	"floor":   (*World).floor,
	"backup":  func(w *World, args []string) error { w.store.save(args[0]); return nil },
	"restore": func(w *World, args []string) error {
		return w.offline(func() error { return w.store.restore(args[0]) })
	},
	"recreate": func(w *World, _ []string) error {
		return w.offline(func() error { w.store.create(); return nil })
	},
}

// config sets bounds, before anything else.
func (w *World) config(args []string) error {
	for _, arg := range args {
		if arg == "" {
			continue
		}
		name, value, _ := strings.Cut(arg, "=")
		n, err := strconv.Atoi(value)
		if err != nil {
			return err
		}
		field := map[string]*int{"history": &w.server.cfg.HistoryBytes, "check": &w.server.cfg.CheckEvery, "piece": &w.server.piece}[name]
		if field == nil {
			return fmt.Errorf("nothing is called %q", name)
		}
		*field = n
	}
	return w.server.load()
}

// client makes a client; one with the id of another where that is named.
func (w *World) client(args []string) error {
	id := doc.ClientID{0xc0 | byte(len(w.people)+1)}
	if other := w.people[args[1]]; other != nil {
		id = other.pending.Client()
	} else {
		w.ids[id] = args[0]
	}
	w.people[args[0]] = &person{name: args[0], pending: client.NewPending(id, doc.Text)}
	return nil
}

// copy makes a client that is all that another is.
func (w *World) copy(args []string) error {
	p, err := w.person(args[0])
	if err != nil {
		return err
	}
	w.people[args[1]] = &person{name: args[1], pending: p.pending.Copy(p.pending.Client())}
	return nil
}

func (w *World) person(name string) (*person, error) {
	if p := w.people[name]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("nobody is called %q", name)
}

// conn is a connection by its name, a.1, or the last of a client.
func (w *World) conn(name string) (*person, *conn, error) {
	who, number, numbered := strings.Cut(name, ".")
	p, err := w.person(who)
	if err != nil {
		return nil, nil, err
	}
	n := len(p.conns)
	if numbered {
		if n, err = strconv.Atoi(number); err != nil {
			return nil, nil, err
		}
	}
	if n < 1 || n > len(p.conns) {
		return nil, nil, fmt.Errorf("%s has no such connection", who)
	}
	return p, p.conns[n-1], nil
}

// connect leaves a client's connection, begins another, and sends an open there.
func (w *World) connect(args []string) error {
	p, err := w.person(args[0])
	if err != nil {
		return err
	}
	if n := len(p.conns); n > 0 {
		p.conns[n-1].leave()
	}
	c := &conn{name: fmt.Sprintf("%s.%d", p.name, len(p.conns)+1), readOnly: args[1] == "readonly"}
	p.conns = append(p.conns, c)
	c.up = append(c.up, message{open: &open{p.pending.Client(), p.pending.Held(), p.pending.Outstanding()}})
	return nil
}

// leave is the client's side of a cut. What it sent may still arrive.
func (c *conn) leave() { c.deaf, c.down = true, nil }

func (w *World) edit(args []string) error {
	p, err := w.person(args[0])
	if err != nil {
		return err
	}
	op, err := ottest.Parse(args[1])
	if err != nil {
		return err
	}
	return p.pending.Edit(op, -1)
}

// freeze freezes what is buffered, to be sent later.
func (w *World) freeze(args []string) error {
	p, err := w.person(args[0])
	if err != nil {
		return err
	}
	if p.frozen = p.pending.Freeze(client.DefaultLimits); p.frozen == nil {
		return errors.New("there is nothing to freeze")
	}
	return nil
}

// send submits what was frozen; otherwise it freezes what is buffered.
func (w *World) send(args []string) error {
	p, c, err := w.conn(args[0])
	if err != nil {
		return err
	}
	s := p.frozen
	if p.frozen = nil; s == nil {
		s = p.pending.Freeze(client.DefaultLimits)
	}
	if s == nil {
		return errors.New("there is nothing to send")
	}
	if !c.deaf {
		sent := *s
		c.up = append(c.up, message{submit: &sent})
	}
	return nil
}

// up delivers to the server.
func (w *World) up(args []string) error {
	_, c, err := w.conn(args[0])
	switch {
	case err != nil:
		return err
	case c.dead || len(c.up) == 0:
		return errors.New("nothing is on its way")
	}
	for n := count(args[1], len(c.up)); n > 0; n-- {
		m := c.up[0]
		c.up = c.up[1:]
		w.server.receive(c, m)
	}
	return nil
}

// count is how many a command speaks of: one, if it does not say.
func count(arg string, all int) int {
	if arg == "all" {
		return all
	}
	n, err := strconv.Atoi(arg)
	if err != nil {
		return 1
	}
	return min(n, all)
}

// down delivers to the client.
func (w *World) down(args []string) error {
	p, c, err := w.conn(args[0])
	switch {
	case err != nil:
		return err
	case len(c.down) == 0:
		return errors.New("nothing is on its way")
	}
	for n := count(args[1], len(c.down)); n > 0 && len(c.down) > 0; n-- {
		m := c.down[0]
		c.down = c.down[1:]
		w.receive(p, c, m)
	}
	return nil
}

// receive is what a client makes of a message. What it cannot take ends its connection.
func (w *World) receive(p *person, c *conn, m message) {
	var err error
	var change *client.Change
	switch {
	case m.opened != nil:
		err = p.pending.Opened(*m.opened)
	case m.err != nil:
		w.printf("%s hears: %s", p.name, m.err)
		if m.seq == 0 {
			c.leave()
		}
		return
	case m.item == nil:
		change, err = p.pending.Snapshot(m.piece, !m.last)
	case m.item.Check != nil:
		err = p.pending.Check(m.item.Check.Rev, m.item.Check.Hash)
	case m.item.Ack > 0:
		err = p.pending.Ack(m.item.Ack, m.item.Place)
	default:
		var op ot.Op
		if op, err = ot.DecodeOp(m.item.Bytes, ot.StoredLimits); err == nil {
			_, err = p.pending.Commits(m.item.First, m.item.Count, op, m.item.Place.Lineage)
		}
	}
	if err != nil {
		w.printf("%s: %s", p.name, err)
		if errors.Is(err, client.ErrDiverged) {
			p.pending.Distrust()
		}
		c.leave()
	}
	w.offer(p, change)
}

// offer says what an opening gave back to the user.
func (w *World) offer(p *person, change *client.Change) {
	if change != nil && change.Lost != nil {
		w.printf("%s is offered what is lost: %q", p.name, change.Lost.String())
	}
	if change != nil && change.Before != nil {
		w.printf("%s is offered what was before: %q", p.name, change.Before.String())
	}
}

// lose takes messages away: lose up a, lose down a.
func (w *World) lose(args []string) error {
	_, c, err := w.conn(args[1])
	if err != nil {
		return err
	}
	queue := map[string]*[]message{"up": &c.up, "down": &c.down}[args[0]]
	if queue == nil || len(*queue) == 0 {
		return errors.New("nothing is on its way")
	}
	*queue = (*queue)[count(args[2], len(*queue)):]
	return nil
}

// cut has a client leave its connection; what it sent lies there, and may arrive late.
func (w *World) cut(args []string) error {
	_, c, err := w.conn(args[0])
	if err == nil {
		c.leave()
	}
	return err
}

// gone has the server notice that a connection is gone.
func (w *World) gone(args []string) error {
	_, c, err := w.conn(args[0])
	if err != nil {
		return err
	}
	c.dead, c.up = true, nil
	for n, session := range w.server.sessions {
		if session.conn == c {
			w.server.inbox.Leaves = append(w.server.inbox.Leaves, n)
		}
	}
	return nil
}

// State implements Player.
func (w *World) State() []string {
	lines := []string{w.showServer(), w.showStore()}
	for _, name := range slices.Sorted(maps.Keys(w.people)) {
		p := w.people[name]
		lines = append(lines, w.showPerson(p))
		for _, c := range p.conns {
			for _, m := range c.up {
				lines = append(lines, fmt.Sprintf("  %s up: %s", c.name, w.showMessage(&m)))
			}
			for _, m := range c.down {
				lines = append(lines, fmt.Sprintf("  %s down: %s", c.name, w.showMessage(&m)))
			}
		}
	}
	return lines
}
