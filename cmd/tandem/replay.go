package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tandem/doc"
)

// replayFlags are what a caller may choose.
type replayFlags struct {
	url     string
	data    string
	doc     string
	readers int
	seed    uint64
	limit   int
	rate    float64
	drop    float64
	kill    int
	wait    time.Duration
	out     string
	json    bool
}

const replayLong = `Plays recorded editing sessions (seqtrace/1) through real sockets, and compares every copy at the end, byte for byte.

One author types each TRACE; naming a trace twice makes two authors. All write into one document at the same time, each in a
section of its own below a line "── <n> 😀 <trace> ──", where n counts from 1 and <trace> is the file's name up to its first dot.
Without --url a server is started for the run; before the content is read it is killed and started again. Clients of a replay
come back after pauses of up to 20 to 250 ms, where others take up to 0.5 to 30 s, so that what is shown is recovery and not waiting.

The exit status is 0 where everything was identical, 1 where something differed or did not end, 2 for a wrong call.`

func (p *program) replayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay [flags] TRACE...",
		Short: "Play recorded editing sessions through real sockets",
		Long:  replayLong,
		Args:  arguments("TRACE..."),
		RunE:  command(func(ctx context.Context, args []string) error { return p.replay(ctx, f, args) }),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.url, "url", "", "a running server, http(s):// or ws(s)://; without it one is started for the run")
	flags.StringVar(&f.data, "data", "", "the started server's directory, kept (default: a temporary one, removed)")
	flags.StringVar(&f.doc, "doc", "", "the document, which must be empty (default: replay-<random>)")
	flags.IntVar(&f.readers, "readers", 0, "further clients that only read")
	flags.Uint64Var(&f.seed, "seed", 0, "of what is left to chance (default: a random one, which is reported)")
	flags.IntVar(&f.limit, "limit", 0, "only the first so many transactions of each trace (default: all)")
	flags.Float64Var(&f.rate, "rate", 0, "transactions a second, typed whether acknowledged or not; 0: the next when the one before is acknowledged")
	flags.Float64Var(&f.drop, "drop", 0, "chance per transaction, 0 to 1, that the connection is cut, half of the time between send and acknowledgement")
	flags.IntVar(&f.kill, "kill", 0, "kill (SIGKILL) and restart the started server so many times, at random moments")
	durationFlag(flags, &f.wait, "wait", time.Minute, "give up after this long without progress")
	flags.StringVar(&f.out, "out", "", "a file for the final content")
	flags.BoolVar(&f.json, "json", false, "one JSON object on stdout, and nothing else")
	return cmd
}

// replay is the command: its verdict is printed, and is a failure where it is not "identical".
func (p *program) replay(ctx context.Context, f replayFlags, traces []string) error {
	if err := f.complete(); err != nil {
		return usageError{err}
	}
	scripts, err := readScripts(traces, f.limit)
	if err != nil {
		return usageError{err}
	}
	if f.data == "" && f.url == "" {
		if f.data, err = os.MkdirTemp("", "tandem-replay-"); err != nil {
			return fmt.Errorf("make a directory for the server: %w", err)
		}
		defer os.RemoveAll(f.data)
	}
	r := newReplay(f, scripts, p.stderr)
	err = r.run(ctx)
	if _, usage := errors.AsType[usageError](err); usage {
		return err
	}
	if err != nil {
		r.report.Verdict = incomplete
		r.report.Errors = append(r.report.Errors, err.Error())
	}
	if f.out != "" && r.read {
		if err := os.WriteFile(f.out, []byte(r.content), 0o666); err != nil {
			return fmt.Errorf("write the final content: %w", err)
		}
	}
	show := r.report.print
	if f.json {
		show = r.report.json
	}
	if err := show(p.stdout); err != nil {
		return err
	}
	if r.report.Verdict == identical {
		return nil
	}
	if clients := r.logged.String(); clients != "" {
		fmt.Fprintf(p.stderr, "replay: the clients logged:\n%s\n", clients)
	}
	if r.child != nil {
		fmt.Fprintf(p.stderr, "replay: the server logged at last:\n%s\n", r.child.Log())
	}
	return fmt.Errorf("the replay is %s (seed %d): %s", r.report.Verdict, f.seed, strings.Join(r.report.Errors, "; "))
}

// complete checks the flags, and fills in what is left to chance.
func (f *replayFlags) complete() error {
	switch {
	case f.url != "" && f.data != "":
		return errors.New("--data is the directory of a server that replay starts: leave it out, or --url")
	case f.url != "" && f.kill > 0:
		return errors.New("--kill needs a server that replay starts: leave it out, or --url")
	case f.readers < 0, f.limit < 0, f.kill < 0:
		return errors.New("--readers, --limit and --kill must not be negative")
	case !(f.rate >= 0 && f.rate <= 1e6):
		return fmt.Errorf("--rate %v: want 0 to 1000000 transactions a second", f.rate)
	case !(f.drop >= 0 && f.drop <= 1):
		return fmt.Errorf("--drop %v: want a chance from 0 to 1", f.drop)
	case f.wait <= 0:
		return fmt.Errorf("--wait %v: want a positive time, such as 60s", f.wait)
	}
	if f.url != "" {
		if _, err := socketURL(f.url); err != nil {
			return err
		}
	}
	var random [8]byte
	rand.Read(random[:]) // it never fails
	if f.seed == 0 {
		f.seed = binary.BigEndian.Uint64(random[:]) >> 32 // short enough to be typed again
	}
	if f.doc == "" {
		f.doc = fmt.Sprintf("replay-%x", random[4:])
	}
	if err := doc.CheckName(f.doc); err != nil {
		return fmt.Errorf("--doc: %w", err)
	}
	return nil
}

// socketURL is the WebSocket's address at a server, whose address is given as http, https, ws or wss, with or without /ws.
func socketURL(at string) (string, error) {
	u, err := url.Parse(at)
	if err != nil {
		return "", fmt.Errorf("--url: %w", err)
	}
	scheme := map[string]string{"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}[u.Scheme]
	if scheme == "" || u.Host == "" {
		return "", fmt.Errorf("--url %q: want http://HOST:PORT/ or ws://HOST:PORT/ws", at)
	}
	u.Scheme = scheme
	if !strings.HasSuffix(u.Path, "/ws") {
		u = u.JoinPath("ws")
	}
	return u.String(), nil
}
