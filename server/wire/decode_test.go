package wire

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

var errStop = errors.New("stop")

func TestDecodeStopsAtTheFirstFault(t *testing.T) { // W3
	frame := Ping{N: 1}.Append(nil)
	frame = Ping{N: 2}.Append(frame)
	frame = append(frame, enc(arr(7, -1))...)
	frame = Ping{N: 3}.Append(frame)
	messages, err := decodeAll("client", frame)
	require.Equal(t, []Message{Ping{1}, Ping{2}}, messages)
	require.ErrorIs(t, err, ErrMessage)
	require.ErrorContains(t, err, "ping: n: ")
	require.ErrorContains(t, err, "-1")
}

func TestDecodeStopsAtTheHandlersError(t *testing.T) {
	frame := Ping{N: 2}.Append(Ping{N: 1}.Append(nil))
	calls := 0
	err := DecodeClient(frame, Limits{}, func(Message) error {
		calls++
		return errStop
	})
	require.Equal(t, errStop, err)
	require.Equal(t, 1, calls)
}

func TestDecodeKeepsTheOpsBytes(t *testing.T) { // W5
	sent := Submit{Channel: 1, Seq: 2, Base: 3, Op: ot.Op{{Kind: ot.Insert, N: 3, Text: "abc"}}, Caret: Some(3)}
	frame := sent.Append(nil)
	frame = Ping{N: 9}.Append(frame)
	messages, err := decodeAll("client", frame)
	require.NoError(t, err)
	got := messages[0].(Submit)
	require.Equal(t, ot.AppendOp(nil, sent.Op), got.OpBytes)
	require.Same(t, &frame[5], &got.OpBytes[0], "a copy")
	// Appending to what was handed out must not write over the frame.
	_ = append(got.OpBytes, 0xff)
	again, err := decodeAll("client", frame)
	require.NoError(t, err)
	require.Equal(t, messages, again)
}

func TestDecodeNamesTheFault(t *testing.T) {
	cases := []struct {
		frame any
		is    error
		words string
	}{
		{arr(3, 1, 0, 0, aLetter, nil), ErrMessage, "submit: seq: limit: 0 at byte 3"},
		{arr(3, 1, 1, 0, arr("a", 1), nil), ErrOp, "submit: op: invalid operation: normal form"},
		{arr(3, 1, 1, 0, arr(1<<25, "a"), nil), ErrTooLarge, "33554432"},
		{arr(1, 3, nil, "x"), ErrVersion, "hello: version: unsupported version: 3"},
		{arr(2, 1, "a", "poor", id16, nil, nil, nil), ErrMessage, `open: kind of document: "poor" is neither`},
		{arr(24, nil, 1, nil, nil, nil, ""), ErrMessage, "error: kind: a client sends no error"},
		{arr(6), ErrMessage, "close: length: 1 elements, there should be 2"},
	}
	for _, c := range cases {
		_, err := decodeAll("client", enc(c.frame))
		require.ErrorIs(t, err, ErrMessage)
		require.ErrorIs(t, err, c.is)
		require.ErrorContains(t, err, c.words)
	}
}

func TestDecodeLimits(t *testing.T) {
	frame := Refresh{Token: long(100)}.Append(nil)
	pass := func(Message) error { return nil }
	require.NoError(t, DecodeClient(frame, Limits{Message: len(frame)}, pass))
	err := DecodeClient(frame, Limits{Message: len(frame) - 1}, pass)
	require.ErrorIs(t, err, ErrTooLarge)
	require.Equal(t, CodeTooLarge, CodeOf(err))
	require.ErrorIs(t, DecodeClient(make([]byte, 256<<10+1), Limits{}, pass), ErrTooLarge)

	large := Submit{Channel: 1, Seq: 1, Op: ot.Op{{Kind: ot.Insert, N: 128 << 10, Text: long(128 << 10)}}}
	require.NoError(t, DecodeClient(large.Append(nil), Limits{}, pass))
	large.Op = ot.Op{{Kind: ot.Insert, N: 128<<10 + 1, Text: long(128<<10 + 1)}}
	require.Equal(t, CodeTooLarge, CodeOf(DecodeClient(large.Append(nil), Limits{}, pass)))

	update := PresenceUpdate{Channel: 1, Peers: make([]Peer, 3), Left: make([]doc.SessionNumber, 3)}
	require.NoError(t, DecodeServer(update.Append(nil), Limits{Peers: 3}, pass))
	require.ErrorContains(t, DecodeServer(update.Append(nil), Limits{Peers: 2}, pass), "presence: peers: limit")
	update.Peers = nil
	require.ErrorContains(t, DecodeServer(update.Append(nil), Limits{Peers: 2}, pass), "presence: left: limit")
}

func TestDecodeAllocatesNoMoreThanTheFrameHolds(t *testing.T) { // W2
	for _, c := range refusedCases() {
		spent := bytesSpent(func() { _, _ = decodeAll(c.from, c.frame) })
		require.Less(t, spent, allowance(c.frame), c.name)
	}
}

// allowance is more than a frame may ever cost: a component of a byte takes 64 in memory, and up to five times that
// while its op grows.
func allowance(frame []byte) uint64 { return 64<<10 + 512*uint64(len(frame)) }

func bytesSpent(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestDecodeRefusesEveryPrefix(t *testing.T) {
	for name, vectors := range vectorFiles(t) {
		for _, v := range vectors {
			if v.Message == nil || len(v.Hex) > 1000 {
				continue
			}
			frame := []byte(rawHex(v.Hex))
			for n := range frame {
				_, err := decodeAll(v.From, frame[:n])
				require.ErrorIs(t, err, ErrMessage, "%s: %s: the first %d bytes", name, v.Name, n)
			}
		}
	}
}

func TestDecodeOfChangedBytes(t *testing.T) { // W1
	for name, vectors := range vectorFiles(t) {
		for _, v := range vectors {
			if v.Error || len(v.Hex) > 500 {
				continue
			}
			frame := []byte(rawHex(v.Hex))
			for i := range frame {
				for _, b := range []byte{frame[i] ^ 1, frame[i] + 1, frame[i] ^ 0x80, 0x00, 0xc0, 0xc1, 0xd9, 0xff} {
					changed := append([]byte{}, frame...)
					changed[i] = b
					checkIdentity(t, v.From, changed, name+": "+v.Name)
				}
			}
		}
	}
}

// checkIdentity: what is accepted is appended again byte for byte.
func checkIdentity(t *testing.T, from string, frame []byte, name string) {
	messages, err := decodeAll(from, frame)
	if err != nil {
		require.ErrorIs(t, err, ErrMessage, "%s: %x", name, frame)
		return
	}
	var again, anew []byte
	for _, m := range messages {
		again = m.Append(again)
		anew = withoutBytes(m).Append(anew)
	}
	require.Equal(t, frame, again, "%s: %x", name, frame)
	require.Equal(t, frame, anew, "%s: %x", name, frame)
}

func TestErrorTextIsCut(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"short", "disk full", "disk full"},
		{"as long as may be", long(512), long(512)},
		{"long", long(600), long(512)},
		{"through a character", long(510) + "🦊", long(510)},
		{"not UTF-8", "a\xffb", "a\uFFFDb"},
	} {
		messages, err := decodeAll("server", Error{Code: CodeInternal, Text: c.text}.Append(nil))
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, messages[0].(Error).Text, c.name)
	}
}

func TestMillis(t *testing.T) {
	require.Equal(t, 25*time.Second, Millis(25000).Duration())
	require.Positive(t, Millis(1<<53-1).Duration())
}

func TestWords(t *testing.T) {
	require.Equal(t, "kind 9", Kind(9).String())
	require.Equal(t, "kind -1", Kind(-1).String())
	require.Equal(t, "commits", KindCommits.String())
	require.Equal(t, "Outcome(5)", Outcome(5).String())
	require.Equal(t, "Access(0)", Access(0).String())
	require.Equal(t, "code-0", Code(0).String())
	require.Equal(t, "close-4000", CloseCode(4000).String())
	longest := 0
	for k, info := range kindInfo {
		require.Equal(t, info.fields > 0, Kind(k).known())
		longest = max(longest, 1+info.fields)
	}
	require.Equal(t, longest, maxFields)
}

func TestCodesAreComplete(t *testing.T) {
	words := map[string]bool{}
	for i := 1; i < len(codeInfo); i++ {
		c := Code(i)
		require.NotEmpty(t, c.String())
		require.False(t, words[c.String()], c)
		words[c.String()] = true
		require.False(t, strings.HasPrefix(c.Close().String(), "close-"), "%s closes with %d", c, c.Close())
		require.True(t, c.EndsSession(false), c)
		// Who is told to come back to the document must not be told to stay away from the server.
		if c.MayRetry() {
			require.True(t, c.Close().ComeBack(), c)
		}
	}
	later := Code(99)
	require.True(t, later.MayRetry())
	require.True(t, later.EndsSession(true))
	require.Equal(t, CloseInternal, later.Close())
	for code, back := range map[CloseCode]bool{
		1000: false, 1001: true, 1003: false, 1005: true, 1006: true, 1009: false, 1011: true, 1012: true, 1013: true,
		4399: true, 4400: false, 4449: false, 4450: true, 4499: true, 4500: true,
	} {
		require.Equal(t, back, code.ComeBack(), "%d", code)
	}
}

func TestCodeOf(t *testing.T) {
	for _, row := range errorCodes {
		require.Equal(t, row.code, CodeOf(row.err))
	}
	require.Equal(t, CodeInternal, CodeOf(errStop))
}
