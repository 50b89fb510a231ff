package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// What a command was called with, and what it says where that is wrong.

// arguments checks that a command has the arguments that are named: "[DOC]" may be missing, "TRACE..." may be several.
func arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		for i, name := range names {
			if i >= len(args) && !strings.HasPrefix(name, "[") {
				return fmt.Errorf("%s: tandem %s", missing(names[i:]), cmd.Use)
			}
		}
		if len(args) <= len(names) || len(names) > 0 && strings.HasSuffix(names[len(names)-1], "...") {
			return nil
		}
		hint := ""
		if data := cmd.Flags().Lookup("data"); data != nil && !data.Changed {
			hint = "; a data directory is named with --data"
		}
		return fmt.Errorf("%q is one argument too many%s: tandem %s", args[len(names)], hint, cmd.Use)
	}
}

func missing(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0] + " is missing"
	}
	return strings.Join(names[:last], ", ") + " and " + names[last] + " are missing"
}

// durationFlag adds a flag for a duration.
func durationFlag(flags *pflag.FlagSet, p *time.Duration, name string, value time.Duration, usage string) {
	*p = value
	flags.Var((*duration)(p), name, usage)
}

// duration is a flag's value.
type duration time.Duration

func (d *duration) String() string { return time.Duration(*d).String() }

// Type implements pflag.Value.
func (d *duration) Type() string { return "duration" }

// Set implements pflag.Value. What people write of days, they are told in hours.
func (d *duration) Set(text string) error {
	v, err := time.ParseDuration(text)
	if err == nil {
		*d = duration(v)
		return nil
	}
	if days, found := strings.CutSuffix(text, "d"); found {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return fmt.Errorf("hours are the largest unit: %dh", 24*n)
		}
	}
	return errors.New("it is a number with a unit, such as 90s, 10m or 720h")
}
