package client

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/server/wire"
)

func TestAddresses(t *testing.T) {
	for from, to := range map[string]string{
		"http://h":              "ws://h/ws",
		"https://h:1/":          "wss://h:1/ws",
		"ws://h/other?x=1#part": "ws://h/other?x=1",
	} {
		got, err := socketURL(from)
		require.NoError(t, err)
		require.Equal(t, to, got)
	}
	for _, bad := range []string{"ftp://h", "h:1", "ws://", "ws://me@h", "://"} {
		_, err := socketURL(bad)
		require.Error(t, err, bad)
	}
	for _, o := range []Options{{Token: strings.Repeat("x", 3000)}, {User: User{Name: strings.Repeat("x", 65)}}, {User: User{Color: "\xff"}}} {
		_, err := Connect("ws://h", o)
		require.Error(t, err)
	}
}

func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.setDown(true)
		begin := time.Now()
		c, log := r.connect(Options{})
		d, err := c.Open("notes", doc.Text)
		require.NoError(t, err)
		at := func() (at []float64) {
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, d := range r.dials {
				at = append(at, d.Sub(begin).Seconds())
			}
			return at
		}
		time.Sleep(122 * time.Second)
		require.InDeltaSlice(t, []float64{0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5, 91.5, 121.5}, at(), 0.001)
		require.Equal(t, Offline, d.Status())
		require.Equal(t, 30*time.Second, log.all()[9].Wait)

		// A connection that does not last is not a good one: its open is not answered for 10 s.
		r.setDown(false)
		r.accept()
		begin = time.Now()
		p := r.accept()
		require.InDelta(t, 10+30, time.Since(begin).Seconds(), 0.01)
		// One that lasts is, and the pauses begin anew.
		p.load(1, "x")
		for range 2 {
			time.Sleep(16 * time.Second)
			p.send(wire.Pong{})
		}
		require.NoError(t, p.ws.NetConn().Close())
		begin = time.Now()
		r.accept()
		require.InDelta(t, 0.5, time.Since(begin).Seconds(), 0.01)
	})
}

func TestCut(t *testing.T) {
	bubble(t, func(t *testing.T, s *setting) {
		s.conn.Cut()
		begin := time.Now()
		again := s.rig.accept()
		require.InDelta(t, 0.5, time.Since(begin).Seconds(), 0.01)
		err := s.peer.gone()
		require.False(t, websocket.IsCloseError(err, websocket.CloseNormalClosure), "no close frame: %v", err)
		receive[wire.Open](again)

		// In the middle of a long pause as well.
		s.rig.setDown(true)
		s.conn.Cut()
		time.Sleep(50 * time.Second)
		s.rig.setDown(false)
		s.conn.Cut()
		begin = time.Now()
		s.rig.accept()
		require.InDelta(t, 0.5, time.Since(begin).Seconds(), 0.01)
	})
}

func TestNoAck(t *testing.T) {
	bubble(t, func(t *testing.T, s *setting) {
		require.NoError(t, s.doc.Edit(insert(0, "x"), -1))
		m := receive[wire.Submit](s.peer)
		begin := time.Now()
		for n := range 9 { // the connection lives, the ack does not come
			time.Sleep(time.Second)
			s.peer.send(wire.Ping{N: int64(n)}, commit(m.Channel, doc.Revision(6+n), insert(0, "y")))
		}
		again := s.rig.accept()
		require.InDelta(t, 10.5, time.Since(begin).Seconds(), 0.01)
		open := receive[wire.Open](again)
		require.Equal(t, m.OpBytes, open.Outstanding.Value.OpBytes)
		require.ErrorIs(t, s.log.all()[3].Err, errAnswer)

		// An open that is not answered, and a welcome that does not come, are the same.
		begin = time.Now()
		p := s.rig.acceptSilently()
		require.InDelta(t, 10.5, time.Since(begin).Seconds(), 0.01)
		receive[wire.Hello](p)
		s.rig.acceptSilently()
		require.InDelta(t, 21.5, time.Since(begin).Seconds(), 0.01)
	})
}

func TestSilence(t *testing.T) {
	bubble(t, func(t *testing.T, s *setting) {
		begin := time.Now()
		receive[wire.Ping](s.peer)
		require.InDelta(t, 25, time.Since(begin).Seconds(), 0.01)
		s.peer.send(wire.Pong{N: 1})
		begin = time.Now()
		for range 5 { // a WebSocket ping is a sign of life, and is answered
			time.Sleep(20 * time.Second)
			require.NoError(t, s.peer.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)))
		}
		s.peer.quiet()
		receive[wire.Ping](s.peer)
		require.InDelta(t, 125, time.Since(begin).Seconds(), 0.01)
		s.rig.accept()
		require.InDelta(t, 140.5, time.Since(begin).Seconds(), 0.01)
	})
}

func TestGoaway(t *testing.T) {
	bubble(t, func(t *testing.T, s *setting) {
		s.conn.mu.Lock()
		s.conn.opt.Jitter = func() float64 { return 0.5 }
		s.conn.mu.Unlock()
		s.peer.send(wire.Goaway{Spread: 4000})
		begin := time.Now()
		require.NoError(t, s.doc.Edit(insert(0, "x"), -1))
		m := receive[wire.Submit](s.peer) // until then everything goes on
		err := s.peer.gone()
		require.True(t, websocket.IsCloseError(err, websocket.CloseNormalClosure), "%v", err)
		again := s.rig.accept()
		require.InDelta(t, 2, time.Since(begin).Seconds(), 0.01)
		require.Equal(t, m.OpBytes, receive[wire.Open](again).Outstanding.Value.OpBytes)

		// The server goes before that moment: it is waited for.
		again.send(wire.Goaway{Spread: 60_000})
		begin = time.Now()
		require.NoError(t, again.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1001, ""), time.Now().Add(time.Second)))
		again.gone()
		s.rig.accept()
		require.InDelta(t, 30, time.Since(begin).Seconds(), 0.01)
	})
}

func TestCloseCodes(t *testing.T) {
	for _, code := range []int{1000, 1001, 1003, 1009, 1011, 4400, 4401, 4404, 4450, 4453, 4499} {
		t.Run(wire.CloseCode(code).String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, s *setting) {
				require.NoError(t, s.doc.Edit(insert(5, "!"), -1))
				receive[wire.Submit](s.peer)
				require.NoError(t, s.peer.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second)))
				if wire.CloseCode(code).ComeBack() {
					receive[wire.Open](s.rig.accept())
					return
				}
				require.ErrorIs(t, s.doc.WaitSaved(t.Context()), ErrStopped)
				require.Equal(t, Closed, s.doc.Status())
				_, err := s.conn.Open("other", doc.Text)
				require.ErrorIs(t, err, ErrStopped)
				time.Sleep(time.Hour)
				require.Empty(t, s.rig.peers)
			})
		})
	}
}

func TestAnErrorOfTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		c, _ := r.connect(Options{Token: "old"})
		d, err := c.Open("notes", doc.Text)
		require.NoError(t, err)
		p := r.acceptSilently()
		require.Equal(t, wire.Some("old"), receive[wire.Hello](p).Token)
		p.send(wire.Error{Code: wire.CodeBusy, RetryAfter: wire.Some(wire.Millis(5000))})
		begin := time.Now()
		p = r.accept()
		require.InDelta(t, 5.5, time.Since(begin).Seconds(), 0.01)
		receive[wire.Open](p)
		require.NoError(t, c.SetToken("new"))
		require.Equal(t, "new", receive[wire.Refresh](p).Token)
		p.send(wire.Error{Code: wire.CodeBadToken})
		var problem *Problem
		require.ErrorAs(t, d.WaitReady(t.Context()), &problem)
		require.Equal(t, wire.CodeBadToken, problem.Code)
	})
}

func TestAFrameThatCannotBeReadEndsTheConnection(t *testing.T) {
	for name, frame := range map[string]struct {
		kind  int
		bytes []byte
	}{"garbage": {websocket.BinaryMessage, []byte{0xff}}, "text": {websocket.TextMessage, []byte("hello")}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *setting) {
				require.NoError(t, s.peer.ws.WriteMessage(frame.kind, frame.bytes))
				open := receive[wire.Open](s.rig.accept())
				require.Equal(t, wire.Some(at(5)), open.Held)
			})
		})
	}
}

func TestCloseSaysGoodbye(t *testing.T) {
	bubble(t, func(t *testing.T, s *setting) {
		require.NoError(t, s.conn.Close())
		require.True(t, websocket.IsCloseError(s.peer.gone(), websocket.CloseNormalClosure))
		require.NoError(t, s.conn.Close(), "twice")
		require.ErrorIs(t, s.doc.Edit(insert(0, "x"), -1), ErrClosed)
		_, err := s.conn.Open("other", doc.Text)
		require.ErrorIs(t, err, ErrClosed)
	})
}

// Close does not wait for a server that says nothing, wherever the connection is.
func TestCloseAtAnyMoment(t *testing.T) {
	for n := range 30 {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			if n%3 == 0 {
				r.setDown(true)
			}
			c, _ := r.connect(Options{})
			d, err := c.Open("notes", doc.Text)
			require.NoError(t, err)
			switch n % 3 {
			case 1:
				synctest.Wait()
			case 2:
				time.Sleep(time.Duration(n) * time.Second)
			}
			begin := time.Now()
			require.NoError(t, c.Close())
			require.LessOrEqual(t, time.Since(begin), closeTimeout)
			require.ErrorIs(t, d.WaitReady(t.Context()), ErrClosed)
		})
	}
}

func TestWaitsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		c, _ := r.connect(Options{})
		d, err := c.Open("notes", doc.Text)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, d.WaitReady(ctx), context.DeadlineExceeded)
		require.ErrorIs(t, d.Edit(insert(0, "x"), -1), ErrNotReady)
		require.ErrorIs(t, d.Update(func(*Tx) error { return errors.New("not called") }), ErrNotReady)
		require.Zero(t, d.Revision())
		for _, name := range []string{"", "a//b", ".."} {
			_, err := c.Open(name, doc.Text)
			require.ErrorIs(t, err, doc.ErrName)
		}
		_, err = c.Open("x", 0)
		require.ErrorIs(t, err, doc.ErrKind)
	})
}

// What waits is gathered in frames, and a large message goes alone.
func TestFrames(t *testing.T) {
	l := &link{conn: &Conn{}, writing: true}
	small, large := wire.Ping{N: 1}, wire.Refresh{Token: strings.Repeat("x", frameBytes+1)}
	l.push(small)
	l.push(small)
	l.push(large)
	l.push(small)
	l.push(small)
	var sizes []int
	for _, f := range l.frames {
		sizes = append(sizes, len(f))
	}
	one := len(small.Append(nil))
	require.Equal(t, []int{2 * one, len(large.Append(nil)), 2 * one}, sizes)
}
