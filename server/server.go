package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"tandem/doc"
)

// Server is the http.Handler: the page, the client, and the socket at /ws.
type Server struct {
	// Immutable after New.
	cfg      Config
	log      *slog.Logger
	registry *doc.Registry
	origins  originRule
	mux      *http.ServeMux
	api      *api
	writers  writers
	pings    pings
	metrics  *metrics // nil: nothing is measured

	// Each with its own mutex.
	connectionsFull alarm
	documentsFull   alarm

	// Guarded by mu.
	mu       sync.Mutex
	conns    map[*conn]struct{}
	draining bool
	idle     chan struct{} // not nil while Shutdown waits; closed with the last connection
}

// New makes a Server. It has to be ended with Shutdown.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	origins, err := newOriginRule(cfg.AllowOrigins, cfg.AllowHosts)
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, log: cfg.Logger, origins: origins, conns: map[*conn]struct{}{},
		connectionsFull: alarm{flag: "--max-connections"}, documentsFull: alarm{flag: "--max-documents"},
	}
	if cfg.Metrics {
		s.metrics = newMetrics(s)
		cfg.Documents.Observer = s.metrics
	}
	s.registry = doc.NewRegistry(cfg.Store, cfg.Documents)
	s.pings.every = cfg.Limits.PingEvery
	s.api = newAPI(s)
	if s.mux, err = s.routes(); err != nil {
		return nil, err
	}
	return s, nil
}

// Documents are the documents that the server has in memory. It ends with Shutdown.
func (s *Server) Documents() *doc.Registry { return s.registry }

// ServeHTTP answers every request that comes under an expected name.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := s.origins.checkHost(r); err != nil {
		s.log.Warn("request refused", "err", err, "remote", r.RemoteAddr)
		if strings.HasPrefix(r.URL.Path, apiRoot) {
			s.api.begin(w, r)
			s.api.refuse(w, r, err)
			return
		}
		http.Error(w, err.Error(), http.StatusMisdirectedRequest)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// add takes in a connection; false: there are too many, or the server is stopping.
func (s *Server) add(c *conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.draining:
		return errDraining
	case len(s.conns) >= s.cfg.Limits.Connections:
		return fmt.Errorf("%w: there are %d connections, at most %d are allowed", errBusy, len(s.conns), s.cfg.Limits.Connections)
	}
	s.conns[c] = struct{}{}
	return nil
}

func (s *Server) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if len(s.conns) == 0 && s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

// Shutdown drains: new connections are refused, clients are asked to come back later, what they submitted becomes durable and is
// acknowledged, every document is stored, and then the connections are closed. ctx bounds how long it may take: then the
// connections are cut. The error says that documents were still at the store.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.draining = true
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	idle := s.idle // of another Shutdown
	if idle == nil {
		idle = make(chan struct{})
		s.idle = idle
	}
	if len(s.conns) == 0 {
		close(idle)
		s.idle = nil
	}
	s.mu.Unlock()
	for _, c := range conns {
		c.goaway()
	}
	defer s.writers.end()
	defer s.pings.end()
	err := s.registry.Close(ctx)
	for _, c := range conns {
		c.finish()
	}
	select {
	case <-idle:
	case <-ctx.Done():
		for _, c := range conns {
			c.abort()
		}
		// Their goroutines end by themselves; one that is reading the store may take a moment, but not more.
		select {
		case <-idle:
		case <-time.After(closeWait):
			err = errors.Join(err, fmt.Errorf("%d connections did not end: %w", s.connections(), ctx.Err()))
		}
	}
	return err
}

func (s *Server) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}
