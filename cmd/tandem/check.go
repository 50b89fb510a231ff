package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"tandem/cmd/tandem/child"
	"tandem/cmd/tandem/ops"
	"tandem/doc/disk"
)

// A store that is damaged may do anything to whoever reads it: check reads it in a process of its own, the checker, whose end by a
// crash, or for want of memory, is a finding like any other.

// checkerMemory is how much memory the checker's collector aims at, in bytes, as GOMEMLIMIT takes it: one document at a time is read.
const checkerMemory = "1GiB"

// verdict is what the checker prints.
type verdict struct {
	Report *disk.Report `json:"report,omitempty"`
	Error  string       `json:"error,omitempty"` // why nothing was read
}

func (p *program) checkCommand() *cobra.Command {
	d := &directory{p: p}
	asJSON := false
	cmd := d.command(&cobra.Command{
		Use:   "check --data DIR",
		Short: "Read everything that is stored, and say what is damaged",
		Args:  cobra.NoArgs,
	}, true, func(ctx context.Context, _ []string) error {
		defer d.working(ctx)()
		report, err := d.check(ctx)
		if err != nil {
			return err
		}
		return p.conclude(report, d.data, asJSON)
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object on stdout, nothing else")
	return cmd
}

// check has the directory checked, or a copy of the database where a server runs.
func (d *directory) check(ctx context.Context) (*disk.Report, error) {
	desk, err := ops.Reach(ctx, d.data)
	if errors.Is(err, ops.ErrNobody) {
		return runChecker(ctx, "--data", d.data)
	}
	if err != nil {
		return nil, err
	}
	file, release, err := desk.Copy(ctx)
	if err != nil {
		return nil, errors.Join(err, desk.Close())
	}
	defer release()
	report, err := runChecker(ctx, "--database", file)
	return report, errors.Join(err, desk.Close())
}

// conclude prints a report. What is damaged is an error.
func (p *program) conclude(r *disk.Report, data string, asJSON bool) error {
	if asJSON {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s\n", text)
	}
	if !asJSON {
		for _, problem := range r.Problems {
			fmt.Fprintln(p.stdout, problem)
		}
	}
	bad := 0
	for _, d := range r.Documents {
		if d.OK {
			continue
		}
		bad++
		if !asJSON {
			fmt.Fprintf(p.stdout, "%s: %s\n", shown(d.Name), d.Problem)
		}
	}
	switch {
	case r.OK && !asJSON:
		fmt.Fprintf(p.stdout, "%s: %s, nothing is damaged\n", data, count(len(r.Documents), "document"))
		return nil
	case r.OK:
		return nil
	case bad == 0:
		return fmt.Errorf("%s is damaged: restore it from a backup into a new directory", data)
	}
	return fmt.Errorf("%s: %d of %s damaged: take what is whole with tandem export, or restore a backup into a new directory",
		data, bad, count(len(r.Documents), "document"))
}

// runChecker runs the checker. Its end without a verdict is damage.
func runChecker(ctx context.Context, args ...string) (*disk.Report, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the tandem program: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, append([]string{checkerName}, args...)...)
	var out bytes.Buffer
	log := &child.Tail{}
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = &out, log, child.DieWithParent()
	cmd.Env = append(os.Environ(), "GOMEMLIMIT="+checkerMemory)
	ended := cmd.Run()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	if cmd.ProcessState == nil {
		return nil, fmt.Errorf("start the checker: %w", ended)
	}
	var v verdict
	if err := json.Unmarshal(out.Bytes(), &v); err != nil || v.Report == nil && v.Error == "" {
		first, _, _ := strings.Cut(log.String(), "\n")
		problem := strings.TrimRight(fmt.Sprintf("reading it ended the checker (%v): %s", cmd.ProcessState, first), ": ")
		return &disk.Report{Problems: []string{problem}, Documents: []disk.DocumentReport{}}, nil
	}
	if v.Error != "" {
		return nil, errors.New(v.Error)
	}
	return v.Report, nil
}

// checkerName is the hidden command that reads.
const checkerName = "checker"

func (p *program) checkerCommand() *cobra.Command {
	var data, database string
	cmd := &cobra.Command{
		Use:    checkerName,
		Short:  "Read a store, for tandem check",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: command(func(ctx context.Context, _ []string) error {
			sacrifice()
			var v verdict
			var err error
			if database != "" {
				v.Report, err = disk.CheckDatabase(ctx, database)
			} else {
				v.Report, err = disk.Check(ctx, data)
			}
			if err != nil {
				v = verdict{Error: err.Error()}
			}
			return json.NewEncoder(p.stdout).Encode(v)
		}),
	}
	cmd.Flags().StringVar(&data, "data", "", "a data directory")
	cmd.Flags().StringVar(&database, "database", "", "a copy of a database")
	return cmd
}

// sacrifice offers this process to the system first where memory runs out, rather than the server beside it. It does what it can.
func sacrifice() { _ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) }
