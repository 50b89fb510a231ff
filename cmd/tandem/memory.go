package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// memoryLook is how often it is looked whether a wave is over.
	memoryLook = 2 * time.Second
	// waveBytes is how much must have been allocated since memory was given back last: less is not worth a collection.
	waveBytes = 8 << 20
	// calmShare is by which part of its height a wave is over.
	calmShare = 8
)

// A wave is when much is allocated, such as by thousands of connections that come at once. The runtime gives back what it took within
// minutes, and keeps as much again for the next; a server that is calm then has no use for it.
type wave struct {
	last uint64 // allocated in all, at the last look
	all  uint64 // since memory was given back
	high uint64 // most between two looks, since then
}

// over reports whether a wave is over, at a look at how many bytes were allocated since the start of the process.
func (w *wave) over(allocated uint64) bool {
	recent := allocated - w.last
	w.last = allocated
	w.all += recent
	w.high = max(w.high, recent)
	if w.all < waveBytes || recent > w.high/calmShare {
		return false
	}
	w.all, w.high = 0, recent
	return true
}

// giveBackMemory gives memory back to the operating system after each wave, until ctx is done.
func giveBackMemory(ctx context.Context) {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	ticker := time.NewTicker(memoryLook)
	defer ticker.Stop()
	var w wave
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if metrics.Read(sample); w.over(sample[0].Value.Uint64()) {
			debug.FreeOSMemory()
		}
	}
}
