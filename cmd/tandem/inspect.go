package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tandem/cmd/tandem/ops"
	"tandem/doc"
)

func (p *program) inspectCommand() *cobra.Command {
	d := &directory{p: p}
	asJSON := false
	cmd := d.command(&cobra.Command{
		Use:   "inspect --data DIR [DOC]",
		Short: "List the documents, or say all that is known of one",
		Args:  arguments("[DOC]"),
	}, true, func(ctx context.Context, args []string) error {
		return d.with(ctx, ops.Options{Owner: "tandem inspect"}, func(ctx context.Context, desk *ops.Desk) error {
			if len(args) == 0 {
				return p.list(ctx, desk, asJSON)
			}
			detail, err := desk.Inspect(ctx, args[0])
			if err != nil {
				return d.named(err, args[0])
			}
			if asJSON {
				return p.json(detail)
			}
			describe(p.stdout, detail)
			return nil
		})
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object on stdout, nothing else")
	return cmd
}

// json prints a value for programs.
func (p *program) json(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s\n", text)
	return err
}

// named says where a name may be found.
func (d *directory) named(err error, name string) error {
	if errors.Is(err, doc.ErrNotFound) {
		return fmt.Errorf("there is no document %q: tandem inspect --data %s lists them", name, d.data)
	}
	return err
}

const timeLayout = "2006-01-02 15:04:05Z"

// list prints what is known of each document.
func (p *program) list(ctx context.Context, desk *ops.Desk, asJSON bool) error {
	all := []ops.Document{}
	for after := ""; ; after = all[len(all)-1].Name {
		page, err := desk.Documents(ctx, after)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		all = append(all, page...)
	}
	show := p.table
	if asJSON {
		show = func(all []ops.Document) error { return p.json(map[string][]ops.Document{"documents": all}) }
	}
	if err := show(all); err != nil {
		return err
	}
	bad := 0
	for _, d := range all {
		if d.Problem != "" {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%s could not be read: tandem check finds what is wrong", count(bad, "document"))
	}
	return nil
}

// table prints a line for each document.
func (p *program) table(all []ops.Document) error {
	if len(all) == 0 {
		fmt.Fprintln(p.stdout, "no documents")
		return nil
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tKIND\tREVISION\tFLOOR\tHISTORY\tLAST CHANGE")
	for _, d := range all {
		if d.Problem != "" {
			fmt.Fprintf(table, "%s\tdamaged: %s\n", shown(d.Name), d.Problem)
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\t%s\n", shown(d.Name), d.Kind, d.Revision, d.Floor, size(d.History), d.Changed.Format(timeLayout))
	}
	return table.Flush()
}

// shown is a name as it may stand in a table: one that a terminal would obey is quoted.
func shown(name string) string {
	for _, r := range name {
		if r == utf8.RuneError || r < ' ' || r == 0x7F || r >= 0x80 && r < 0xA0 || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
			return fmt.Sprintf("%+q", name)
		}
	}
	return name
}

func describe(w io.Writer, d *ops.Detail) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(label, format string, values ...any) { fmt.Fprintf(table, label+"\t"+format+"\n", values...) }
	row("name", "%s", shown(d.Name))
	row("kind", "%s", d.Kind)
	row("revision", "%d", d.Revision)
	row("floor", "%d (history reaches back to this revision)", d.Floor)
	row("content", "%d UTF-16 code units, %s of text", d.Units, size(int64(d.Bytes)))
	row("history", "%s of operations", size(d.History))
	row("snapshot", "of revision %d", d.SnapshotRev)
	row("created", "%s", d.Created.Format(timeLayout))
	row("last change", "%s", d.Changed.Format(timeLayout))
	row("id", "%s", d.ID)
	row("epoch", "%s", d.Epoch)
	row("lineage", "%s", d.Lineage)
	row("client records", "%d, records floor %d", d.Records, d.RecordsFloor)
	for _, v := range d.Versions {
		by := ""
		if v.Author != "" {
			by = " by " + shown(v.Author)
		}
		row("version", "%d %s%s, %s", v.Rev, shown(v.Name), by, v.Time.Format(timeLayout))
	}
	_ = table.Flush() // as to stdout otherwise
}
