package server_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/server"
	"tandem/server/wire"
)

// frame is a WebSocket frame of a client, with a mask of zeros.
func rawFrame(opcode byte, final bool, payload ...byte) []byte {
	if final {
		opcode |= 0x80
	}
	return append([]byte{opcode, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
}

const (
	opContinuation = 0x0
	opBinary       = 0x2
	opPong         = 0xa
)

// inTime runs a test in virtual time, with a server in memory.
func inTime(t *testing.T, test func(t *testing.T, r *rig)) {
	synctest.Test(t, func(t *testing.T) { test(t, newPipeRig(t, server.Config{})) })
}

// requireClosedAfter reads until the server closes, which has to be after that time.
func (p *peer) requireClosedAfter(want wire.CloseCode, after time.Duration) {
	p.rig.t.Helper()
	began := time.Now()
	code, _ := p.closeCode()
	require.Equal(p.rig.t, want, code)
	require.Equal(p.rig.t, after, time.Since(began))
	require.True(p.rig.t, code.ComeBack())
}

func TestNoHello(t *testing.T) {
	inTime(t, func(t *testing.T, r *rig) {
		r.connect().requireClosedAfter(wire.CloseHelloTimeout, 5*time.Second)
	})
}

// TestHalfAHello: signs of life do not help, nor does a frame that has begun.
func TestHalfAHello(t *testing.T) {
	inTime(t, func(t *testing.T, r *rig) {
		p := r.connect()
		r.peers.Go(func() {
			opcode := byte(opBinary)
			for _, b := range hello.Append(nil) {
				_, err1 := p.conn.Write(rawFrame(opcode, false, b))
				_, err2 := p.conn.Write(rawFrame(opPong, true))
				if err1 != nil || err2 != nil {
					return
				}
				opcode = opContinuation
				time.Sleep(time.Second)
			}
		})
		p.requireClosedAfter(wire.CloseHelloTimeout, 5*time.Second)
	})
}

func TestPingsKeepAlive(t *testing.T) {
	inTime(t, func(t *testing.T, r *rig) {
		p := r.connectSilently()
		began := time.Now()
		answer := p.ws.PingHandler()
		pings := make(chan time.Duration, 100)
		p.ws.SetPingHandler(func(data string) error {
			pings <- time.Since(began)
			return answer(data)
		})
		r.peers.Go(p.read)
		p.send(hello)
		next[wire.Welcome](p)
		time.Sleep(10*time.Minute + time.Second)
		require.NoError(t, p.err())
		p.open(1, "still here", clientID(1))
		require.Len(t, pings, 24)
		for i := range time.Duration(24) {
			require.Equal(t, (i+1)*25*time.Second, <-pings)
		}
	})
}

// joinDeaf is a peer that leaves pings unanswered.
func (r *rig) joinDeaf() *peer {
	p := r.connectSilently()
	p.ws.SetPingHandler(func(string) error { return nil })
	r.peers.Go(p.read)
	p.send(hello)
	next[wire.Welcome](p)
	return p
}

func TestIdle(t *testing.T) {
	inTime(t, func(t *testing.T, r *rig) {
		r.joinDeaf().requireClosedAfter(wire.CloseIdle, time.Minute)
	})
}

// TestSignsOfLife: messages, pings and pongs each are one.
func TestSignsOfLife(t *testing.T) {
	for name, sign := range map[string]func(p *peer) error{
		"a message": func(p *peer) error { return p.ws.WriteMessage(websocket.BinaryMessage, wire.Pong{N: 1}.Append(nil)) },
		"a ping":    func(p *peer) error { return p.ws.WriteControl(websocket.PingMessage, nil, p.soon()) },
		"a pong":    func(p *peer) error { return p.ws.WriteControl(websocket.PongMessage, nil, p.soon()) },
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(t *testing.T, r *rig) {
				p := r.joinDeaf()
				for range 10 {
					time.Sleep(59 * time.Second)
					require.NoError(t, sign(p))
				}
				synctest.Wait()
				p.requireClosedAfter(wire.CloseIdle, time.Minute)
			})
		})
	}
}

// TestRest: a reader that hears nothing but pongs waits on a goroutine with nothing else on its stack; any other frame wakes it, whole or
// in parts, and a second one behind it as well.
func TestRest(t *testing.T) {
	inTime(t, func(t *testing.T, r *rig) {
		resting := func() int {
			buf := make([]byte, 1<<20)
			return strings.Count(string(buf[:runtime.Stack(buf, true)]), "server.(*conn).pong(")
		}
		p, q := r.join(), r.join()
		p.open(1, "quiet", clientID(1))
		synctest.Wait()
		require.Zero(t, resting())
		time.Sleep(3 * time.Second)
		require.Equal(t, 2, resting())
		for _, pong := range [][]byte{rawFrame(opPong, true), rawFrame(opPong, true, []byte("what it was asked with")...)} {
			for _, b := range pong { // in parts
				_, err := p.conn.Write([]byte{b})
				require.NoError(t, err)
			}
			synctest.Wait()
			require.Equal(t, 2, resting())
		}
		for range 3 {
			ping := rawFrame(opBinary, true, wire.Ping{N: 7}.Append(nil)...)
			_, err := p.conn.Write(append(rawFrame(opPong, true), append(ping[:len(ping):len(ping)], ping...)...))
			require.NoError(t, err)
			require.Equal(t, wire.Pong{N: 7}, next[wire.Pong](p))
			require.Equal(t, wire.Pong{N: 7}, next[wire.Pong](p))
			synctest.Wait()
			require.Equal(t, 1, resting())
			p.edit(1, doc.Seq(p.copies[1].place.Rev)+1, insert(0, "x"))
			time.Sleep(3 * time.Second)
			require.Equal(t, 2, resting())
		}
		require.NoError(t, q.conn.Close())
		synctest.Wait()
		require.Equal(t, 1, resting())
	})
}

// TestUnfinishedMessage: fragments and pongs that trickle in do not hold a connection for longer than a message may take.
func TestUnfinishedMessage(t *testing.T) {
	inTime(t, func(t *testing.T, r *rig) {
		p := r.join()
		r.peers.Go(func() {
			opcode := byte(opBinary)
			for {
				_, err1 := p.conn.Write(rawFrame(opcode, false, 0x91))
				_, err2 := p.conn.Write(rawFrame(opPong, true))
				if err1 != nil || err2 != nil {
					return
				}
				opcode = opContinuation
				time.Sleep(time.Second)
			}
		})
		p.requireClosedAfter(wire.CloseIdle, 30*time.Second)
	})
}

// TestPeerThatDoesNotRead is cut off by the deadline of a write, and nobody waits for it.
func TestPeerThatDoesNotRead(t *testing.T) {
	inTime(t, func(t *testing.T, r *rig) {
		a, b := r.join(), r.join()
		number := a.open(1, "stuck", clientID(1)).Session
		b.open(1, "stuck", clientID(2))
		stuck := r.connectSilently()
		began := time.Now()
		stuck.send(hello)
		b.edit(1, 1, insert(0, "x"))
		a.textBecomes(1, "x")
		require.Less(t, time.Since(began), time.Second)
		time.Sleep(11 * time.Second)
		require.Error(t, stuck.ws.WriteMessage(websocket.BinaryMessage, wire.Ping{N: 1}.Append(nil)))
		require.NotZero(t, number)
	})
}

// TestGoodbyeThatIsNotAnswered: a peer that goes on talking after our close frame is cut off.
func TestGoodbyeThatIsNotAnswered(t *testing.T) {
	for _, row := range []struct {
		name string
		kind int
	}{{"silent", 0}, {"talking", websocket.BinaryMessage}, {"pinging", websocket.PongMessage}} {
		t.Run(row.name, func(t *testing.T) {
			inTime(t, func(t *testing.T, r *rig) {
				p := r.connectSilently()
				p.ws.SetCloseHandler(func(int, string) error { return errors.New("not answered") })
				r.peers.Go(func() {
					for {
						if _, _, err := p.ws.ReadMessage(); errors.Is(err, net.ErrClosed) || p.drained() {
							return
						}
					}
				})
				p.send(hello)
				r.peers.Go(func() {
					for row.kind != 0 {
						payload := wire.Pong{N: 1}.Append(nil)
						if p.ws.WriteMessage(row.kind, payload) != nil {
							return
						}
						time.Sleep(100 * time.Millisecond)
					}
				})
				time.Sleep(time.Second)
				began := time.Now()
				require.NoError(t, r.stop())
				require.Equal(t, 2*time.Second, time.Since(began))
			})
		})
	}
}

// drained reads what is below the WebSocket to its end.
func (p *peer) drained() bool {
	buf := make([]byte, 1024)
	for {
		if _, err := p.conn.Read(buf); err != nil {
			return true
		}
	}
}

// TestShutdownIsBounded: one that reads nothing at all does not hold it up for longer than its context says.
func TestShutdownIsBounded(t *testing.T) {
	inTime(t, func(t *testing.T, r *rig) {
		p := r.connectSilently()
		p.send(hello)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		require.NoError(t, r.server.Shutdown(ctx))
		require.Equal(t, 3*time.Second, time.Since(began))
	})
}

// TestUnloadedAndLoaded: a document that nobody has open leaves memory, and comes back as it was.
func TestUnloadedAndLoaded(t *testing.T) {
	inTime(t, func(t *testing.T, r *rig) {
		p := r.join()
		p.open(1, "sleeper", clientID(1))
		p.edit(1, 1, insert(0, "zzz"))
		p.send(wire.Close{Channel: 1})
		held := p.copies[1].place
		time.Sleep(time.Minute)
		opened := p.open(2, "sleeper", clientID(2))
		require.Equal(t, "zzz", p.text(2))
		require.Equal(t, held, opened.Place)
		require.Equal(t, doc.Revision(1), opened.Place.Rev)
	})
}

// TestAsksAndDoesNotRead: answers that nobody reads are not gathered without bound.
func TestAsksAndDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newPipeRig(t, server.Config{Limits: server.Limits{Channels: 1}})
		p := r.connectSilently()
		p.send(hello)
		var frame []byte
		for c := range wire.Channel(4000) {
			frame = wire.Open{Channel: c + 1, Document: "greedy", DocKind: doc.Text, Client: clientID(1)}.Append(frame)
		}
		p.sendFrame(frame)
		synctest.Wait()
		r.peers.Go(p.read)
		said := 0
		for m := p.receiveRaw(); m != nil; m = p.receiveRaw() {
			said += len(m.Append(nil))
		}
		require.Less(t, said, 80<<10)
		code, _ := p.closeCode()
		require.Equal(t, wire.CloseTooSlow, code)
	})
}
