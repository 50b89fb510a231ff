package wire

import (
	"encoding/hex"

	"tandem/doc"
	"tandem/ot"
)

// describe is the JSON form of a decoded message.
func describe(m Message) map[string]any {
	out := describeFields(m)
	out["kind"] = m.Kind().String()
	return out
}

func describeFields(m Message) map[string]any {
	switch m := m.(type) {
	case Hello:
		return map[string]any{"version": int64(Version), "token": opt(m.Token, same[string]), "software": m.Software}
	case Open:
		return map[string]any{
			"channel": int64(m.Channel), "document": m.Document, "documentKind": m.DocKind.String(), "client": hexOf(m.Client[:]),
			"held": opt(m.Held, describePlace), "outstanding": opt(m.Outstanding, describeOutstanding),
			"user": opt(m.User, describeUser),
		}
	case Submit:
		return map[string]any{
			"channel": int64(m.Channel), "seq": int64(m.Seq), "base": int64(m.Base), "op": describeOp(m.Op), "caret": opt(m.Caret, number),
		}
	case Presence:
		return map[string]any{
			"channel": int64(m.Channel), "rev": int64(m.Rev), "anchor": opt(m.Selection, anchor), "head": opt(m.Selection, head),
			"user": opt(m.User, describeUser),
		}
	case Refresh:
		return map[string]any{"token": m.Token}
	case Close:
		return map[string]any{"channel": int64(m.Channel)}
	case Ping:
		return map[string]any{"n": m.N}
	case Pong:
		return map[string]any{"n": m.N}
	case Welcome:
		return map[string]any{
			"version": int64(Version), "software": m.Software, "maxOpText": int64(m.MaxOpText), "maxMessage": int64(m.MaxMessage),
			"maxDocument": int64(m.MaxDocument), "pingInterval": int64(m.PingInterval),
		}
	}
	return describeStream(m)
}

// describeStream describes what belongs to a session.
func describeStream(m Message) map[string]any {
	switch m := m.(type) {
	case Opened:
		return map[string]any{
			"channel": int64(m.Channel), "place": describePlace(m.Place), "access": m.Access.String(), "session": int64(m.Session),
			"outcome": m.Outcome.String(), "outcomeRev": opt(m.OutcomeRev, revision), "lastSeq": int64(m.LastSeq), "resume": m.Resume,
			"refusal": zeroNull(int64(m.Refusal)),
		}
	case Snapshot:
		return map[string]any{"channel": int64(m.Channel), "op": describeOp(m.Op), "more": m.More}
	case Commits:
		return map[string]any{
			"channel": int64(m.Channel), "first": int64(m.First), "count": m.Count, "op": describeOp(m.Op),
			"session": opt(m.Session, func(s doc.SessionNumber) any { return int64(s) }), "caret": opt(m.Caret, number),
			"lineage": opt(m.Lineage, func(l doc.Lineage) any { return hexOf(l[:]) }),
		}
	case Ack:
		return map[string]any{"channel": int64(m.Channel), "seq": int64(m.Seq), "place": describePlace(m.Place)}
	case PresenceUpdate:
		peers, left := []any{}, []any{}
		for _, p := range m.Peers {
			peers = append(peers, map[string]any{
				"session": int64(p.Session), "anchor": opt(p.Selection, anchor), "head": opt(p.Selection, head),
				"name": p.User.Name, "color": p.User.Color,
			})
		}
		for _, s := range m.Left {
			left = append(left, int64(s))
		}
		return map[string]any{"channel": int64(m.Channel), "rev": int64(m.Rev), "peers": peers, "left": left}
	case AccessChange:
		return map[string]any{"channel": int64(m.Channel), "access": m.Access.String()}
	case Check:
		return map[string]any{"channel": int64(m.Channel), "rev": int64(m.Rev), "hash": int64(m.Hash)}
	case Error:
		return map[string]any{
			"channel": zeroNull(int64(m.Channel)), "code": int64(m.Code), "seq": zeroNull(int64(m.Seq)),
			"lastSeq":    opt(m.LastSeq, func(s doc.Seq) any { return int64(s) }),
			"retryAfter": opt(m.RetryAfter, func(ms Millis) any { return int64(ms) }), "text": m.Text,
		}
	case Goaway:
		return map[string]any{"spread": int64(m.Spread)}
	}
	panic("no description")
}

func opt[T any](o Opt[T], f func(T) any) any {
	if !o.OK {
		return nil
	}
	return f(o.Value)
}

func zeroNull(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

func same[T any](v T) any         { return v }
func number(n int) any            { return int64(n) }
func revision(r doc.Revision) any { return int64(r) }
func anchor(s Selection) any      { return int64(s.Anchor) }
func head(s Selection) any        { return int64(s.Head) }
func hexOf(b []byte) string       { return hex.EncodeToString(b) }

func describePlace(p doc.Place) any {
	return map[string]any{"id": hexOf(p.ID[:]), "epoch": hexOf(p.Epoch[:]), "rev": int64(p.Rev), "lineage": hexOf(p.Lineage[:])}
}

func describeOutstanding(o Outstanding) any {
	return map[string]any{"client": hexOf(o.Client[:]), "seq": int64(o.Seq), "base": describePlace(o.Base), "op": describeOp(o.Op)}
}

func describeUser(u User) any { return map[string]any{"name": u.Name, "color": u.Color} }

func describeOp(op ot.Op) any {
	out := []any{}
	for _, c := range op {
		var head []any
		switch {
		case c.Embed != nil:
			head = arr(nil, c.Embed.Type, c.Embed.Value)
		case c.Kind == ot.Insert:
			head = arr(c.Text)
		case c.Kind == ot.Delete:
			head = arr(int64(-c.N))
		default:
			head = arr(int64(c.N))
		}
		for _, a := range c.Attrs {
			head = append(head, a.Key, a.Value.Any())
		}
		if len(head) == 1 {
			out = append(out, head[0])
			continue
		}
		out = append(out, head)
	}
	return out
}
