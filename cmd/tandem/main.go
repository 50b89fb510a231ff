// Command tandem is the collaborative editing server, and the tools around it.
//
//	tandem serve     run the server
//	tandem backup    write everything that is saved to a file
//	tandem restore   make a data directory of a backup
//	tandem check     find damage
//	tandem compact   give unused space back
//	tandem inspect   list the documents, or look at one
//	tandem export    write a document's text or its history
//	tandem import    make a document of these
//	tandem trim      forget the older part of a document's history
//	tandem erase     take out of it what was written and deleted again
//	tandem remove    take a document away
//	tandem replay    play recorded editing sessions through real sockets
//	tandem bench     measure a server under load, beside baselines
//	tandem version   say what this is
//
// Every command ends with 0 when it is done and good, 1 when it did not succeed, with one line on stderr, 2 when it was called
// wrongly. A flag of serve may be given as TANDEM_NAME in the environment; the flag itself wins. TANDEM_DATA also names the directory
// for backup, check, compact, inspect and export, not for what changes documents.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() { // ends with the process
		<-signals
		cancel()
		<-signals
		os.Exit(1)
	}()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

// failure is an error of a command that was called rightly.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// program is what a command gets of its process.
type program struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run is the whole program, with its exit status.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr}
	root := p.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "tandem: %v\n", err)
	if _, ok := errors.AsType[failure](err); ok {
		return 1
	}
	return 2
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "tandem",
		Short:         "A collaborative editing server: people write in one document at once, and nothing is lost",
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.AddCommand(
		p.serveCommand(), p.backupCommand(), p.restoreCommand(), p.checkCommand(), p.checkerCommand(), p.compactCommand(), p.inspectCommand(),
		p.exportCommand(), p.importCommand(), p.trimCommand(), p.eraseCommand(), p.removeCommand(), p.replayCommand(), p.benchCommand(), p.baselineCommand(),
		p.versionCommand(),
	)
	return root
}

// command makes what a command returns a failure: what cobra itself finds wrong is usage.
func command(do func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := do(cmd.Context(), args); err != nil {
			if _, usage := errors.AsType[usageError](err); usage {
				return err
			}
			return failure{err}
		}
		return nil
	}
}

// usageError is a wrong call that cobra does not find.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// fromEnvironment sets the flags that were not given from TANDEM_* variables.
func fromEnvironment(flags *pflag.FlagSet, getenv func(string) string) (err error) {
	flags.VisitAll(func(f *pflag.Flag) {
		name := variable(f.Name)
		if value := getenv(name); value != "" && !f.Changed && f.Name != "help" && err == nil {
			if e := flags.Set(f.Name, value); e != nil {
				err = fmt.Errorf("%s=%q: %w", name, value, e)
			}
		}
	})
	return err
}

// variable is the name of a flag in the environment.
func variable(flag string) string {
	return "TANDEM_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}
