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
	asJSON, backup := false, ""
	cmd := d.command(&cobra.Command{
		Use:   "check --data DIR | --backup FILE",
		Short: "Read everything that is stored, and say what is damaged",
		Args:  arguments(),
	}, true, func(ctx context.Context, _ []string) error {
		defer d.working(ctx)()
		if backup != "" {
			report, err := runChecker(ctx, "--backup", backup)
			if err != nil {
				return err
			}
			return p.conclude(report, backup, asJSON, "take an older backup, or restore this one and take what is whole with tandem export")
		}
		report, err := d.check(ctx)
		if errors.Is(err, ops.ErrIsFile) {
			return fmt.Errorf("%w; a backup is checked with tandem check --backup %s", err, d.data)
		}
		if err != nil {
			return advise(err, d.data, true) // a copy has no room: of a running server
		}
		return p.conclude(report, d.data, asJSON, "take what is whole with tandem export, or restore a backup into a new directory")
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object on stdout, nothing else")
	cmd.Flags().StringVar(&backup, "backup", "", "a backup, instead of a data directory")
	ofDirectory := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case backup == "":
			return ofDirectory(cmd, args)
		case d.data != "":
			return errors.New("--data and --backup are both given: one at a time is checked")
		}
		return nil
	}
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

// conclude prints a report. What is damaged is an error, with what can be done about it.
func (p *program) conclude(r *disk.Report, checked string, asJSON bool, advice string) error {
	if asJSON {
		if err := p.json(r); err != nil {
			return err
		}
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
		fmt.Fprintf(p.stdout, "%s: %s, nothing is damaged\n", checked, count(len(r.Documents), "document"))
		return nil
	case r.OK:
		return nil
	case bad == 0:
		return fmt.Errorf("%s is damaged: %s", checked, advice)
	}
	return fmt.Errorf("%s: %d of %s damaged: %s", checked, bad, count(len(r.Documents), "document"), advice)
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
	var data, database, backup string
	cmd := &cobra.Command{
		Use:    checkerName,
		Short:  "Read a store, for tandem check",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: command(func(ctx context.Context, _ []string) error {
			sacrifice()
			var v verdict
			var err error
			switch {
			case database != "":
				v.Report, err = disk.CheckDatabase(ctx, database)
			case backup != "":
				v.Report, err = disk.CheckBackup(ctx, backup)
			default:
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
	cmd.Flags().StringVar(&backup, "backup", "", "a backup")
	return cmd
}

// sacrifice offers this process to the system first where memory runs out, rather than the server beside it. It does what it can.
func sacrifice() { _ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) }
