package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

// ticksPerSecond is the unit of /proc/PID/stat: USER_HZ, which is the same wherever Linux runs.
const ticksPerSecond = 100

// usage is what a process has used. What is not known is nil: the server is elsewhere, or this is no Linux.
type usage struct {
	cpu     *float64 // seconds
	writes  *float64 // system calls
	rss     *float64 // MiB
	anon    *float64 // MiB
	rssPeak *float64 // MiB
}

// usageOf reads /proc. pid 0: not known.
func usageOf(pid int) (u usage) {
	if pid == 0 {
		return u
	}
	read := func(name string) []byte {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		if err != nil {
			return nil
		}
		return text
	}
	// The name of the program, in parentheses, may have spaces in it; user and system time are the 12th and 13th field behind it.
	stat := read("stat")
	if fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]); len(fields) > 12 {
		user, err1 := strconv.ParseFloat(string(fields[11]), 64)
		system, err2 := strconv.ParseFloat(string(fields[12]), 64)
		if err1 == nil && err2 == nil {
			u.cpu = some((user + system) / ticksPerSecond)
		}
	}
	status := read("status")
	u.rss, u.anon, u.rssPeak = line(status, "VmRSS:", 1.0/1024), line(status, "RssAnon:", 1.0/1024), line(status, "VmHWM:", 1.0/1024)
	u.writes = line(read("io"), "syscw:", 1)
	return u
}

// line is the number behind a name at the start of a line.
func line(text []byte, name string, unit float64) *float64 {
	for l := range bytes.Lines(text) {
		if fields := bytes.Fields(l); len(fields) >= 2 && string(fields[0]) == name {
			if n, err := strconv.ParseFloat(string(fields[1]), 64); err == nil {
				return some(n * unit)
			}
		}
	}
	return nil
}

func some(v float64) *float64 { return &v }

// per is (after − before) / n, in so many units; nil where one is not known or n is 0.
func per(after, before *float64, n, units float64) *float64 {
	if after == nil || before == nil || n == 0 {
		return nil
	}
	return some((*after - *before) * units / n)
}

// sampleEvery is how often memory is looked at that the kernel keeps no peak of.
const sampleEvery = 100 * time.Millisecond

// A sampler follows a process's private memory.
type sampler struct {
	stop func()
	peak *float64 // MiB; read it after stop
}

// sample begins. It ends with stop, or with ctx.
func sample(ctx context.Context, pid int) *sampler {
	ctx, cancel := context.WithCancel(ctx)
	s := &sampler{}
	var running sync.WaitGroup
	s.stop = func() {
		cancel()
		running.Wait()
	}
	look := func() {
		if now := usageOf(pid).anon; now != nil && (s.peak == nil || *now > *s.peak) {
			s.peak = now
		}
	}
	look()
	running.Go(func() {
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				look()
			case <-ctx.Done():
				return
			}
		}
	})
	return s
}

// pause waits, or fails with ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
