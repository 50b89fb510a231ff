package baseline

import (
	"sync"

	"github.com/gorilla/websocket"
)

// queueLength is how many messages may wait for one receiver before the whole document waits for it.
const queueLength = 4096

// A queue is hub's outlet: a channel, and a goroutine that writes what comes out of it.
type queue struct {
	messages chan []byte
	broken   chan struct{} // closed when nothing can be written any more
}

func newQueue(ws *websocket.Conn) *queue {
	q := &queue{messages: make(chan []byte, queueLength), broken: make(chan struct{})}
	go func() { // ends with close, or with the connection
		defer close(q.broken)
		for m := range q.messages {
			if ws.WriteMessage(websocket.BinaryMessage, m) != nil {
				return
			}
		}
	}()
	return q
}

func (q *queue) push(message []byte) {
	select {
	case q.messages <- message:
	case <-q.broken:
	}
}

func (q *queue) close() { close(q.messages) }

// A burst is hub-burst's outlet: a buffer, and a goroutine that writes all that is in it as one frame.
type burst struct {
	wake chan struct{} // holds one

	// Guarded by mu.
	mu      sync.Mutex
	waiting []byte
	closed  bool
}

func newBurst(ws *websocket.Conn) *burst {
	b := &burst{wake: make(chan struct{}, 1)}
	go func() { // ends with close, or with the connection
		var frame []byte
		for range b.wake {
			b.mu.Lock()
			frame, b.waiting = b.waiting, frame[:0]
			closed := b.closed
			b.mu.Unlock()
			if len(frame) > 0 && ws.WriteMessage(websocket.BinaryMessage, frame) != nil || closed {
				return
			}
		}
	}()
	return b
}

func (b *burst) push(message []byte) {
	b.mu.Lock()
	b.waiting = append(b.waiting, message...)
	b.mu.Unlock()
	b.signal()
}

func (b *burst) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.signal()
}

func (b *burst) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
