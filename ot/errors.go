package ot

import (
	"errors"

	"tandem/ot/pack"
)

// What can be wrong with an op. Each error is wrapped with the values that offend. The words are the same in
// the TypeScript client and in the vectors.
var (
	// Found by decoding and by Validate.
	ErrEncoding   = pack.ErrEncoding          // not the strict bytes
	ErrNormalForm = errors.New("normal form") // N1–N5
	ErrUTF8       = pack.ErrUTF8              // invalid UTF-8, of which a lone surrogate is a case
	ErrLimit      = pack.ErrLimit             // beyond a field of Limits

	// Found when the op meets its document.
	ErrLength    = errors.New("length")    // reaches past the end
	ErrSurrogate = errors.New("surrogate") // a boundary inside a surrogate pair
	ErrKind      = errors.New("kind")      // attributes, embeds or CR in a plain text
)
