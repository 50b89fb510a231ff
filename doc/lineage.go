package doc

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// Extend is the lineage after one more commit: the first 8 bytes of
// SHA-256(lineage ‖ revision ‖ client ‖ sequence ‖ canonical bytes of the op), numbers as 8 bytes big-endian.
// The lineage of revision 0 is zero.
func (l Lineage) Extend(rev Revision, client ClientID, seq Seq, op []byte) Lineage {
	h := sha256.New()
	h.Write(l[:])
	writeInt(h, int64(rev))
	h.Write(client[:])
	writeInt(h, int64(seq))
	h.Write(op)
	return Lineage(h.Sum(nil)[:len(l)])
}

// DigestOf is the digest of a submission as it came: the first 8 bytes of SHA-256(base revision ‖ op bytes). It has no more
// of the base's place, since a submit names its base by the revision alone.
func DigestOf(base Revision, op []byte) Digest {
	h := sha256.New()
	writeInt(h, int64(base))
	h.Write(op)
	var d Digest
	return Digest(h.Sum(nil)[:len(d)])
}

// matches reports whether the digest may be that of a submission: one that was erased matches all.
func (d Digest) matches(base Revision, op []byte) bool {
	return d == Digest{} || d == DigestOf(base, op)
}

func writeInt(h hash.Hash, n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}
