package script

import (
	"fmt"
	"strings"
)

// A Player carries out commands.
type Player interface {
	// Do carries out one command, and returns the lines that it prints.
	Do(command string) ([]string, error)
	// State is the whole state, line by line.
	State() []string
}

const separator = "----"

// Play carries out a script, and returns it with what came out in the place of what was expected.
func Play(text string, p Player) (string, error) {
	var out strings.Builder
	var printed []string
	skip := false // what was expected, up to an empty line
	for n, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		switch {
		case skip && line != "":
			continue
		case line == separator:
			skip = true
			printed = append(printed, p.State()...)
			fmt.Fprintf(&out, "%s\n%s\n", separator, strings.Join(printed, "\n"))
			printed = nil
			continue
		case line != "" && line[0] != '#':
			lines, err := p.Do(line)
			if err != nil {
				return "", fmt.Errorf("line %d: %s: %w", n+1, line, err)
			}
			printed = append(printed, lines...)
		}
		skip = false
		out.WriteString(line + "\n")
	}
	if printed != nil {
		return "", fmt.Errorf("the last block has no %s", separator)
	}
	return out.String(), nil
}

// words splits a command at spaces; an op, which begins with a bracket, is one word and the last.
func words(command string) []string {
	head, op, found := strings.Cut(command, "[")
	out := strings.Fields(head)
	if found {
		out = append(out, "["+op)
	}
	return out
}
