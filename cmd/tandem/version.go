package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version and commit are set by a release build: -ldflags "-X main.version=1.2.3 -X main.commit=0123abc".
var version, commit string

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and Go version",
		Args:  arguments(),
		RunE: command(func(context.Context, []string) error {
			v, c := versionAndCommit()
			_, err := fmt.Fprintf(p.stdout, "tandem %s (commit %s, %s, %s/%s)\n", v, c, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		}),
	}
}

// versionAndCommit are what the build was told, else what Go stamped into it, else said to be unknown: with -buildvcs=false Go
// stamps nothing.
func versionAndCommit() (v, c string) {
	v, c = version, commit
	if info, ok := debug.ReadBuildInfo(); ok {
		if stamped := info.Main.Version; stamped != "(devel)" {
			v = cmp.Or(v, stamped)
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				c = cmp.Or(c, s.Value)
			}
		}
	}
	return cmp.Or(v, "development"), cmp.Or(c, "unknown")
}
