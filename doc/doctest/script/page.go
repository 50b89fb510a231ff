package script

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
	"tandem/ot/ottest"
)

// Page plays one client.Pending: what comes from the server and from its user goes in, and the whole of it comes out. Its scripts
// are played by the TypeScript client as well, so that everything in them is written as both can read it.
type Page struct {
	pending *client.Pending
	printed []string
}

// NewPage is a client without content.
func NewPage() *Page { return &Page{pending: client.NewPending(doc.ClientID{0xc1}, doc.Text)} }

// Do implements Player.
func (p *Page) Do(command string) ([]string, error) {
	args := words(command)
	do := pageCommands[args[0]]
	if do == nil {
		return nil, errors.New("no such command")
	}
	p.printed = nil
	err := do(p, args[1:])
	for wrong, word := range pageErrors {
		if errors.Is(err, wrong) {
			p.printed, err = append(p.printed, "error "+word), nil
			break
		}
	}
	return p.printed, err
}

// pageErrors are the words of TypeScript's ClientError.
var pageErrors = map[error]string{
	client.ErrGap: "gap", client.ErrProtocol: "protocol", client.ErrDiverged: "diverged", client.ErrForeign: "foreign",
	client.ErrNotReady: "not-ready", client.ErrEdit: "edit",
}

var pageCommands = map[string]func(p *Page, args []string) error{
	"edit":     (*Page).edit,
	"freeze":   (*Page).freeze,
	"opened":   (*Page).opened,
	"snapshot": (*Page).snapshot,
	"commits":  (*Page).commits,
	"ack":      (*Page).ack,
	"check":    (*Page).check,
	"distrust": func(p *Page, _ []string) error { p.pending.Distrust(); return nil },
}

func (p *Page) printf(format string, args ...any) {
	p.printed = append(p.printed, fmt.Sprintf(format, args...))
}

// edit [op], or edit caret [op].
func (p *Page) edit(args []string) error {
	caret := -1
	if len(args) > 1 {
		var err error
		if caret, err = strconv.Atoi(args[0]); err != nil {
			return err
		}
	}
	op, err := ottest.Parse(args[len(args)-1])
	if err != nil {
		return err
	}
	return p.pending.Edit(op, caret)
}

// freeze, or freeze text components message.
func (p *Page) freeze(args []string) error {
	lim := client.DefaultLimits
	if len(args) > 0 {
		if _, err := fmt.Sscan(strings.Join(args, " "), &lim.Text, &lim.Components, &lim.Message); err != nil {
			return err
		}
	}
	if p.pending.Freeze(lim) == nil {
		p.printf("nothing to send")
	}
	return nil
}

// opened place outcome lastSeq resume|snapshot.
func (p *Page) opened(args []string) error {
	place, err := parsePlace(args[0])
	if err != nil {
		return err
	}
	last, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	o := client.Opened{Place: place, LastSeq: doc.Seq(last), Resume: args[3] == "resume"}
	for o.Outcome.String() != args[1] {
		if o.Outcome == doc.OutcomeRefused {
			return fmt.Errorf("no outcome is called %q", args[1])
		}
		o.Outcome++
	}
	return p.pending.Opened(o)
}

// snapshot last|more [op].
func (p *Page) snapshot(args []string) error {
	piece, err := ottest.Parse(args[1])
	if err != nil {
		return err
	}
	change, err := p.pending.Snapshot(piece, args[0] == "more")
	if err != nil || change == nil {
		return err
	}
	p.printf("shows %s", showOp(change.Op))
	if change.Lost != nil {
		p.printf("lost %s", showOp(change.Lost.Content()))
	}
	if change.Before != nil {
		p.printf("before %s", showOp(change.Before.Content()))
	}
	return nil
}

// commits first count lineage [op].
func (p *Page) commits(args []string) error {
	var first, count int
	if _, err := fmt.Sscan(args[0]+" "+args[1], &first, &count); err != nil {
		return err
	}
	lineage, err := parseHex(args[2], 8)
	if err != nil {
		return err
	}
	op, err := ottest.Parse(args[3])
	if err != nil {
		return err
	}
	shown, err := p.pending.Commits(doc.Revision(first), count, op, doc.Lineage(lineage))
	if err == nil {
		p.printf("shows %s", showOp(shown))
	}
	return err
}

// ack sequence place.
func (p *Page) ack(args []string) error {
	seq, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	place, err := parsePlace(args[1])
	if err != nil {
		return err
	}
	return p.pending.Ack(doc.Seq(seq), place)
}

// check revision [content]: the hash that the server sends is that of the content.
func (p *Page) check(args []string) error {
	rev, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	content, err := ottest.Parse(args[1])
	if err != nil {
		return err
	}
	return p.pending.Check(doc.Revision(rev), ot.ContentHash(content))
}

// State implements Player.
func (p *Page) State() []string {
	held := "nothing"
	if place := p.pending.Held(); place != nil {
		held = showPlace(*place, 8)
	}
	lines := []string{
		"content " + showOp(p.pending.Content().Content()),
		"held " + held,
		fmt.Sprintf("saved %t, edits %d", p.pending.Saved(), p.pending.Edits()),
	}
	if s := p.pending.Outstanding(); s != nil {
		caret := "none"
		if s.Caret >= 0 {
			caret = strconv.Itoa(s.Caret)
		}
		lines = append(lines, fmt.Sprintf("outstanding %s:%d on %s %s, caret %s, bytes %s",
			showHex(s.Client[:]), s.Seq, showPlace(s.Base, 8), showOp(s.Op), caret, hex.EncodeToString(s.Bytes)))
	}
	return lines
}

// parsePlace reads document/epoch/revision/lineage, as showPlace writes it.
func parsePlace(text string) (p doc.Place, err error) {
	part := strings.Split(text, "/")
	if len(part) != 4 {
		return p, fmt.Errorf("no place: %q", text)
	}
	rev, err := strconv.Atoi(part[2])
	if err != nil {
		return p, err
	}
	id, err := parseHex(part[0], 16)
	if err != nil {
		return p, err
	}
	epoch, err := parseHex(part[1], 8)
	if err != nil {
		return p, err
	}
	lineage, err := parseHex(part[3], 8)
	if err != nil {
		return p, err
	}
	return doc.Place{ID: doc.ID(id), Epoch: doc.Epoch(epoch), Rev: doc.Revision(rev), Lineage: doc.Lineage(lineage)}, nil
}

// parseHex reads n bytes of which zeros at the end may be missing.
func parseHex(text string, n int) ([]byte, error) {
	if text == "0" {
		text = ""
	}
	b, err := hex.DecodeString(text)
	if err != nil || len(b) > n {
		return nil, fmt.Errorf("not %d bytes in hex: %q", n, text)
	}
	return append(b, make([]byte, n-len(b))...), nil
}
