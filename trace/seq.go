package trace

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"unicode/utf8"

	"tandem/ot"
)

// A Seq is a session in one order.
type Seq struct {
	Header       Header
	Transactions [][]Patch
}

// ReadSeq reads a seqtrace/1 file, checked whole (R1). Its errors wrap ErrFormat, or the file system's.
func ReadSeq(path string) (*Seq, error) {
	l, err := openLines(path)
	if err != nil {
		return nil, err
	}
	defer l.close()
	s := &Seq{}
	if s.Header, err = l.header(FormatSeq); err != nil {
		return nil, err
	}
	patches := 0
	var text splicer
	for {
		line, err := l.next()
		if err != nil {
			return nil, err
		}
		if line == nil {
			break
		}
		p, joined, err := parsePatch(line)
		if err == nil {
			err = text.splice(p)
		}
		if err != nil {
			return nil, l.errorf("%w", err)
		}
		last := len(s.Transactions) - 1
		switch {
		case !joined:
			s.Transactions = append(s.Transactions, []Patch{p})
		case last < 0:
			return nil, l.errorf("the first patch belongs to no transaction before it")
		default:
			s.Transactions[last] = append(s.Transactions[last], p)
		}
		patches++
	}
	return s, s.check(l, patches, &text)
}

// check holds what was read against the header.
func (s *Seq) check(l *lines, patches int, text *splicer) error {
	if err := l.want("transactions", s.Header.Txns, len(s.Transactions)); err != nil {
		return err
	}
	if err := l.want("patches", s.Header.Patches, patches); err != nil {
		return err
	}
	if err := l.want("units of text at the end", s.Header.EndLen, text.len()); err != nil {
		return err
	}
	end, err := text.text()
	if err != nil {
		return l.errorf("%w", err)
	}
	if sum := SHA256(end); sum != s.Header.EndSHA256 {
		return l.errorf("the text's SHA-256 is %s, the header says %s", sum, s.Header.EndSHA256)
	}
	return nil
}

// Text is the document after the first n transactions, made by plain splices (R3). It fails where a patch does not fit, or
// where the session stands between the halves of a surrogate pair.
func (s *Seq) Text(n int) (string, error) {
	var text splicer
	for _, transaction := range s.Transactions[:n] {
		for _, p := range transaction {
			if err := text.splice(p); err != nil {
				return "", err
			}
		}
	}
	return text.text()
}

// SHA256 is the sum that the headers hold: of the text's UTF-8 bytes, in hex.
func SHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// NewSeq makes a session of transactions, with the header that they deserve.
func NewSeq(name, source string, transactions [][]Patch) (*Seq, error) {
	h := Header{Format: FormatSeq, Name: name, Unit: "utf16", Source: source, Txns: len(transactions)}
	var text splicer
	for _, transaction := range transactions {
		for _, p := range transaction {
			if err := text.splice(p); err != nil {
				return nil, err
			}
			h.count(p)
			h.MaxLen = max(h.MaxLen, text.len())
		}
	}
	end, err := text.text()
	if err != nil {
		return nil, err
	}
	h.EndLen, h.EndCodePoints, h.EndBytesUTF8 = text.len(), utf8.RuneCountInString(end), len(end)
	h.StartSHA256, h.EndSHA256 = SHA256(""), SHA256(end)
	return &Seq{Header: h, Transactions: transactions}, nil
}

func (h *Header) count(p Patch) {
	h.Patches++
	h.InsertedUnits += ot.UTF16Len(p.Inserted)
	h.DeletedUnits += p.Deleted
	switch {
	case p.Deleted == 0:
		h.InsertOnly++
	case p.Inserted == "":
		h.DeleteOnly++
	default:
		h.Replace++
	}
	astral := false
	for _, r := range p.Inserted {
		if r >= utf8.RuneSelf {
			h.NonASCIIInserted++
		}
		astral = astral || r > 0xFFFF
	}
	if astral {
		h.AstralPatches++
	}
}

// Write writes the session as seqtrace/1, not compressed.
func (s *Seq) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	if err := writeLine(out, s.Header); err != nil {
		return err
	}
	for _, transaction := range s.Transactions {
		for i, p := range transaction {
			line := []any{p.Offset, p.Deleted, p.Inserted}
			if i > 0 {
				line = append(line, 1)
			}
			if err := writeLine(out, line); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

func writeLine(w io.Writer, v any) error {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(line.Bytes())
	return err
}
