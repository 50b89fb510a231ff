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
	var frame []byte
	for range 100 {
		frame = benchCommit.Append(frame)
	}
	benchDecode(b, frame, DecodeServer)
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
