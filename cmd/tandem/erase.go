package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tandem/cmd/tandem/ops"
	"tandem/doc"
	"tandem/ot"
)

// keepCommits is the flag that trim must have.
const keepCommits = "keep-commits"

func (p *program) trimCommand() *cobra.Command {
	d := &directory{p: p}
	commits := 0
	var cmd *cobra.Command
	cmd = d.command(&cobra.Command{
		Use:   "trim --data DIR DOC --keep-commits N",
		Short: "Forget the older part of a document's history; its text, its versions and who wrote what stay",
		Args:  arguments("DOC"),
	}, false, func(ctx context.Context, args []string) error {
		if !cmd.Flags().Changed(keepCommits) {
			return usageError{errors.New("--keep-commits is missing: it says how many commits to keep, at least 1")}
		}
		if commits < 1 {
			return usageError{fmt.Errorf("--keep-commits %d: it is at least 1", commits)}
		}
		return d.with(ctx, ops.Options{Owner: "tandem trim"}, func(ctx context.Context, desk *ops.Desk) error {
			t, err := desk.Trim(ctx, ops.TrimRequest{Document: args[0], Commits: commits})
			if err != nil {
				return d.named(err, args[0])
			}
			fmt.Fprintf(p.stdout, "%s: history reached back to revision %d, and now to %d\n", shown(args[0]), t.Before, t.Floor)
			return nil
		})
	})
	cmd.Flags().IntVar(&commits, keepCommits, 0, "how many commits to keep")
	return cmd
}

func (p *program) eraseCommand() *cobra.Command {
	d := &directory{p: p}
	cmd := d.command(&cobra.Command{
		Use:   "erase --data DIR DOC FROM TO",
		Short: "Take out of a document's history what was inserted and deleted again after revision FROM up to TO",
		Long: "Take out of a document's history what was inserted and deleted again after revision FROM up to TO, and out of every file of " +
			"the data directory. What still stands in the text at TO is not erased: delete it first. Backups keep what they have. " +
			"Whoever has the document open loads it anew; who was away meanwhile with edits that are not saved has them put where the difference of the texts says, " +
			"as after a restore: best done when nobody is away.",
		Args: arguments("DOC", "FROM", "TO"),
	}, false, func(ctx context.Context, args []string) error {
		from, err := parseRevision("FROM", args[1])
		if err != nil {
			return err
		}
		to, err := parseRevision("TO", args[2])
		if err != nil {
			return err
		}
		if from >= to {
			return usageError{fmt.Errorf("FROM is %d and TO is %d: nothing lies between", from, to)}
		}
		return d.with(ctx, ops.Options{Owner: "tandem erase"}, func(ctx context.Context, desk *ops.Desk) error {
			e, err := desk.Erase(ctx, ops.EraseRequest{Document: args[0], From: from, To: to})
			if err != nil {
				return d.named(err, args[0])
			}
			fmt.Fprintf(p.stdout, "%s: %d UTF-16 code units erased\n", shown(args[0]), e.Units)
			return nil
		})
	})
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
			if letters := unknown.GetSpecifiedShortnames(); letters != "" && letters[0] >= '0' && letters[0] <= '9' {
				return fmt.Errorf("-%s is no revision: FROM and TO are numbers from 0 on", letters)
			}
		}
		return err
	})
	return cmd
}

func (p *program) removeCommand() *cobra.Command {
	d := &directory{p: p}
	return d.command(&cobra.Command{
		Use:   "remove --data DIR DOC",
		Short: "Take a document away, with its history and its versions",
		Args:  arguments("DOC"),
	}, false, func(ctx context.Context, args []string) error {
		return d.with(ctx, ops.Options{Owner: "tandem remove"}, func(ctx context.Context, desk *ops.Desk) error {
			r, err := desk.Remove(ctx, ops.RemoveRequest{Document: args[0]})
			if err != nil {
				return d.named(err, args[0])
			}
			fmt.Fprintf(p.stdout, "%s: removed at revision %d\n", shown(args[0]), r.Revision)
			return nil
		})
	})
}

func parseRevision(name, text string) (doc.Revision, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n > ot.MaxInt {
		return 0, usageError{fmt.Errorf("%s is %q: it is a revision, a number from 0 on", name, text)}
	}
	return doc.Revision(n), nil
}
