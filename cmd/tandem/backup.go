package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tandem/cmd/tandem/ops"
	"tandem/doc/disk"
)

func (p *program) backupCommand() *cobra.Command {
	d := &directory{p: p}
	unchecked := false
	cmd := d.command(&cobra.Command{
		Use:   "backup --data DIR FILE",
		Short: "Write everything that is saved to a new file, while people go on editing",
		Long: "Write everything that is saved to a new file, while people go on editing, and check that. A backup of what is damaged is " +
			"kept, and the exit status is 1.",
		Args: arguments("FILE"),
	}, true, func(ctx context.Context, args []string) error {
		return d.with(ctx, ops.Options{Owner: "tandem backup"}, func(ctx context.Context, desk *ops.Desk) error {
			info, err := desk.Backup(ctx, args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "%s: %s, %s\n", args[0], count(info.Documents, "document"), size(info.Bytes))
			if unchecked {
				return nil
			}
			return checkBackup(ctx, args[0])
		})
	})
	cmd.Flags().BoolVar(&unchecked, "no-check", false, "do not read the backup to find damage")
	return cmd
}

// namedDamage is how many damaged documents of a backup are named.
const namedDamage = 3

// checkBackup says what is damaged in a backup that was just written: before the older ones are thrown away.
func checkBackup(ctx context.Context, file string) error {
	report, err := runChecker(ctx, "--backup", file)
	if err != nil {
		return fmt.Errorf("%s is written, but could not be checked: %w", file, err)
	}
	if report.OK {
		return nil
	}
	var names []string
	for _, d := range report.Documents {
		if !d.OK {
			names = append(names, shown(d.Name))
		}
	}
	found := "the store is damaged"
	if n := len(names); n > 0 {
		found = count(n, "damaged document") + ": " + strings.Join(names[:min(n, namedDamage)], ", ")
		if n > namedDamage {
			found += " and others"
		}
	}
	return fmt.Errorf("%s is written, but it has what the store has, %s; keep older backups; tandem check --backup %[1]s says more", file, found)
}

func (p *program) restoreCommand() *cobra.Command {
	d := &directory{p: p}
	return d.command(&cobra.Command{
		Use:   "restore --data DIR FILE",
		Short: "Make a data directory of a backup",
		Long: "Make a data directory of a backup. DIR must be missing or empty. Pages that were open on the old server find out, when " +
			"they connect to the new one, that an older state was restored, and keep what they had not saved.",
		Args: arguments("FILE"),
	}, false, func(ctx context.Context, args []string) error {
		defer d.working(ctx)()
		info, err := disk.Restore(d.data, args[0], disk.Config{Owner: "tandem restore"})
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s: %s restored; tandem serve --data %[1]s\n", d.data, count(info.Documents, "document"))
		return nil
	})
}

func (p *program) compactCommand() *cobra.Command {
	d := &directory{p: p}
	return d.command(&cobra.Command{
		Use:   "compact --data DIR",
		Short: "Give the space that the database does not use back to the file system",
		Args:  arguments(),
	}, true, func(ctx context.Context, _ []string) error {
		return d.with(ctx, ops.Options{Owner: "tandem compact"}, func(ctx context.Context, desk *ops.Desk) error {
			c, err := desk.Compact(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "%s: %s before, %s now\n", d.data, size(c.Before), size(c.After))
			return nil
		})
	})
}
