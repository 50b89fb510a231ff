package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tandem/cmd/tandem/ops"
	"tandem/doc"
)

func (p *program) exportCommand() *cobra.Command {
	d := &directory{p: p}
	format := string(ops.TextFormat)
	cmd := d.command(&cobra.Command{
		Use:   "export --data DIR DOC",
		Short: "Write a document's text, or its history, to stdout",
		Long: "Write a document's text, or its history, to stdout. --format jsonl is the history, one commit a line, which tandem import " +
			"reads back; --format text is the newest text, without attributes.",
		Args: arguments("DOC"),
	}, true, func(ctx context.Context, args []string) error {
		if format != string(ops.TextFormat) && format != string(ops.HistoryFormat) {
			return usageError{fmt.Errorf("--format %q: it is text or jsonl", format)}
		}
		return d.with(ctx, ops.Options{Owner: "tandem export"}, func(ctx context.Context, desk *ops.Desk) error {
			return d.named(desk.Export(ctx, args[0], ops.Format(format), p.stdout), args[0])
		})
	})
	cmd.Flags().StringVar(&format, "format", format, "text or jsonl")
	return cmd
}

func (p *program) importCommand() *cobra.Command {
	d := &directory{p: p}
	return d.command(&cobra.Command{
		Use:   "import --data DIR DOC FILE",
		Short: "Make a new document of a text file, or of a history that tandem export wrote",
		Long: "Make a new document of a text file in UTF-8, or of a history that tandem export --format jsonl wrote; - is stdin. Where DIR " +
			"is missing or empty, it becomes a data directory.",
		Args: arguments("DOC", "FILE"),
	}, false, func(ctx context.Context, args []string) error {
		if err := doc.CheckName(args[0]); err != nil {
			return usageError{err}
		}
		file, err := p.open(args[1])
		if err != nil {
			return err
		}
		defer file.Close()
		o := ops.Options{Owner: "tandem import", Create: true}
		return d.with(ctx, o, func(ctx context.Context, desk *ops.Desk) error {
			made, err := desk.Import(ctx, args[0], file)
			if err != nil {
				return fmt.Errorf("%s: %w", args[1], err)
			}
			if made.LineEnds > 0 {
				fmt.Fprintf(p.stderr, "tandem: %s became LF: a text's lines end with LF\n", count(made.LineEnds, "line end"))
			}
			fmt.Fprintf(p.stdout, "%s: %s, revision %d, %d UTF-16 code units\n", shown(made.Document), made.Kind, made.Revision, made.Units)
			return nil
		})
	})
}

// open opens a file to read; "-" is stdin.
func (p *program) open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(p.stdin), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, errors.Join(fmt.Errorf("%s is a directory: name a text file, or a history", name), file.Close())
	}
	return file, nil
}
