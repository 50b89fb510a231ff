package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tandem/cmd/tandem/ops"
	"tandem/doc"
	"tandem/doc/disk"
	"tandem/server"
)

// serveFlags are what an operator may set.
type serveFlags struct {
	listen       string
	adminListen  string
	data         string
	allowOrigins []string
	allowHosts   []string
	drain        time.Duration
	unload       time.Duration
	connections  int
	documents    int
	keep         doc.Retention
	keepEvery    time.Duration
	budget       time.Duration
	logLevel     string
}

const (
	defaultListen = "127.0.0.1:8080"
	defaultData   = "./tandem-data"
)

func (p *program) serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve [--data DIR]",
		Short: "Run the server",
		Long: "Run the server. Each flag may also be given as a variable: --allow-host as TANDEM_ALLOW_HOST. " +
			"SIGTERM or Ctrl-C stops it once everything is saved, a second one at once.",
		Args: arguments(),
		// What is meant for the server must not reach a tool that writes into a directory.
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnvironment(cmd.Flags(), p.getenv); err != nil {
				return err
			}
			return f.check()
		},
		RunE: command(func(ctx context.Context, _ []string) error { return p.serve(ctx, f) }),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", defaultListen, "address to listen on; 0.0.0.0:8080 lets other devices in")
	flags.StringVar(&f.adminListen, "admin-listen", "", "address for operators, with /metrics and /healthz; not for users: keep it to yourself")
	flags.StringVar(&f.data, "data", defaultData, "directory that keeps the documents")
	flags.StringSliceVar(&f.allowOrigins, "allow-origin", nil, "origin of a page on another host that may connect, such as https://app.example.com; * allows all")
	flags.StringSliceVar(&f.allowHosts, "allow-host", nil, "name under which this server may be reached, besides addresses, localhost and this machine's own names; * allows all")
	durationFlag(flags, &f.drain, "drain", 20*time.Second, "how long a stop may take")
	durationFlag(flags, &f.unload, "unload-after", 30*time.Second, "how long a document that nobody has open stays in memory")
	flags.IntVar(&f.connections, "max-connections", 20_000, "connections at a time")
	flags.IntVar(&f.documents, "max-documents", 10_000, "documents in memory at a time")
	durationFlag(flags, &f.keep.MaxAge, "keep-age", 0, "how long a document's history is kept, such as 720h; 0: for ever")
	flags.IntVar(&f.keep.MaxCommits, "keep-commits", 0, "how many commits of a document's history are kept; 0: all")
	flags.Int64Var(&f.keep.MaxBytes, "keep-bytes", 0, "how many bytes of a document's history are kept, about; 0: all")
	durationFlag(flags, &f.keepEvery, "keep-every", time.Hour, "how often the history that is not to be kept is removed, about")
	durationFlag(flags, &f.budget, "latency-budget", 50*time.Millisecond, "while edits take longer than this to reach others, carets that only move are sent less often; 0: never")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	return cmd
}

// check refuses values that make no sense.
func (f *serveFlags) check() error {
	switch {
	case f.data == "":
		return errors.New("--data is empty: it names a directory")
	case f.adminListen != "" && overlap(f.adminListen, f.listen):
		return fmt.Errorf("--admin-listen %s: users reach that with --listen %s: it is another port", f.adminListen, f.listen)
	case f.connections < 1:
		return fmt.Errorf("--max-connections %d: it is at least 1", f.connections)
	case f.documents < 1:
		return fmt.Errorf("--max-documents %d: it is at least 1", f.documents)
	case f.drain <= 0:
		return fmt.Errorf("--drain %s: it is more than 0", f.drain)
	case f.keep.MaxAge < 0:
		return fmt.Errorf("--keep-age %s: it is 0 or more", f.keep.MaxAge)
	case f.keep.MaxCommits < 0:
		return fmt.Errorf("--keep-commits %d: it is 0 or more", f.keep.MaxCommits)
	case f.keep.MaxBytes < 0:
		return fmt.Errorf("--keep-bytes %d: it is 0 or more", f.keep.MaxBytes)
	case f.keepEvery <= 0:
		return fmt.Errorf("--keep-every %s: it is more than 0", f.keepEvery)
	case f.budget < 0:
		return fmt.Errorf("--latency-budget %s: it is 0 or more", f.budget)
	case f.unload <= 0:
		return fmt.Errorf("--unload-after %s: it is more than 0", f.unload)
	}
	return nil
}

// serve runs until ctx is done, and then drains.
func (p *program) serve(ctx context.Context, f serveFlags) (err error) {
	log, err := p.logger(f.logLevel)
	if err != nil {
		return err
	}
	store, err := disk.Open(f.data, disk.Config{Logger: log, Owner: "tandem serve on " + f.listen})
	if err != nil {
		return advise(err, f.data, false)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	listener, err := listen(ctx, "listen", f.listen)
	if err != nil {
		return err
	}
	v, c := versionAndCommit()
	handler, err := server.New(server.Config{
		Store: store,
		Documents: doc.Config{
			UnloadAfter: f.unload, MaxDocuments: f.documents, Retention: f.keep, RetentionEvery: f.keepEvery, Logger: log,
			LatencyBudget: cmp.Or(f.budget, -1),
		},
		AllowOrigins: f.allowOrigins, AllowHosts: append(f.allowHosts, hostNames()...),
		Software: "tandem " + v, Logger: log, Limits: server.Limits{Connections: f.connections},
		Metrics: f.adminListen != "",
	})
	if err != nil {
		return errors.Join(usageError{err}, listener.Close())
	}
	admin, err := startAdmin(ctx, f.adminListen, handler.Admin(), log)
	if err != nil {
		return errors.Join(err, listener.Close(), handler.Shutdown(ctx))
	}
	control, err := ops.Listen(f.data, ops.New(f.data, store, handler.Documents()), log)
	if err != nil { // to serve is more important than what else may be done to the directory
		log.Warn("tandem backup, check and the like do not reach this server", "err", err)
	}
	httpServer := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- httpServer.Serve(listener) }() // ends with Shutdown below
	log.Info("serving", "listen", listener.Addr().String(), "data", f.data, "version", v, "commit", c)
	p.announce(listener.Addr())
	go giveBackMemory(ctx) // ends with ctx
	var broken error
	select {
	case broken = <-served:
	case <-ctx.Done():
	}
	log.Info("stopping: nothing that was submitted is lost; a second signal stops at once")
	drain, cancel := context.WithTimeout(context.Background(), f.drain)
	defer cancel()
	controlled := make(chan error, 1)
	go func() { controlled <- control.Close(drain) }() // a compaction that has to end keeps nobody from being acknowledged
	return errors.Join(broken, handler.Shutdown(drain), httpServer.Shutdown(drain), <-controlled, admin.close(drain))
}

// announce says on stdout where the server is, and how to stop it.
func (p *program) announce(addr net.Addr) {
	at, ok := addr.(*net.TCPAddr)
	if !ok || !at.IP.IsUnspecified() {
		fmt.Fprintf(p.stdout, "tandem: http://%s/\n", addr)
	} else {
		fmt.Fprintf(p.stdout, "tandem: http://127.0.0.1:%d/\n", at.Port)
		for _, ip := range otherAddresses() {
			fmt.Fprintf(p.stdout, "        http://%s/ from other devices\n", netip.AddrPortFrom(ip, uint16(at.Port)))
		}
	}
	fmt.Fprintln(p.stdout, "        Ctrl-C stops it")
}

// otherAddresses are this machine's, as others in its network reach it.
func otherAddresses() (out []netip.Addr) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range all {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			if ip := prefix.Addr(); ip.Is4() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
				out = append(out, ip)
			}
		}
	}
	return out
}

// hostNames are the names that this machine has in its own network.
func hostNames() []string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return nil
	}
	name = strings.ToLower(name)
	short, _, _ := strings.Cut(name, ".")
	return []string{name, short, short + ".local"}
}

// listen listens on the address that a flag names, and says what to do where that fails.
func listen(ctx context.Context, flag, addr string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s: %s has this port: stop it, or choose another port with --%s", addr, portOwner(addr), flag)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen on %s: this port needs more rights: choose one above 1023 with --%s", addr, flag)
	case err != nil:
		return nil, fmt.Errorf("--%s %s: %w", flag, addr, err)
	}
	return listener, nil
}

func (p *program) logger(level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, usageError{fmt.Errorf("--log-level %q: it is debug, info, warn or error", level)}
	}
	return slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: l})), nil
}
