package server_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/server/wire"
)

// TestHeadInParts: a frame has its own time from its first byte on, also where its head comes in parts, in the moment in which the connection
// would rest.
func TestHeadInParts(t *testing.T) {
	for _, cut := range []int{1, 2, 5, 6, 7} {
		for _, after := range []time.Duration{1000 * time.Millisecond, 1900 * time.Millisecond, 2100 * time.Millisecond} {
			t.Run(fmt.Sprintf("%s/%d", after, cut), func(t *testing.T) {
				inTime(t, func(t *testing.T, r *rig) {
					p := r.join()
					frame := rawFrame(opBinary, true, wire.Ping{N: 7}.Append(nil)...)
					time.Sleep(after)
					_, err := p.conn.Write(frame[:cut])
					require.NoError(t, err)
					time.Sleep(200 * time.Millisecond)
					_, err = p.conn.Write(frame[cut:])
					if err != nil {
						t.Errorf("write: %v", err)
						return
					}
					require.IsType(t, wire.Pong{}, <-p.got)
				})
			})
		}
	}
}

// TestHeadBehindAFrame: a whole frame and the first byte of the next come together; the next ends a moment later.
func TestHeadBehindAFrame(t *testing.T) {
	inTime(t, func(t *testing.T, r *rig) {
		p := r.join()
		frame := rawFrame(opBinary, true, wire.Ping{N: 7}.Append(nil)...)
		time.Sleep(1900 * time.Millisecond)
		_, err := p.conn.Write(append(frame[:len(frame):len(frame)], frame[0]))
		require.NoError(t, err)
		require.IsType(t, wire.Pong{}, <-p.got)
		time.Sleep(200 * time.Millisecond)
		_, err = p.conn.Write(frame[1:])
		require.NoError(t, err)
		require.IsType(t, wire.Pong{}, <-p.got)
	})
}
