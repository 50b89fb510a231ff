package wire

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// letters are n submits, and what follows each of them in a client's frame.
func letters(n int) (frame []byte, sent []Message) {
	for i := range n {
		text := string(rune('a' + i))
		m := Submit{Channel: 1, Seq: doc.Seq(i + 1), Base: doc.Revision(i), Op: ot.Op{{Kind: ot.Insert, N: 1, Text: text}}}
		if i%2 == 0 {
			m.Caret = Some(i)
		}
		m.OpBytes = ot.AppendOp(nil, m.Op)
		sent = append(sent, m, Ping{N: int64(i)})
		frame = Ping{N: int64(i)}.Append(m.Append(frame))
	}
	return frame, sent
}

// What a Submit says is the message that it is in place of, and nothing of the one before stays in it.
func TestClientFrame(t *testing.T) {
	frame, sent := letters(5)
	f := ReadClient(frame, Limits{})
	var ops []ot.Op
	for i := 0; f.Next(); i++ {
		require.Equal(t, sent[i], f.Message())
		m := f.Submit()
		if i%2 == 1 {
			require.Nil(t, m)
			continue
		}
		require.Equal(t, sent[i], *m)
		ops = append(ops, m.Op)
	}
	require.NoError(t, f.Err())
	require.Len(t, ops, 5)
	for i, op := range ops { // W5: the next message leaves the op alone
		require.Equal(t, sent[2*i].(Submit).Op, op)
	}
	require.False(t, f.Next())
}

func TestServerFrame(t *testing.T) {
	one := Commits{
		Channel: 1, First: 7, Count: 1, Op: ot.Op{{Kind: ot.Delete, N: 2}},
		Session: Some(doc.SessionNumber(3)), Caret: Some(0), Lineage: Some(doc.Lineage{1}),
	}
	one.OpBytes = ot.AppendOp(nil, one.Op)
	many := Commits{Channel: 2, First: 8, Count: 9, Op: one.Op, OpBytes: one.OpBytes}
	sent := []Message{one, Ack{Channel: 1, Seq: 4, Place: doc.Place{Rev: 8}}, many, Ping{N: 1}, one}
	var frame []byte
	for _, m := range sent {
		frame = m.Append(frame)
	}
	f := ReadServer(frame, Limits{})
	for i := range sent {
		require.True(t, f.Next())
		require.Equal(t, sent[i], f.Message())
		if want, ok := sent[i].(Commits); ok {
			require.Equal(t, want, *f.Commits())
		} else {
			require.Nil(t, f.Commits())
		}
	}
	require.False(t, f.Next())
	require.NoError(t, f.Err())
}

// A fault ends a frame for good, whichever of its messages it is in (W3).
func TestFrameStopsAtAFault(t *testing.T) {
	frame, sent := letters(3)
	frame = append(frame, enc(arr(3, 1, 1, 0, arr("a", 1), nil))...)
	more, _ := letters(1)
	f := ReadClient(append(frame, more...), Limits{})
	for i := range sent {
		require.True(t, f.Next(), i)
	}
	for range 2 {
		require.False(t, f.Next())
		require.ErrorIs(t, f.Err(), ErrOp)
	}
	for _, frame := range [][]byte{nil, make([]byte, 9)} {
		f := ReadClient(frame, Limits{Message: 8})
		require.False(t, f.Next())
		require.ErrorIs(t, f.Err(), ErrMessage)
	}
}

// A submit of a letter costs its op, and nothing else.
func TestFramesAllocateTheOp(t *testing.T) {
	limits := ClientLimits()
	submit := Submit{Channel: 1, Seq: 2, Base: 3, Op: ot.Op{{Kind: ot.Retain, N: 900}, {Kind: ot.Insert, N: 1, Text: "a"}}, Caret: Some(901)}
	buf := make([]byte, 0, 64)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		buf = submit.Append(buf[:0])
		for f := ReadClient(buf, limits); f.Next(); {
			if f.Submit() == nil {
				panic("no submit")
			}
		}
	}), 1.0)
}
