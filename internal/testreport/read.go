package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// maxLine bounds a line of a runner's output: a failing simulation prints long ones.
const maxLine = 16 << 20

// An event is what go test -json prints a line of (go doc test2json).
type event struct {
	Action, Package, Test, Output string
}

// logged is a line that a test logged: its place, then the words.
var logged = regexp.MustCompile(`^\s+\w[\w.-]*\.go:\d+: (.*)`)

// goReader follows one run of go test -json.
type goReader struct {
	out    io.Writer
	run    string
	add    func(result) error
	output map[string][]string // by package and test, while the test runs
	failed map[string]bool     // packages with a test that failed
}

func readGo(in io.Reader, out io.Writer, run string, add func(result) error) error {
	r := &goReader{out: out, run: run, add: add, output: map[string][]string{}, failed: map[string]bool{}}
	scan := bufio.NewScanner(in)
	scan.Buffer(nil, maxLine)
	for scan.Scan() {
		var e event
		if json.Unmarshal(scan.Bytes(), &e) != nil {
			fmt.Fprintln(out, scan.Text())
			continue
		}
		var err error
		if e.Test == "" {
			err = r.aboutPackage(e)
		} else {
			err = r.aboutTest(e)
		}
		if err != nil {
			return err
		}
	}
	return scan.Err()
}

func (r *goReader) aboutPackage(e event) error {
	switch e.Action {
	case "output", "build-output":
		if e.Output != "PASS\n" && e.Output != "FAIL\n" && !strings.HasSuffix(e.Output, "[no test files]\n") {
			io.WriteString(r.out, e.Output)
		}
	case "fail":
		if !r.failed[e.Package] { // it did not build, or it ended outside its tests
			return r.add(result{r.run, e.Package, "(package)", "fail", ""})
		}
	}
	return nil
}

func (r *goReader) aboutTest(e event) error {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		r.output[key] = append(r.output[key], e.Output)
		if m := logged.FindStringSubmatch(e.Output); m != nil && strings.HasPrefix(m[1], "note: ") {
			fmt.Fprintf(r.out, "%s: %s\n", e.Test, strings.TrimPrefix(m[1], "note: "))
		}
		return nil
	case "pass", "fail", "skip":
		end := result{r.run, e.Package, e.Test, e.Action, ""}
		if e.Action == "fail" {
			r.failed[e.Package] = true
			for _, line := range r.output[key] {
				io.WriteString(r.out, line)
			}
		}
		if e.Action == "skip" {
			end.Reason = skipReason(r.output[key])
		}
		delete(r.output, key)
		return r.add(end)
	}
	return nil
}

// skipReason is the last thing that a skipped test logged.
func skipReason(output []string) string {
	for i := len(output) - 1; i >= 0; i-- {
		if m := logged.FindStringSubmatch(output[i]); m != nil {
			return m[1]
		}
	}
	return ""
}

// What node's test runner prints: its spec reporter (ℹ pass 3, ﹣ name (1ms) # reason) and TAP (# pass 3, ok 1 - name # SKIP reason).
var (
	nodeCount = regexp.MustCompile(`^(?:ℹ|#) (pass|fail|cancelled|skipped|todo) (\d+)$`)
	nodeSkip  = regexp.MustCompile(`^\s*(?:﹣ (.*?) \([\d.]+ms\) #\s*(?:SKIP\b)?\s*(.*)|ok \d+ - (.*?) # SKIP\s*(.*))$`)
	color     = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

func readNode(in io.Reader, out io.Writer, run string, add func(result) error) error {
	scan := bufio.NewScanner(in)
	scan.Buffer(nil, maxLine)
	skips, seen := 0, map[string]bool{}
	for scan.Scan() {
		line := color.ReplaceAllString(scan.Text(), "")
		fmt.Fprintln(out, line)
		if m := nodeSkip.FindStringSubmatch(line); m != nil {
			name, reason := m[1]+m[3], m[2]+m[4]
			if seen[name+reason] { // the spec reporter lists some tests a second time
				continue
			}
			seen[name+reason] = true
			skips++
			if err := add(result{run, "", name, "skip", reason}); err != nil {
				return err
			}
		}
		m := nodeCount.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		n, err := strconv.Atoi(m[2])
		if err != nil {
			return err
		}
		outcome := map[string]string{"pass": "pass", "fail": "fail", "cancelled": "fail", "skipped": "skip", "todo": "skip"}[m[1]]
		if m[1] == "skipped" {
			n -= skips
		}
		for range n {
			if err := add(result{run, "", "(a test of " + run + ")", outcome, ""}); err != nil {
				return err
			}
		}
	}
	return scan.Err()
}
