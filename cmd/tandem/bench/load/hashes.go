package load

import (
	"sync"

	"tandem/doc"
)

// hashes are of contents that replicas had when a check came. At saturation, fifty replicas come to each of a hundred checks a second, and
// hashing what has changed took a sixth of all that the generator did, for this server alone: a baseline sends no checks. So only the
// first that comes to a place hashes its content. All get a check of that place, each is held against that hash, and in the
// end each replica's content is hashed (L5).
type hashes struct {
	mu sync.Mutex
	at map[doc.Place]uint64
}

// maxHashes is how many places are kept, at 60 bytes each. Who comes later hashes itself.
const maxHashes = 4096

// of is the hash of the content at a place, of which the caller's is one.
func (h *hashes) of(place doc.Place, own func() uint64) uint64 {
	h.mu.Lock()
	hash, known := h.at[place]
	h.mu.Unlock()
	if known {
		return hash
	}
	hash = own() // without the lock: others are at other places
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.at == nil || len(h.at) == maxHashes {
		h.at = make(map[doc.Place]uint64)
	}
	h.at[place] = hash
	return hash
}
