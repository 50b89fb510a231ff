package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// A judge decides whether a skip may stand.
type judge struct {
	results []result
	strict  bool // where CI is set; elsewhere every skip stands
	getenv  func(string) string
	exists  func(pathOrTool string) bool
}

var (
	variable = regexp.MustCompile(`TANDEM_[A-Z_]+`)
	facility = regexp.MustCompile(`/(?:dev|proc|sys)/[\w./-]+`)
	detector = regexp.MustCompile(`\brace\b`)
	tool     = regexp.MustCompile(`\b(?:node|npm|npx|chromium|strace|gcc|redis-server|nginx|go)\b`)
)

// mayBeUnset are the variables without which CI runs.
var mayBeUnset = map[string]bool{"TANDEM_TRACES": true, "TANDEM_LONG": true}

// complaint says why a skip cannot stand, or "".
func (j judge) complaint(skip result) string {
	if !j.strict {
		return ""
	}
	if name := variable.FindString(skip.Reason); name != "" {
		switch {
		case j.getenv(name) != "":
			return name + " is set"
		case !mayBeUnset[name]:
			return name + " is not a variable that may be unset"
		}
		return ""
	}
	if detector.MatchString(skip.Reason) {
		for _, r := range j.results {
			if r.Outcome == "pass" && r.Run != skip.Run && r.name() == skip.name() {
				return ""
			}
		}
		return "it passed in no run without the race detector"
	}
	if path := facility.FindString(skip.Reason); path != "" {
		if j.exists(path) {
			return path + " is there"
		}
		return ""
	}
	if name := tool.FindString(skip.Reason); name != "" {
		if j.exists(name) {
			return name + " is there"
		}
		return name + " is missing, and CI must have it"
	}
	return "it names nothing that may be missing"
}

// exists looks a path up in the file system, and a tool in PATH.
func exists(name string) bool {
	if strings.HasPrefix(name, "/") {
		_, err := os.Stat(name)
		return err == nil
	}
	_, err := exec.LookPath(name)
	return err == nil
}

// total prints skips, failures and counts, and returns the exit status.
func total(out io.Writer, results []result, j judge) int {
	passed, failed, skipped, refused := 0, 0, 0, 0
	for _, r := range results {
		switch r.Outcome {
		case "pass":
			passed++
		case "fail":
			failed++
			fmt.Fprintf(out, "failed (%s): %s\n", r.Run, r.name())
		case "skip":
			skipped++
			fmt.Fprintf(out, "skipped (%s): %s: %s\n", r.Run, r.name(), r.Reason)
			if why := j.complaint(r); why != "" {
				fmt.Fprintf(out, "\tthis skip cannot stand: %s\n", why)
				refused++
			}
		}
	}
	if passed == 0 {
		fmt.Fprintln(out, "no test passed: did any run?")
	}
	if refused > 0 {
		fmt.Fprintf(out, "%d of the skips cannot stand; they count as failed\n", refused)
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", passed, failed+refused, skipped-refused)
	if failed+refused > 0 || passed == 0 {
		return 1
	}
	return 0
}
