package client

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
	"tandem/server/wire"
)

// bubble runs a test in virtual time, with a connected client and an open document with the text "hello" at revision 5.
func bubble(t *testing.T, test func(t *testing.T, s *setting)) {
	synctest.Test(t, func(t *testing.T) {
		s := &setting{rig: newRig(t)}
		s.conn, s.log = s.rig.connect(Options{User: User{}})
		var err error
		s.doc, err = s.conn.Open("notes", doc.Text)
		require.NoError(t, err)
		s.peer = s.rig.accept()
		s.opened = s.peer.load(5, "hello")
		require.NoError(t, s.doc.WaitReady(t.Context()))
		test(t, s)
	})
}

type setting struct {
	rig    *rig
	conn   *Conn
	log    *eventLog
	doc    *Doc
	peer   *peer
	opened wire.Open
}

func TestOpenSubmitAck(t *testing.T) {
	bubble(t, func(t *testing.T, s *setting) {
		require.Empty(t, s.peer.request.Header.Get("Origin"))
		require.Equal(t, "/ws", s.peer.request.URL.Path)
		require.Equal(t, "notes", s.opened.Document)
		require.False(t, s.opened.Held.OK)
		require.Equal(t, Live, s.doc.Status())
		require.Equal(t, wire.Write, s.doc.Access())
		require.True(t, s.doc.Saved())

		require.NoError(t, s.doc.Edit(insert(5, "!"), 6))
		require.Equal(t, "hello!", s.doc.Text())
		require.False(t, s.doc.Saved())
		m := receive[wire.Submit](s.peer)
		require.Equal(t, doc.Seq(1), m.Seq)
		require.Equal(t, doc.Revision(5), m.Base)
		require.Equal(t, insert(5, "!"), m.Op)
		require.Equal(t, wire.Some(6), m.Caret)

		// While it is outstanding, edits gather, and commits of others are taken in.
		require.NoError(t, s.doc.Edit(insert(6, "a"), 7))
		require.NoError(t, s.doc.Edit(insert(7, "b"), 8))
		s.peer.quiet()
		s.peer.send(commit(m.Channel, 6, insert(0, ">")), wire.Ack{Channel: m.Channel, Seq: 1, Place: at(7)})
		next := receive[wire.Submit](s.peer)
		require.Equal(t, doc.Seq(2), next.Seq)
		require.Equal(t, doc.Revision(7), next.Base)
		require.Equal(t, insert(7, "ab"), next.Op)
		require.Equal(t, wire.Some(9), next.Caret)
		require.Equal(t, 2, s.doc.PendingEdits())
		s.peer.send(wire.Ack{Channel: m.Channel, Seq: 2, Place: at(8)})
		require.NoError(t, s.doc.WaitSaved(t.Context()))
		require.Equal(t, ">hello!ab", s.doc.Text())
		require.Equal(t, at(8), s.doc.Place())
		require.Equal(t, []EventKind{EventConnected, EventOpened, EventSubmitted, EventAck, EventSubmitted, EventAck}, s.log.kinds())
	})
}

func TestALostAckIsAskedForWithTheSameBytes(t *testing.T) {
	bubble(t, func(t *testing.T, s *setting) {
		require.NoError(t, s.doc.Edit(insert(0, "A"), 1))
		m := receive[wire.Submit](s.peer)
		s.peer.send(commit(m.Channel, 6, insert(0, "x"))) // its base moves, the bytes do not
		require.NoError(t, s.doc.Edit(insert(0, "B"), 1))
		require.NoError(t, s.peer.ws.NetConn().Close())

		again := s.rig.accept()
		open := receive[wire.Open](again)
		require.Equal(t, s.opened.Client, open.Client)
		require.Equal(t, wire.Some(at(6)), open.Held)
		out := open.Outstanding.Value
		require.Equal(t, doc.Seq(1), out.Seq)
		require.Equal(t, at(5), out.Base)
		require.Equal(t, m.OpBytes, out.OpBytes)
		require.Equal(t, "BAxhello", s.doc.Text())

		again.send(
			wire.Opened{Channel: open.Channel, Place: at(8), Access: wire.Write, Session: 2, Outcome: wire.OutcomeCommitted, LastSeq: 1, Resume: true},
			wire.Ack{Channel: open.Channel, Seq: 1, Place: at(7)}, commit(open.Channel, 8, insert(0, "y")),
		)
		next := receive[wire.Submit](again)
		require.Equal(t, doc.Seq(2), next.Seq)
		require.Equal(t, doc.Revision(8), next.Base)
		require.Equal(t, insert(0, "B"), next.Op)
		again.send(wire.Ack{Channel: open.Channel, Seq: 2, Place: at(9)})
		require.True(t, s.doc.Saved())
		require.Equal(t, "ByAxhello", s.doc.Text())
		require.Equal(t, 1, s.log.count(EventResubmitted))
	})
}

func TestEditsMadeWithoutAConnectionAreNamedInTheOpen(t *testing.T) {
	bubble(t, func(t *testing.T, s *setting) {
		s.rig.setDown(true)
		s.conn.Cut()
		time.Sleep(10 * time.Second)
		require.Equal(t, Offline, s.doc.Status())
		require.NoError(t, s.doc.Edit(insert(5, "?"), -1))
		s.rig.setDown(false)
		again := s.rig.accept()
		open := receive[wire.Open](again)
		require.Equal(t, insert(5, "?"), open.Outstanding.Value.Op)
		require.Equal(t, 1, s.log.count(EventSubmitted))
		require.Zero(t, s.log.count(EventResubmitted))

		// What is typed before the answer waits for it (C2). Void: both go under a new name.
		require.NoError(t, s.doc.Edit(insert(6, "!"), -1))
		again.quiet()
		again.send(wire.Opened{Channel: open.Channel, Place: at(5), Access: wire.Write, Session: 2, Outcome: wire.OutcomeVoid, LastSeq: 7, Resume: true})
		m := receive[wire.Submit](again)
		require.Equal(t, doc.Seq(8), m.Seq)
		require.Equal(t, insert(5, "?!"), m.Op)
	})
}

func TestWhatDoesNotFitIsOpenedAgain(t *testing.T) {
	hash := func(text string) uint64 { return ot.ContentHash(insert(0, text)) }
	for _, row := range []struct {
		name    string
		message func(wire.Channel) wire.Message
		trusted bool // the place held is still the server's
	}{
		{"a gap", func(c wire.Channel) wire.Message { return commit(c, 7, insert(0, "x")) }, true},
		{"another hash", func(c wire.Channel) wire.Message { return wire.Check{Channel: c, Rev: 5, Hash: hash("jello")} }, false},
		{"beyond the end", func(c wire.Channel) wire.Message { return commit(c, 6, remove(5, 1)) }, false},
		{"an ack of nothing", func(c wire.Channel) wire.Message { return wire.Ack{Channel: c, Seq: 3, Place: at(6)} }, true},
		{"opened twice", func(c wire.Channel) wire.Message {
			return wire.Opened{Channel: c, Place: at(5), Access: wire.Write, Resume: true}
		}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *setting) {
				s.peer.send(wire.Check{Channel: s.opened.Channel, Rev: 5, Hash: hash("hello")})
				s.peer.quiet()
				channel := s.opened.Channel
				begin := time.Now()
				for n, wait := range []time.Duration{0, time.Second, 2 * time.Second} {
					s.peer.send(row.message(channel))
					require.Equal(t, channel, receive[wire.Close](s.peer).Channel)
					open := receive[wire.Open](s.peer)
					require.Greater(t, open.Channel, channel, "a channel is never used again")
					require.InDelta(t, wait, time.Since(begin), float64(100*time.Millisecond), "pause %d", n)
					require.Equal(t, row.trusted, open.Held == wire.Some(at(5)))
					begin, channel = time.Now(), open.Channel
					s.peer.send(commit(s.opened.Channel, 6, insert(0, "late"))) // for the closed channel: ignored
					s.peer.send(wire.Opened{Channel: channel, Place: at(5), Access: wire.Write}, wire.Snapshot{Channel: channel, Op: insert(0, "hello")})
				}
				require.Equal(t, "hello", s.doc.Text())
				require.NoError(t, s.doc.Problem())
				require.Equal(t, 3, s.log.count(EventReopening))
				require.Equal(t, 1, s.log.count(EventConnected))
			})
		})
	}
}

func TestErrorCodes(t *testing.T) {
	for code := wire.CodeOpenAgain; code <= wire.CodeInternal; code++ {
		t.Run(code.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, s *setting) {
				require.NoError(t, s.doc.Edit(insert(5, "!"), -1))
				m := receive[wire.Submit](s.peer)
				s.peer.send(wire.Error{Channel: m.Channel, Code: code, RetryAfter: wire.Some(wire.Millis(3000)), Text: "no"})
				if !code.MayRetry() {
					var problem *Problem
					require.ErrorAs(t, s.doc.Problem(), &problem)
					require.ErrorIs(t, problem, ErrStopped)
					require.Equal(t, code, problem.Code)
					require.Equal(t, "hello!", problem.Kept.String())
					require.Equal(t, Closed, s.doc.Status())
					require.ErrorIs(t, s.doc.WaitSaved(t.Context()), ErrStopped)
					require.ErrorIs(t, s.doc.Edit(insert(0, "x"), -1), ErrStopped)
					s.peer.quiet()
					return
				}
				begin := time.Now()
				open := receive[wire.Open](s.peer)
				require.InDelta(t, 3*time.Second, time.Since(begin), float64(100*time.Millisecond))
				require.Equal(t, m.OpBytes, open.Outstanding.Value.OpBytes)
			})
		})
	}
}

func TestARefusedSubmissionStaysOutstanding(t *testing.T) {
	bubble(t, func(t *testing.T, s *setting) {
		require.NoError(t, s.doc.Edit(insert(5, "!"), -1))
		m := receive[wire.Submit](s.peer)
		s.peer.send(wire.Error{Channel: m.Channel, Code: wire.CodeReadOnly, Seq: 1, Text: "read"})
		require.ErrorIs(t, s.doc.Problem(), ErrRefused)
		require.NoError(t, s.doc.Edit(insert(6, "?"), -1))
		s.peer.send(commit(m.Channel, 6, insert(0, ">")))
		require.Equal(t, ">hello!?", s.doc.Text())
		time.Sleep(20 * time.Second) // it is not waited for
		s.peer.quiet()

		s.peer.send(wire.AccessChange{Channel: m.Channel, Access: wire.Write})
		require.Equal(t, m.Channel, receive[wire.Close](s.peer).Channel)
		open := receive[wire.Open](s.peer)
		require.Equal(t, m.OpBytes, open.Outstanding.Value.OpBytes)
		require.Equal(t, at(5), open.Outstanding.Value.Base)
		// Refused once more, for want of space: it is named again after the time that an error names, or a pause.
		s.peer.send(wire.Opened{Channel: open.Channel, Place: at(6), Access: wire.Write, Outcome: wire.OutcomeRefused, Refusal: wire.CodeNoSpace, Resume: true})
		require.ErrorIs(t, s.doc.Problem(), ErrRefused)
		require.Equal(t, open.Channel, receive[wire.Close](s.peer).Channel)
		open = receive[wire.Open](s.peer)
		require.Equal(t, m.OpBytes, open.Outstanding.Value.OpBytes)
		s.peer.send(
			wire.Opened{Channel: open.Channel, Place: at(7), Access: wire.Write, Outcome: wire.OutcomeCommitted, LastSeq: 1, Resume: true},
			wire.Ack{Channel: open.Channel, Seq: 1, Place: at(7)},
		)
		require.NoError(t, s.doc.Problem())
		m = receive[wire.Submit](s.peer)
		require.Equal(t, insert(7, "?"), m.Op)
		require.Equal(t, doc.Seq(2), m.Seq)
		s.peer.send(wire.Error{Channel: m.Channel, Code: wire.CodeNoSpace, Seq: 2, RetryAfter: wire.Some(wire.Millis(30_000))})
		begin := time.Now()
		receive[wire.Ping](s.peer)
		s.peer.send(wire.Pong{N: 1})
		receive[wire.Close](s.peer)
		receive[wire.Open](s.peer)
		require.InDelta(t, 30.5, time.Since(begin).Seconds(), 0.1)
	})
}

func TestAnotherDocumentUnderTheName(t *testing.T) {
	bubble(t, func(t *testing.T, s *setting) {
		s.conn.Cut()
		require.NoError(t, s.doc.Edit(insert(5, "!"), -1))
		again := s.rig.accept()
		open := receive[wire.Open](again)
		other := at(1)
		other.ID = doc.ID{9}
		again.send(wire.Opened{Channel: open.Channel, Place: other, Access: wire.Write, Outcome: wire.OutcomeVoid})
		var problem *Problem
		require.ErrorAs(t, s.doc.Problem(), &problem)
		require.ErrorIs(t, problem, ErrForeign)
		require.Equal(t, "hello!", problem.Kept.String())
		require.Equal(t, open.Channel, receive[wire.Close](again).Channel)
	})
}

func TestUnknownOutcomeOffersTheText(t *testing.T) {
	bubble(t, func(t *testing.T, s *setting) {
		require.NoError(t, s.doc.Edit(insert(5, " lost"), -1))
		receive[wire.Submit](s.peer)
		s.conn.Cut()
		again := s.rig.accept()
		open := receive[wire.Open](again)
		again.send(
			wire.Opened{Channel: open.Channel, Place: at(9), Access: wire.Write, Outcome: wire.OutcomeUnknown},
			wire.Snapshot{Channel: open.Channel, Op: insert(0, "hello"), More: true}, wire.Snapshot{Channel: open.Channel, Op: insert(0, " world")},
		)
		require.Equal(t, "hello world", s.doc.Text())
		require.True(t, s.doc.Saved())
		var problem *Problem
		require.ErrorAs(t, s.doc.Problem(), &problem)
		require.ErrorIs(t, problem, ErrLost)
		require.Equal(t, "hello lost", problem.Kept.String())
		s.doc.Dismiss(problem)
		require.NoError(t, s.doc.Problem())
	})
}

func TestSeveralDocumentsOnOneConnection(t *testing.T) {
	bubble(t, func(t *testing.T, s *setting) {
		other, err := s.conn.Open("other", doc.Text)
		require.NoError(t, err)
		open := s.peer.load(1, "x")
		require.NotEqual(t, s.opened.Channel, open.Channel)
		require.NotEqual(t, s.opened.Client, open.Client)
		s.peer.send(commit(open.Channel, 2, insert(1, "y")), commit(s.opened.Channel, 6, insert(0, ">")), wire.Error{Channel: open.Channel, Code: wire.CodeDamaged})
		require.Equal(t, "xy", other.Text())
		require.Equal(t, ">hello", s.doc.Text())
		require.ErrorIs(t, other.Problem(), ErrStopped)
		require.Equal(t, Live, s.doc.Status())
		other.Close()
		s.doc.Close()
		require.Equal(t, s.opened.Channel, receive[wire.Close](s.peer).Channel)
		require.ErrorIs(t, s.doc.Edit(insert(0, "x"), -1), ErrClosed)
		require.NoError(t, s.doc.WaitReady(t.Context()), "it was, before it ended")
	})
}

func TestChangesMoveAnAnchor(t *testing.T) {
	bubble(t, func(t *testing.T, s *setting) {
		anchor := 5 // behind "hello"; guarded as C3 says
		content := s.doc.OnChange(func(op ot.Op, local bool) {
			if !local {
				anchor = ot.TransformOffset(op, anchor, ot.Left)
			}
		})
		require.Equal(t, "hello", content.String())
		done := make(chan struct{})
		go func() { // ends by itself
			defer close(done)
			for range 50 {
				err := s.doc.Update(func(tx *Tx) error {
					if err := tx.Edit(insert(anchor, "x"), anchor+1); err != nil {
						return err
					}
					anchor++
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				time.Sleep(time.Millisecond)
			}
		}()
		rev := doc.Revision(5)
		for n := 0; n < 50; {
			rev++
			select {
			case m := <-s.peer.in:
				s.peer.send(wire.Ack{Channel: s.opened.Channel, Seq: m.(wire.Submit).Seq, Place: at(rev)})
			default:
				n++
				s.peer.send(commit(s.opened.Channel, rev, insert(0, "o")))
			}
		}
		<-done
		require.Regexp(t, `^o{50}hellox{50}$`, s.doc.Text())
	})
}
