package server

import (
	"context"
	"sync"
	"time"
)

// A life is the context of a connection. It makes the channel that tells of its end when somebody asks for it: who reads the store does, and
// most connections never come to that.
type life struct {
	mu   sync.Mutex
	over bool
	done chan struct{} // nil: nobody has asked
}

var _ context.Context = (*life)(nil)

func (l *life) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	l.over = true
	if l.done != nil {
		close(l.done)
	}
}

// Done implements context.Context.
func (l *life) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done == nil {
		l.done = make(chan struct{})
		if l.over {
			close(l.done)
		}
	}
	return l.done
}

// Err implements context.Context.
func (l *life) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return context.Canceled
	}
	return nil
}

// Deadline implements context.Context: there is none.
func (l *life) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }

// Value implements context.Context: there are none.
func (l *life) Value(any) any { return nil }
