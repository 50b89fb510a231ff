package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tandem/cmd/tandem/ops"
	"tandem/doc"
)

// directory is the --data of a command that works on a data directory, and what is common to these commands.
type directory struct {
	p    *program
	data string
}

// command makes a command that has a --data flag. fromVariable lets TANDEM_DATA stand for it: not where the command writes documents,
// since what is set for the server must not direct these.
func (d *directory) command(cmd *cobra.Command, fromVariable bool, do func(ctx context.Context, args []string) error) *cobra.Command {
	usage := "data directory; a server may be running on it"
	cmd.Flags().StringVar(&d.data, "data", "", usage)
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if d.data == "" && fromVariable {
			d.data = d.p.getenv(variable("data"))
		}
		if d.data == "" {
			return errors.New("--data is missing: it names the directory that keeps the documents")
		}
		return nil
	}
	cmd.RunE = command(do)
	return cmd
}

// slow is after how long it is said that a command is still working.
const slow = 3 * time.Second

// with opens the directory for a command, which is named as its owner.
func (d *directory) with(ctx context.Context, o ops.Options, do func(ctx context.Context, desk *ops.Desk) error) (err error) {
	desk, err := ops.Open(ctx, d.data, o)
	if err != nil {
		return advise(err, d.data, false)
	}
	defer func() {
		closed := desk.Close()
		if err == nil {
			err = closed // else it has the same reason, or a lesser one
		}
		err = advise(err, d.data, desk.Running())
	}()
	defer d.working(ctx)()
	return do(ctx, desk)
}

// advise says what can be done about a full disk. A store that is not open is opened only when what waits in its log has room.
func advise(err error, data string, running bool) error {
	switch {
	case !errors.Is(err, doc.ErrNoSpace):
		return err
	case running:
		return fmt.Errorf("%w; free space on the disk of %s and try again; tandem export and inspect work meanwhile", err, data)
	}
	return fmt.Errorf("%w; free space on the disk of %s and try again", err, data)
}

// working says so once if it takes long, until the returned function is called.
func (d *directory) working(ctx context.Context) (done func()) {
	ended, cancel := context.WithCancel(ctx)
	said := make(chan struct{})
	go func() { // ends with done
		defer close(said)
		select {
		case <-time.After(slow):
			fmt.Fprintln(d.p.stderr, "tandem: still working; Ctrl-C stops it")
		case <-ended.Done():
		}
	}()
	return func() {
		cancel()
		<-said
	}
}

// size is a number of bytes for people.
func size(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, units := float64(n)/unit, "KMGT"
	for value >= unit && len(units) > 1 {
		value, units = value/unit, units[1:]
	}
	return fmt.Sprintf("%.1f %ciB", value, units[0])
}

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
