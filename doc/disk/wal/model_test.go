package wal

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

const simDir = "/store/wal"

// world is a log on a simulated disk, and what must be in it.
type world struct {
	rng    *rand.Rand
	faults *rand.Rand // for the disk alone, which other goroutines call
	disk   *disk
	proc   *process
	cfg    Config
	bug    bug
	log    *Log

	// Of a script: what sets up each process, and the calls of those before.
	prepare func(*process)
	counted int

	serial int
	stored Position // by the caller, durably
	acked  []sample // acknowledged, and not stored elsewhere
	doubts []sample // outcome unknown: at most one of them may be there, at the end
	unsafe bool
	trace  []string
	counts map[string]int
}

type sample struct {
	end    Position
	record []byte
}

// bug is a mistake that is planted to see the simulation find it.
type bug struct {
	name     string
	skip     func(c call) bool // calls that are left out, though they report success
	sameSalt bool
	early    bool // a caller that recycles before it has stored
	within   int  // seeds in which it must be found
}

func newWorld(seed uint64, b bug) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 0)), faults: rand.New(rand.NewPCG(seed, 2)), disk: newDisk(), bug: b, counts: map[string]int{}}
	w.cfg = Config{SegmentBytes: minSegmentBytes, MaxBytes: 6 * minSegmentBytes, salt: rand.New(rand.NewPCG(seed, 1)).Uint64}
	if b.sameSalt {
		w.cfg.salt = func() uint64 { return 0x5a17 }
	}
	return w
}

func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

// start runs a new process on the disk.
func (w *world) start() {
	w.proc = &process{disk: w.disk, rng: w.faults, failAt: map[int]fault{}, skip: w.bug.skip}
	w.cfg.Files = w.proc
	if w.prepare != nil {
		w.proc.calls = w.counted
		w.prepare(w.proc)
	}
}

// open opens the log, and compares what is there with what must be.
func (w *world) open() error {
	for attempt := 0; ; attempt++ {
		w.start()
		if attempt == 0 && w.prepare == nil && w.rng.IntN(4) == 0 {
			w.inject()
		}
		var verified, opened []sample
		checked, err := Verify(simDir, w.stored, w.cfg, into(&verified))
		if err != nil {
			return fmt.Errorf("verify from %s: %w", w.stored, err)
		}
		w.proc.opening = true
		log, replay, err := Open(simDir, w.stored, w.cfg, into(&opened))
		if err != nil {
			if errors.Is(err, errFault) && attempt == 0 {
				w.note("open failed: %v", err)
				w.counted = w.proc.calls
				continue
			}
			return fmt.Errorf("open from %s: %w", w.stored, err)
		}
		w.log = log
		w.settle()
		w.proc.opening = false
		if checked != replay || !slices.EqualFunc(verified, opened, sample.equal) {
			return fmt.Errorf("Verify found %v %v, Open %v %v", checked, verified, replay, opened)
		}
		return w.compare(opened)
	}
}

func into(samples *[]sample) func(_, end Position, record []byte) error {
	return func(_, end Position, record []byte) error {
		*samples = append(*samples, sample{end, slices.Clone(record)})
		return nil
	}
}

func (s sample) equal(o sample) bool { return s.end == o.end && bytes.Equal(s.record, o.record) }

func (s sample) String() string {
	return fmt.Sprintf("%.8s(%d) to %s", s.record, len(s.record), s.end)
}

func (w *world) compare(found []sample) error {
	w.note("opened: %v", found)
	n := len(w.acked)
	if len(found) < n || !slices.EqualFunc(w.acked, found[:n], sample.equal) {
		return fmt.Errorf("found %v, acknowledged were %v", found, w.acked)
	}
	switch more := found[n:]; {
	case len(more) > 1:
		return fmt.Errorf("found more than was acknowledged: %v", more)
	case len(more) == 1 && !slices.ContainsFunc(w.doubts, func(d sample) bool { return bytes.Equal(d.record, more[0].record) }):
		return fmt.Errorf("found %v; in doubt was %v", more[0], w.doubts)
	case len(more) == 1:
		w.counts["in doubt, there"]++
		w.acked = append(w.acked, more[0])
	case len(w.doubts) > 0:
		w.counts["in doubt, gone"]++
	}
	w.doubts, w.unsafe = nil, false
	if end := w.log.End(); len(w.acked) > 0 && end != w.acked[len(w.acked)-1].end {
		return fmt.Errorf("the log ends at %s, its last record at %s", end, w.acked[len(w.acked)-1].end)
	}
	return nil
}

// settle waits for the segment that is being prepared, so that a run can be repeated.
func (w *world) settle() { settle(w.log) }

func settle(l *Log) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settled()
}

// inject makes one of the next calls fail.
func (w *world) inject() {
	w.disk.mu.Lock()
	defer w.disk.mu.Unlock()
	at := w.proc.calls + 1 + w.rng.IntN(8)
	w.proc.failAt[at] = fault(1 + w.rng.IntN(4))
	w.note("call %d will fail: %d", at, w.proc.failAt[at])
}

// step does something at random.
func (w *world) step() error {
	defer func() {
		if w.log != nil {
			w.settle()
		}
	}()
	if w.rng.IntN(25) == 0 {
		w.inject()
	}
	if w.unsafe && w.rng.IntN(2) == 0 {
		return w.reset()
	}
	switch n := w.rng.IntN(100); {
	case n < 60:
		return w.append()
	case n < 75:
		return w.recycle()
	case n < 80:
		return w.rotate()
	case n < 82:
		return w.scrub()
	case n < 86:
		w.note("close")
		err := w.log.Close()
		w.log = nil
		if err != nil {
			return err
		}
		return w.open()
	case n < 91:
		return w.end("kill", func() {})
	default:
		if w.rng.IntN(4) > 0 { // in the middle of something
			w.disk.mu.Lock()
			w.proc.deadAt = w.proc.calls + 1 + w.rng.IntN(8)
			w.disk.mu.Unlock()
			for range 1 + w.rng.IntN(3) {
				if err := w.append(); err != nil {
					return err
				}
			}
		}
		return w.end("power cut", func() { w.disk = w.disk.cutPower(tear(w.rng)) })
	}
}

// end ends the process and starts another.
func (w *world) end(how string, then func()) error {
	w.note("%s", how)
	w.counts[how]++
	w.proc.kill()
	_ = w.log.Close()
	w.log = nil
	then()
	return w.open()
}

func (w *world) append() error {
	size := w.rng.IntN(600)
	switch w.rng.IntN(12) {
	case 0:
		size = w.rng.IntN(9000)
	case 1:
		size = w.rng.IntN(2) * (8192 + w.rng.IntN(20000))
	}
	return w.put(size)
}

// put appends a record of a size, and remembers what became of it.
func (w *world) put(size int) error {
	w.serial++
	record := fmt.Appendf(nil, "%07d.", w.serial)
	for len(record) < size {
		record = append(record, byte(w.rng.Uint32()))
	}
	end, err := w.log.Append(record)
	w.note("append %s: %s %v", sample{end, record}, end, err)
	switch {
	case err == nil && w.unsafe:
		return errors.New("appended while unsafe")
	case err == nil:
		w.acked = append(w.acked, sample{end, record})
		w.doubts = nil
		if len(w.acked) > 1 && !w.acked[len(w.acked)-2].end.Before(end) {
			return fmt.Errorf("it ends at %s, the one before at %s", end, w.acked[len(w.acked)-2].end)
		}
	case errors.Is(err, ErrUnsafe) && !w.unsafe:
		w.counts["unsafe"]++
		w.unsafe = true
		w.doubts = append(w.doubts, sample{record: record})
	case errors.Is(err, ErrUnsafe):
	case errors.Is(err, ErrFull):
		w.counts["full"]++
	default:
		return err
	}
	if live := w.log.Live(); live > w.cfg.MaxBytes && !w.unsafe && w.counts["reset"] == 0 && w.counts["power cut"]+w.counts["kill"] == 0 {
		return fmt.Errorf("%d bytes live, of %d", live, w.cfg.MaxBytes)
	}
	return nil
}

// recycle stores a position as the caller would, with what stood before it, and gives the segments free.
func (w *world) recycle() error {
	if len(w.acked) == 0 {
		return nil
	}
	n := 1 + w.rng.IntN(len(w.acked))
	if w.bug.early {
		return w.recycleEarly(n)
	}
	return w.store(n)
}

// store is a caller that keeps n records elsewhere, durably, and stores the position behind them.
func (w *world) store(n int) error {
	before := w.acked[n-1].end
	w.note("recycle before %s", before)
	w.stored = before
	w.acked = slices.Delete(w.acked, 0, n)
	return w.tolerate(w.log.Recycle(before))
}

// recycleEarly is one that recycles first.
func (w *world) recycleEarly(n int) error {
	_ = w.log.Recycle(w.acked[n-1].end)
	for range 3 {
		w.settle()
		if err := w.append(); err != nil {
			return err
		}
	}
	w.settle()
	if w.rng.IntN(3) == 0 {
		return w.end("power cut", func() { w.disk = w.disk.cutPower(tear(w.rng)) })
	}
	return w.store(n)
}

// tolerate lets injected failures pass: they must do no harm.
func (w *world) tolerate(err error) error {
	if errors.Is(err, errFault) || errors.Is(err, errDead) || errors.Is(err, ErrFull) || errors.Is(err, ErrUnsafe) {
		w.note("failed: %v", err)
		w.unsafe = w.unsafe || errors.Is(err, ErrUnsafe)
		return nil
	}
	return err
}

func (w *world) rotate() error {
	start, err := w.log.Rotate()
	w.note("rotate: %s %v", start, err)
	if err != nil {
		return w.tolerate(err)
	}
	if w.rng.IntN(2) == 0 {
		return nil
	}
	w.settle()
	w.stored, w.acked, w.doubts = start, nil, nil
	return w.tolerate(w.log.Recycle(start))
}

// storeAll is a caller that stores all there is.
func (w *world) storeAll() error {
	if len(w.acked) == 0 {
		return nil
	}
	return w.store(len(w.acked))
}

// rotateAll is one that then has the current segment freed.
func (w *world) rotateAll() error {
	start, err := w.log.Rotate()
	if err != nil {
		return w.tolerate(err)
	}
	w.stored, w.acked, w.doubts = start, nil, nil
	return w.tolerate(w.log.Recycle(start))
}

func (w *world) reset() error {
	start, err := w.log.Reset()
	w.note("reset: %s %v", start, err)
	if err != nil {
		return w.tolerate(err)
	}
	w.counts["reset"]++
	w.unsafe = false
	if w.rng.IntN(3) == 0 {
		return nil // not stored yet
	}
	w.settle()
	w.stored, w.acked, w.doubts = start, nil, nil
	if w.rng.IntN(2) == 0 {
		return nil // not recycled yet
	}
	return w.tolerate(w.log.Recycle(start))
}

func (w *world) scrub() error {
	err := w.log.Scrub()
	w.note("scrub: %v", err)
	if err != nil {
		return w.tolerate(err)
	}
	return nil
}

// run plays a seed.
func (w *world) run(steps int) (err error) {
	defer func() {
		if w.log != nil {
			w.proc.kill()
			_ = w.log.Close()
		}
	}()
	if err := w.open(); err != nil {
		return err
	}
	for range steps {
		if err := w.step(); err != nil {
			return err
		}
	}
	return w.end("power cut", func() { w.disk = w.disk.cutPower(tear(w.rng)) })
}

// TestModel is TestSimulation in short, for the race detector.
func TestModel(t *testing.T) { simulate(t, 5) }

func simulate(t *testing.T, seeds uint64) {
	all := map[string]int{}
	for seed := range seeds {
		w := newWorld(seed, bug{})
		if err := w.run(60); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, join(w.trace))
		}
		for k, n := range w.counts {
			all[k] += n
		}
	}
	t.Logf("note: %d seeds: %v", seeds, all)
}

func join(lines []string) string {
	var b bytes.Buffer
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	return b.String()
}
