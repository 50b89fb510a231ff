package wire

import (
	"tandem/doc"
	"tandem/ot"
	"tandem/ot/pack"
)

// server reads what follows the kind of a server's message, but Commits.
func (d *decoder) server(kind Kind) Message {
	switch kind {
	case KindWelcome:
		return Welcome{
			Software:     d.at(fieldSoftware).Str(MaxSoftware),
			MaxOpText:    d.at(fieldMaxOpText).offset(),
			MaxMessage:   d.at(fieldMaxMessage).offset(),
			MaxDocument:  d.at(fieldMaxDocument).offset(),
			PingInterval: Millis(d.at(fieldPingInterval).int()),
		}
	case KindOpened:
		return d.opened()
	case KindSnapshot:
		return d.snapshot()
	case KindAck:
		return Ack{Channel: d.channel(), Seq: d.seq(), Place: d.place(fieldPlace)}
	case KindPresenceUpdate:
		return d.presenceUpdate()
	case KindAccess:
		return AccessChange{Channel: d.channel(), Access: d.access()}
	case KindCheck:
		return Check{Channel: d.channel(), Rev: d.rev(fieldRev), Hash: uint64(d.at(fieldHash).int())}
	case KindError:
		return d.errorMessage()
	case KindGoaway:
		return Goaway{Spread: Millis(d.at(fieldSpread).int())}
	}
	return d.either(kind, "server")
}

func (d *decoder) opened() Message {
	m := Opened{
		Channel: d.channel(),
		Place:   d.place(fieldPlace),
		Access:  d.access(),
		Session: d.session(),
		Outcome: Outcome(d.at(fieldOutcome).Int(0, int64(OutcomeRefused))),
	}
	if !d.at(fieldOutcomeRev).Nil() {
		m.OutcomeRev = Some(doc.Revision(d.int()))
	}
	if m.OutcomeRev.OK && m.Outcome != OutcomeCommitted {
		d.refuse("a revision with the outcome %s", m.Outcome)
	}
	m.LastSeq = doc.Seq(d.at(fieldLastSeq).int())
	m.Resume = d.at(fieldResume).Bool()
	if !d.at(fieldRefusal).Nil() {
		m.Refusal = d.code()
	}
	if (m.Refusal != 0) != (m.Outcome == OutcomeRefused) {
		d.refuse("the outcome is %s, and the refusal %d", m.Outcome, int(m.Refusal))
	}
	return m
}

func (d *decoder) snapshot() Message {
	m := Snapshot{Channel: d.channel()}
	m.Op, m.OpBytes = d.op()
	for i := range m.Op {
		if k := m.Op[i].Kind; k != ot.Insert {
			d.refuse("a %s in a snapshot", k)
			break
		}
	}
	m.More = d.at(fieldMore).Bool()
	return m
}

func (d *decoder) commits(m *Commits) {
	m.Channel, m.First, m.Count = d.channel(), d.rev(fieldFirst), d.at(fieldCount).Int(1, pack.MaxInt)
	m.Op, m.OpBytes = d.op()
	m.Session = Opt[doc.SessionNumber]{}
	if !d.at(fieldSession).Nil() {
		m.Session = Some(d.session())
	}
	m.Caret = d.caret()
	if m.Count > 1 && (m.Session.OK || m.Caret.OK) {
		d.refuse("%d commits with a session or a caret", m.Count)
	}
	m.Lineage = Opt[doc.Lineage]{}
	if !d.at(fieldLineage).Nil() {
		m.Lineage.OK = true
		d.bin(m.Lineage.Value[:])
	}
}

func (d *decoder) presenceUpdate() Message {
	m := PresenceUpdate{Channel: d.channel(), Rev: d.rev(fieldRev)}
	n := d.at(fieldPeers).Array(d.lim.Peers)
	if n > 0 {
		// A peer takes five bytes at least; the rest of the room is made when its bytes have been seen.
		m.Peers = make([]Peer, 0, min(n, 64))
	}
	for range n {
		d.at(fieldPeers).record(5)
		p := Peer{Session: d.session(), Selection: d.selection()}
		p.User = User{Name: d.at(fieldName).Str(MaxUserName), Color: d.at(fieldColor).Str(MaxColor)}
		if d.Err() != nil {
			return nil
		}
		m.Peers = append(m.Peers, p)
	}
	n = d.at(fieldLeft).Array(d.lim.Peers)
	for range n {
		m.Left = append(m.Left, d.session())
		if d.Err() != nil {
			return nil
		}
	}
	return m
}

func (d *decoder) errorMessage() Message {
	var m Error
	if !d.at(fieldChannel).Nil() {
		m.Channel = d.channel()
	}
	m.Code = d.at(fieldCode).code()
	if !d.at(fieldSeq).Nil() {
		m.Seq = d.seq()
	}
	if !d.at(fieldLastSeq).Nil() {
		m.LastSeq = Some(doc.Seq(d.int()))
	}
	if !d.at(fieldRetryAfter).Nil() {
		m.RetryAfter = Some(Millis(d.int()))
	}
	m.Text = d.at(fieldText).Str(MaxErrorText)
	return m
}

// code reads an error code; one that is not known is for the receiver to take for CodeInternal.
func (d *decoder) code() Code { return Code(d.Int(1, 1<<31-1)) }

func (d *decoder) session() doc.SessionNumber { return doc.SessionNumber(d.at(fieldSession).int()) }

func (d *decoder) access() Access {
	switch word := d.at(fieldAccess).StrBytes(8); string(word) {
	case "read":
		return Read
	case "write":
		return Write
	default:
		if d.Err() == nil {
			d.refuse("%q is neither %q nor %q", word, Read, Write)
		}
		return 0
	}
}
