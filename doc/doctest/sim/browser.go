package sim

import (
	"maps"
	"slices"
	"time"

	client "tandem/client-go"
)

// browser is a model of a browser's storage, as IndexedDB is: every transaction makes a new version of the whole. One that is strict
// is durable, with all before it, when it is complete; any other becomes durable some time later, and a power cut takes the versions
// that are not.
type browser struct {
	w       *World
	latest  *version
	durable *version
	life    int // grows with every power cut: what was under way does not happen
}

// version is all that is stored. It never changes.
type version struct {
	number  int
	records map[int]*client.Pending // what a page has, by the number of the page that owns it
}

// laziness is how long it takes at most until a transaction that is not strict is durable.
const laziness = 5 * time.Second

func newBrowser(w *World) *browser {
	v := &version{}
	return &browser{w: w, latest: v, durable: v}
}

func (b *browser) keys() []int { return slices.Sorted(maps.Keys(b.latest.records)) }

// transaction changes what is stored, in one step.
func (b *browser) transaction(strict bool, change func(records map[int]*client.Pending)) {
	v := &version{b.latest.number + 1, maps.Clone(b.latest.records)}
	if v.records == nil {
		v.records = map[int]*client.Pending{}
	}
	change(v.records)
	b.latest = v
	if strict && b.w.cfg.Fault != FreezeRelaxed {
		b.durable = v
		return
	}
	life := b.life
	b.w.after(b.w.between(0, laziness), func() {
		if b.life == life && v.number > b.durable.number {
			b.durable = v
		}
	})
}

func (b *browser) powerCut() {
	b.life++
	b.latest = b.durable
}
