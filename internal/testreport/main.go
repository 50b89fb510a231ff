// Testreport makes one report of several test runs. It shows what go test shows, keeps every skip with its reason, and at the
// end says how many tests passed, failed and were skipped.
//
//	go test -json ./... | testreport go RUN FILE     shows the run and appends its results to FILE
//	npm test | testreport node RUN FILE              the same for node's test runner
//	testreport total FILE                            lists the skips, judges them, and closes with the counts
//
// A line that a Go test logs with "note: " in front is shown even where the test passes: a figure, a seed.
//
// A skip is an accusation: something is missing. It is judged where CI is set: it must name what may be absent (TANDEM_TRACES,
// TANDEM_LONG, a kernel facility by its path in /dev, /proc or /sys, or the race detector), and what it names must be absent. A
// test that skips under the race detector must have passed in a run without it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// A result is the end of one test in one run.
type result struct {
	Run, Package, Test string
	Outcome            string // "pass", "fail" or "skip"
	Reason             string // of a skip
}

func (r result) name() string {
	if r.Package == "" {
		return r.Test
	}
	return r.Package + " " + r.Test
}

func main() {
	status, err := run(os.Args[1:], os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		status = 2
	}
	os.Exit(status)
}

func run(args []string, in io.Reader, out io.Writer) (status int, err error) {
	switch {
	case len(args) == 3 && args[0] == "go":
		return 0, collect(args[2], func(add func(result) error) error { return readGo(in, out, args[1], add) })
	case len(args) == 3 && args[0] == "node":
		return 0, collect(args[2], func(add func(result) error) error { return readNode(in, out, args[1], add) })
	case len(args) == 2 && args[0] == "total":
		results, err := load(args[1])
		if err != nil {
			return 0, err
		}
		return total(out, results, judge{results: results, strict: os.Getenv("CI") != "", getenv: os.Getenv, exists: exists}), nil
	}
	return 0, fmt.Errorf("usage: testreport go RUN FILE | node RUN FILE | total FILE")
}

// collect appends what read finds to a file of JSON lines.
func collect(path string, read func(add func(result) error) error) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	buffered := bufio.NewWriter(file)
	enc := json.NewEncoder(buffered)
	if err := read(func(r result) error { return enc.Encode(r) }); err != nil {
		return err
	}
	return buffered.Flush()
}

func load(path string) ([]result, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var results []result
	for dec := json.NewDecoder(file); ; {
		var r result
		switch err := dec.Decode(&r); err {
		case nil:
			results = append(results, r)
		case io.EOF:
			return results, nil
		default:
			return nil, err
		}
	}
}
