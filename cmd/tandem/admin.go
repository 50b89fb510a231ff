package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// admin serves what is for operators, on an address of its own.
type admin struct {
	server *http.Server
	served chan error // what Serve returned
}

// startAdmin serves a handler on addr; nil where that is "". close ends it.
func startAdmin(ctx context.Context, addr string, handler http.Handler, log *slog.Logger) (*admin, error) {
	if addr == "" {
		return nil, nil
	}
	listener, err := listen(ctx, "admin-listen", addr)
	if err != nil {
		return nil, err
	}
	a := &admin{
		server: &http.Server{
			Handler: handler, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
			MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		},
		served: make(chan error, 1),
	}
	go func() { a.served <- a.server.Serve(listener) }() // ends with close
	log.Info("serving metrics", "at", fmt.Sprintf("http://%s/metrics", listener.Addr()))
	return a, nil
}

// close ends it once the answers that are under way are written, or ctx is done.
func (a *admin) close(ctx context.Context) error {
	if a == nil {
		return nil
	}
	if err := a.server.Shutdown(ctx); err != nil {
		return fmt.Errorf("stop serving metrics: %w", err)
	}
	if err := <-a.served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}

// overlap reports whether two addresses cannot both be listened on, as far as they tell by themselves.
func overlap(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" { // port 0 is a free one
		return false
	}
	return unspecified(hostA) || unspecified(hostB) || loopback(hostA) == loopback(hostB)
}

// unspecified reports whether a host stands for all addresses.
func unspecified(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}

// loopback is the address that localhost stands for, or the host.
func loopback(host string) string {
	if host == "localhost" {
		return "127.0.0.1"
	}
	return host
}
