package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tandem/cmd/tandem/ops"
	"tandem/doc/disk"
)

func (p *program) backupCommand() *cobra.Command {
	d := &directory{p: p}
	return d.command(&cobra.Command{
		Use:   "backup --data DIR FILE",
		Short: "Write everything that is saved to a new file, while people go on editing",
		Args:  cobra.ExactArgs(1),
	}, true, func(ctx context.Context, args []string) error {
		return d.with(ctx, ops.Options{Owner: "tandem backup"}, func(ctx context.Context, desk *ops.Desk) error {
			info, err := desk.Backup(ctx, args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "%s: %s, %s\n", args[0], count(info.Documents, "document"), size(info.Bytes))
			return nil
		})
	})
}

func (p *program) restoreCommand() *cobra.Command {
	d := &directory{p: p}
	return d.command(&cobra.Command{
		Use:   "restore --data DIR FILE",
		Short: "Make a data directory of a backup",
		Long: "Make a data directory of a backup. DIR must be missing or empty. Pages that were open on the old server find out, when " +
			"they connect to the new one, that an older state was restored, and keep what they had not saved.",
		Args: cobra.ExactArgs(1),
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
		Args:  cobra.NoArgs,
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
