package wire

import (
	"testing"

	"tandem/doc"
	"tandem/ot"
)

var (
	benchOp     = ot.Op{{Kind: ot.Retain, N: 1200}, {Kind: ot.Insert, N: 3, Text: "abc"}}
	benchSubmit = Submit{Channel: 1, Seq: 70000, Base: 90000, Op: benchOp, Caret: Some(1203)}
	benchCommit = Commits{
		Channel: 1, First: 90001, Count: 1, Op: benchOp, OpBytes: ot.AppendOp(nil, benchOp),
		Session: Some(doc.SessionNumber(300)), Caret: Some(1203), Lineage: Some(doc.Lineage{1, 2, 3}),
	}
)

func BenchmarkAppendSubmit(b *testing.B) {
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = benchSubmit.Append(buf[:0])
	}
}

func BenchmarkAppendCommits(b *testing.B) {
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = benchCommit.Append(buf[:0])
	}
}

// BenchmarkSubmit is what a submit costs both ends: it is appended, and read as the server reads it.
func BenchmarkSubmit(b *testing.B) {
	lim := ClientLimits()
	buf := make([]byte, 0, 1024)
	for _, text := range []string{"x", "abc"} {
		m := benchSubmit
		m.Op = ot.Op{{Kind: ot.Retain, N: 1200}, {Kind: ot.Insert, N: len(text), Text: text}}
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				buf = m.Append(buf[:0])
				f := ReadClient(buf, lim)
				if !f.Next() || f.Submit() == nil || f.Next() || f.Err() != nil {
					b.Fatal(f.Err())
				}
			}
		})
	}
}

// BenchmarkReadCatchUp reads a frame of 100 commits as a client does.
func BenchmarkReadCatchUp(b *testing.B) {
	frame := catchUp(100)
	lim := ServerLimits()
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		f := ReadServer(frame, lim)
		for f.Next() {
			if f.Commits() == nil {
				b.Fatal("no commits")
			}
		}
		if f.Err() != nil {
			b.Fatal(f.Err())
		}
	}
}

func BenchmarkDecodeSubmit(b *testing.B) {
	frame := benchSubmit.Append(nil)
	benchDecode(b, frame, DecodeClient)
}

func BenchmarkDecodeCommits(b *testing.B) {
	frame := benchCommit.Append(nil)
	benchDecode(b, frame, DecodeServer)
}

// BenchmarkDecodeCatchUp decodes a frame of 100 commits.
func BenchmarkDecodeCatchUp(b *testing.B) {
	benchDecode(b, catchUp(100), DecodeServer)
}

func catchUp(commits int) []byte {
	var frame []byte
	for range commits {
		frame = benchCommit.Append(frame)
	}
	return frame
}

func benchDecode(b *testing.B, frame []byte, decode func([]byte, Limits, func(Message) error) error) {
	lim := ServerLimits()
	pass := func(Message) error { return nil }
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		if err := decode(frame, lim, pass); err != nil {
			b.Fatal(err)
		}
	}
}
