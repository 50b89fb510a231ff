package server_test

import (
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
	"tandem/server"
	"tandem/server/wire"
)

// flood has one type, and another follow, and tells how long the longest edit took until the other had it.
func flood(t *testing.T, a, b *peer) (longest time.Duration) {
	text := strings.Repeat("0123456789abcdef", 7<<10)
	seq := doc.Seq(0)
	for typed := 0; typed < floodBytes; typed += len(text) {
		began := time.Now()
		seq += 2
		a.edit(1, seq-1, insert(0, text))
		a.edit(1, seq, ot.Op{{Kind: ot.Delete, N: len(text) - 1}})
		for b.copies[1].place.Rev < a.copies[1].place.Rev {
			require.NotNil(t, b.receive(), "%v", b.err())
		}
		longest = max(longest, time.Since(began))
	}
	return longest
}

// heap is what is in use, clients included.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestSlowReader: one stops reading while others type more than its sockets hold. It costs the server next to nothing, does not slow
// the others, and ends where everybody is, by opening again, or is cut off.
func TestSlowReader(t *testing.T) {
	for _, row := range []struct {
		name  string
		write time.Duration
	}{{"converges", time.Minute}, {"is cut off", 200 * time.Millisecond}} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, server.Config{Limits: server.Limits{Write: row.write, Idle: time.Minute}})
			a, b := r.join(), r.join()
			a.open(1, "flood", clientID(1))
			b.open(1, "flood", clientID(2))
			slow := r.connectSilently()
			require.NoError(t, slow.conn.(*net.TCPConn).SetReadBuffer(256<<10))
			slow.send(hello)
			slow.ask(wire.Open{Channel: 1, Document: "flood", DocKind: doc.Text, Client: clientID(3)})
			before := heap()
			longest := flood(t, a, b)
			cost := heap() - before
			t.Logf("longest edit %v, memory %d KiB", longest, cost>>10)
			require.Less(t, cost, int64(12<<20), "of which the log's tails have up to 4, and history in memory 1")
			require.Less(t, longest, 10*time.Second, "nobody waits for it")
			if row.write < time.Second {
				for b.left == 0 {
					require.NotNil(t, b.receive(), "%v", b.err())
				}
				return
			}
			r.peers.Go(slow.read)
			next[wire.Welcome](slow)
			next[wire.Opened](slow)
			again := 0
			for slow.copies[1].place.Rev < a.copies[1].place.Rev || !slow.copies[1].whole {
				switch m := slow.receive().(type) {
				case nil:
					require.FailNow(t, "the connection ended", "%v", slow.err())
				case wire.Error:
					require.Equal(t, wire.CodeOpenAgain, m.Code)
					again++
					slow.ask(wire.Open{
						Channel: 1, Document: "flood", DocKind: doc.Text, Client: clientID(3), Held: wire.Some(slow.copies[1].place),
					})
				}
			}
			require.Equal(t, 1, again, "what it missed is more than the text")
			require.Equal(t, a.text(1), slow.text(1))
			require.Equal(t, a.copies[1].place.Rev, slow.copies[1].place.Rev)
			slow.edit(1, 1, insert(0, "!"))
			b.textBecomes(1, slow.text(1))
		})
	}
}
