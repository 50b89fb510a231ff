package server_test

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
	"tandem/server"
	"tandem/server/wire"
)

var hello = wire.Hello{Software: "test"}

func bytesOf(t *testing.T, digits string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	require.NoError(t, err)
	return b
}

func TestHello(t *testing.T) {
	r := newRig(t, server.Config{Software: "tandem 1.2"})
	p := r.connect()
	p.send(hello)
	require.Equal(t, wire.Welcome{
		Software: "tandem 1.2", MaxOpText: 128 << 10, MaxMessage: 256 << 10, MaxDocument: ot.MaxDocument, PingInterval: 25_000,
	}, next[wire.Welcome](p))
}

// TestRefused: whoever breaks the protocol hears why, and is told not to come back.
func TestRefused(t *testing.T) {
	r := newRig(t, server.Config{})
	open := wire.Open{Channel: 1, Document: "refused", DocKind: doc.Text, Client: clientID(1)}
	for _, row := range []struct {
		name  string
		first bool // before hello
		frame []byte
		text  bool
		close wire.CloseCode
		code  wire.Code // of the error before it; 0: none
	}{
		{name: "a text frame", frame: []byte("hello"), text: true, close: wire.CloseTextFrame},
		{name: "a text frame first", first: true, frame: []byte("hello"), text: true, close: wire.CloseTextFrame},
		{name: "an empty frame", frame: []byte{}, close: wire.CloseBadMessage, code: wire.CodeBadMessage},
		{name: "more than 4 KiB before hello", first: true, frame: make([]byte, 4<<10+1), close: wire.CloseTooLarge},
		{name: "more than 256 KiB", frame: make([]byte, 256<<10+1), close: wire.CloseTooLarge},
		{name: "much more than 256 KiB", frame: make([]byte, 4<<20), close: wire.CloseTooLarge},
		{name: "no hello", first: true, frame: wire.Ping{N: 1}.Append(nil), close: wire.CloseBadMessage},
		{name: "hello twice", frame: hello.Append(nil), close: wire.CloseBadMessage},
		{name: "hello twice in one frame", first: true, frame: hello.Append(hello.Append(nil)), close: wire.CloseBadMessage},
		{name: "another version", first: true, frame: bytesOf(t, "92 01 02"), close: wire.CloseUnsupportedVersion, code: wire.CodeUnsupportedVersion},
		{name: "a message of the server", frame: wire.Goaway{}.Append(nil), close: wire.CloseBadMessage, code: wire.CodeBadMessage},
		{name: "an unknown message", frame: bytesOf(t, "92 0f 01"), close: wire.CloseBadMessage, code: wire.CodeBadMessage},
		{name: "a field too many", frame: bytesOf(t, "93 06 01 01"), close: wire.CloseBadMessage, code: wire.CodeBadMessage},
		{name: "a map", frame: bytesOf(t, "80"), close: wire.CloseBadMessage, code: wire.CodeBadMessage},
		{name: "a count of 4 Gi", frame: bytesOf(t, "dd ff ff ff ff"), close: wire.CloseBadMessage, code: wire.CodeBadMessage},
		{name: "deep nesting", frame: bytes.Repeat([]byte{0x91}, 200<<10), close: wire.CloseBadMessage, code: wire.CodeBadMessage},
		{name: "half a message", frame: wire.Ping{N: 1 << 40}.Append(nil)[:5], close: wire.CloseBadMessage, code: wire.CodeBadMessage},
		{name: "bytes left over", frame: append(wire.Ping{N: 1}.Append(nil), 0xc1), close: wire.CloseBadMessage, code: wire.CodeBadMessage},
		{name: "a base below 0", frame: bytesOf(t, "96 03 01 01 ff 91 a1 61 c0"), close: wire.CloseBadMessage, code: wire.CodeBadMessage},
		{name: "an operation that is none", frame: bytesOf(t, "96 03 01 01 00 91 ca 00 00 00 00 c0"), close: wire.CloseBadMessage, code: wire.CodeBadOp},
		{name: "an operation not in normal form", frame: bytesOf(t, "96 03 01 01 00 92 a1 61 a1 62 c0"), close: wire.CloseBadMessage, code: wire.CodeBadOp},
		{name: "a lone surrogate", frame: bytesOf(t, "96 03 01 01 00 91 a3 ed a0 bd c0"), close: wire.CloseBadMessage, code: wire.CodeBadOp},
		{
			name:  "an operation beyond the limit",
			frame: wire.Submit{Channel: 1, Seq: 1, Op: insert(0, strings.Repeat("x", 128<<10+1))}.Append(nil),
			close: wire.CloseTooLarge, code: wire.CodeTooLarge,
		},
		{name: "a channel that is taken", frame: open.Append(open.Append(nil)), close: wire.CloseBadMessage, code: wire.CodeBadMessage},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := r.connect()
			if !row.first {
				p.send(hello)
				next[wire.Welcome](p)
			}
			kind := websocket.BinaryMessage
			if row.text {
				kind = websocket.TextMessage
			}
			_ = p.ws.WriteMessage(kind, row.frame) // it may be cut off in the middle
			for p.copies[1] = (&replica{text: ot.NewText()}); ; {
				m := p.receive()
				if m == nil {
					require.Zero(t, row.code)
					break
				}
				if e, ok := m.(wire.Error); ok {
					require.Equal(t, row.code, e.Code)
					require.Zero(t, e.Channel)
					break
				}
			}
			code, _ := p.closeCode()
			require.Equal(t, row.close, code)
			require.False(t, code.ComeBack())
		})
	}
}

func TestManyMessagesInOneFrame(t *testing.T) {
	p := newRig(t, server.Config{}).connect()
	p.send(hello, wire.Ping{N: 1}, wire.Refresh{Token: "x"}, wire.Ping{N: 2})
	next[wire.Welcome](p)
	require.Equal(t, wire.Pong{N: 1}, next[wire.Pong](p))
	require.Equal(t, wire.Pong{N: 2}, next[wire.Pong](p))
}

func TestPingFlood(t *testing.T) {
	r := newRig(t, server.Config{})
	for name, ping := range map[string]func(p *peer) error{
		"messages": func(p *peer) error { return p.ws.WriteMessage(websocket.BinaryMessage, wire.Ping{N: 7}.Append(nil)) },
		"frames":   func(p *peer) error { return p.ws.WriteMessage(websocket.PingMessage, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			p := r.join()
			for range 1000 {
				if ping(p) != nil {
					break
				}
			}
			pongs := 0
			for m := p.receive(); m != nil; m = p.receive() {
				pongs++
			}
			require.LessOrEqual(t, pongs, 20)
			code, _ := p.closeCode()
			require.Equal(t, wire.CloseBadMessage, code)
		})
	}
}

// TestSubprotocol: a socket that does not say what it speaks is refused before it is one.
func TestSubprotocol(t *testing.T) {
	p := newRig(t, server.Config{}).join()
	dialer := websocket.Dialer{NetDial: p.dialer()}
	_, answer, err := dialer.Dial("ws://localhost/ws", nil)
	require.Error(t, err)
	require.Equal(t, http.StatusBadRequest, answer.StatusCode)
}

func TestTooManyConnections(t *testing.T) {
	r := newRig(t, server.Config{Limits: server.Limits{Connections: 2}})
	r.join()
	p := r.join()
	dial := func() *http.Response {
		dialer := websocket.Dialer{NetDial: p.dialer(), Subprotocols: []string{wire.Subprotocol}}
		ws, answer, err := dialer.Dial("ws://localhost/ws", nil)
		if err == nil {
			_ = ws.Close()
		}
		return answer
	}
	answer := dial()
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Equal(t, "5", answer.Header.Get("Retry-After"))
	require.NoError(t, p.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), p.soon()))
	for range p.got { // until the server has closed
	}
	require.Eventually(t, func() bool { return dial().StatusCode == http.StatusSwitchingProtocols }, r.patience, 1e6)
}
