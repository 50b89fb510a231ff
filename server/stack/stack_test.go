package stack

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
)

// world is one seed.
type world struct {
	seed    uint64
	rng     *rand.Rand // of the goroutine that makes trouble
	network *network
	disks   *disks
	process *process
	log     *slog.Logger
	writers []*writer
}

// writer is a person who types.
type writer struct {
	name string
	conn *client.Conn
	doc  *client.Doc
	rng  *rand.Rand
	made int
}

const (
	writers = 4
	edits   = 60 // of each
)

// TestSimulationOfTheStack plays 100 worlds; TANDEM_SEED plays one.
func TestSimulationOfTheStack(t *testing.T) {
	seeds := uint64(100)
	if raceEnabled {
		seeds = 10
	}
	first := uint64(0)
	if s := os.Getenv("TANDEM_SEED"); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
		first, seeds = seed, 1
	}
	total := totals{}
	for seed := first; seed < first+seeds; seed++ {
		ok := t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			log := &events{}
			defer func() {
				if t.Failed() {
					t.Logf("seed %d:\n%s", seed, log.String())
				}
			}()
			synctest.Test(t, func(t *testing.T) { play(t, seed, log, &total) })
		})
		if !ok {
			break
		}
	}
	t.Logf("note: %d worlds of the full stack: %+v", seeds, total)
}

// totals say what the worlds consisted of.
type totals struct {
	Crashes, FailedSyncs, Cuts, HalfOpen int
	Virtual                              time.Duration
}

// events is the log of a world.
type events struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (e *events) Write(p []byte) (int, error) {
	if os.Getenv("TANDEM_TRACE") != "" {
		os.Stderr.Write(p)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.buf.Write(p)
}

func (e *events) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.buf.String()
}

func play(t *testing.T, seed uint64, log *events, total *totals) {
	began := time.Now()
	w := &world{
		seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), network: newNetwork(seed),
		disks: &disks{rng: rand.New(rand.NewPCG(seed, 3))},
		log:   slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	w.start(t, t.TempDir())
	for i := range writers {
		w.writers = append(w.writers, w.join(t, fmt.Sprint("w", i), seed*10+uint64(i)))
	}
	var typing sync.WaitGroup
	for _, who := range w.writers {
		typing.Go(func() { who.typeAll(t) })
	}
	done := make(chan struct{})
	go func() { // ends when all have typed
		typing.Wait()
		close(done)
	}()
	for trouble := true; trouble; {
		select {
		case <-done:
			trouble = false
		case <-time.After(time.Duration(w.rng.Int64N(int64(8 * time.Second)))):
			w.trouble(t, total)
		}
	}
	w.rest(t)
	total.FailedSyncs += w.disks.fails
	total.Virtual += time.Since(began)
}

// trouble happens.
func (w *world) trouble(t *testing.T, total *totals) {
	who := w.writers[w.rng.IntN(len(w.writers))]
	switch w.rng.IntN(6) {
	case 0:
		total.Crashes++
		w.log.Info("crash")
		next := w.crash(t)
		time.Sleep(time.Duration(w.rng.Int64N(int64(3 * time.Second))))
		w.start(t, next)
	case 1, 2:
		for _, k := range w.network.of(who.name) {
			total.HalfOpen++
			w.log.Info("half open", "who", who.name)
			k.hush()
		}
	default:
		for _, k := range w.network.of(who.name) {
			total.Cuts++
			w.log.Info("cut", "who", who.name)
			k.cut()
		}
	}
}

// rest stops the faults, waits until everything is saved, and compares.
func (w *world) rest(t *testing.T) {
	w.log.Info("calm")
	w.disks.mu.Lock()
	w.disks.calm = true
	w.disks.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	for _, who := range w.writers {
		require.NoError(t, who.doc.WaitSaved(ctx), "%s is not saved", who.name)
	}
	reader := w.join(t, "reader", w.seed)
	require.NoError(t, reader.doc.WaitReady(ctx))
	end := reader.doc.Text()
	last := reader.doc.Revision()
	for _, who := range w.writers {
		for who.doc.Revision() < last {
			time.Sleep(100 * time.Millisecond)
			require.NoError(t, ctx.Err(), "%s stays at revision %d of %d", who.name, who.doc.Revision(), last)
		}
		require.Equal(t, end, who.doc.Text(), "%s has other text", who.name)
		for n := range who.made {
			require.Equal(t, 1, strings.Count(end, who.token(n)), "token %s", who.token(n))
		}
	}
	for _, who := range append(w.writers, reader) {
		require.NoError(t, who.conn.Close())
	}
	w.network.listen(nil)
	w.bury(w.process)
	for _, k := range w.network.of("") {
		k.cut()
	}
	w.network.pumps.Wait()
}

func (w *world) join(t *testing.T, name string, seed uint64) *writer {
	conn, err := client.Connect("ws://localhost/ws", w.options(name, seed))
	require.NoError(t, err)
	d, err := conn.Open("notes", doc.Text)
	require.NoError(t, err)
	return &writer{name: name, conn: conn, doc: d, rng: rand.New(rand.NewPCG(seed, 4))}
}

// typeAll types, in bursts, with pauses.
func (who *writer) typeAll(t *testing.T) {
	if err := who.doc.WaitReady(t.Context()); err != nil {
		t.Errorf("%s: %v", who.name, err)
		return
	}
	for range edits {
		if err := who.doc.Update(who.edit); err != nil {
			t.Errorf("%s: %v", who.name, err)
			return
		}
		who.made++
		pause := time.Duration(who.rng.Int64N(int64(300 * time.Millisecond)))
		if who.rng.IntN(15) == 0 {
			pause = time.Duration(who.rng.Int64N(int64(20 * time.Second)))
		}
		time.Sleep(pause)
	}
}

func (who *writer) token(n int) string { return fmt.Sprintf("[%s.%d]", who.name, n) }

// edit inserts a token between others', and deletes letters between tokens.
func (who *writer) edit(tx *client.Tx) error {
	text := utf16.Encode([]rune(tx.Text().String()))
	at := 0
	if len(text) > 0 && who.rng.IntN(3) > 0 {
		at = who.rng.IntN(len(text) + 1)
	}
	if before := text[:at]; last(before, '[') > last(before, ']') {
		at += slices.Index(text[at:], ']') + 1
	}
	if at < len(text) && utf16.IsSurrogate(rune(text[at])) && text[at] >= 0xDC00 {
		at++
	}
	to := at
	for to < len(text) && to < at+5 && text[to] != '[' && who.rng.IntN(2) == 0 {
		to++
	}
	if to > at && to < len(text) && text[to] >= 0xDC00 && text[to] <= 0xDFFF {
		to++
	}
	var b ot.Builder
	b.Retain(at, nil)
	b.InsertText(who.token(who.made)+[]string{"", "ab", "é", "😀", "\n"}[who.rng.IntN(5)], nil)
	b.Delete(to - at)
	return tx.Edit(b.Op(), -1)
}

func last(text []uint16, unit uint16) int {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == unit {
			return i
		}
	}
	return -1
}

// options are a client's: its connections go through the network in memory, and its pauses are the seed's.
func (w *world) options(name string, seed uint64) client.Options {
	jitter := rand.New(rand.NewPCG(seed, 5))
	log := w.log.With("who", name)
	return client.Options{
		User: client.User{Name: name, Color: "h1"},
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return w.network.dial(ctx, name) },
		// Under the Conn's lock, so that no other is needed.
		Jitter:  jitter.Float64,
		Logger:  log,
		OnEvent: func(e client.Event) { log.Info("event", "what", fmt.Sprintf("%+v", e)) },
	}
}
