package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"tandem/cmd/tandem/bench"
	"tandem/cmd/tandem/bench/baseline"
)

func (p *program) baselineCommand() *cobra.Command {
	var at, data string
	cmd := &cobra.Command{
		Use:    bench.BaselineCommand + " hub|hub-burst|hub-durable",
		Short:  "Run a server without documents, for tandem bench",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: command(func(ctx context.Context, args []string) error {
			return p.baseline(ctx, baseline.Kind(args[0]), at, data)
		}),
	}
	cmd.Flags().StringVar(&at, "listen", "127.0.0.1:0", "address to listen on")
	cmd.Flags().StringVar(&data, "data", defaultData, "directory of hub-durable's log")
	return cmd
}

// baseline serves until ctx is done.
func (p *program) baseline(ctx context.Context, kind baseline.Kind, at, data string) (err error) {
	hub, err := baseline.New(kind, data)
	if errors.Is(err, baseline.ErrKind) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hub.Close()) }()
	listener, err := listen(ctx, "listen", at)
	if err != nil {
		return err
	}
	httpServer := &http.Server{Handler: hub, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- httpServer.Serve(listener) }() // ends with Close below
	fmt.Fprintf(p.stdout, "tandem: http://%s/\n", listener.Addr())
	var broken error
	select {
	case broken = <-served:
	case <-hub.Failed():
	case <-ctx.Done():
	}
	return errors.Join(broken, httpServer.Close())
}
