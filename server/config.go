package server

import (
	"cmp"
	"errors"
	"log/slog"
	"time"

	"tandem/doc"
	"tandem/server/wire"
)

// Config is what a Server is made of. Only Store must be set.
type Config struct {
	// Store keeps the documents. It stays the caller's: close it after Shutdown.
	Store doc.Store
	// Documents is how documents are run.
	Documents doc.Config
	// AllowOrigins are the origins of pages on other hosts that may connect, such as "https://app.example.com"; "*" allows every page.
	// Pages that this server serves itself always may.
	AllowOrigins []string
	// AllowHosts are names under which this server may be reached besides localhost, IP addresses and the names of the allowed
	// origins: "docs.example.com". "*" allows every name.
	AllowHosts []string
	// Software is told to clients: "tandem" by default.
	Software string
	// Logger is slog.Default() by default.
	Logger *slog.Logger
	Limits Limits
	// Metrics has the server measure what Admin shows: nothing by default. It takes the place of Documents.Observer.
	Metrics bool
}

// Limits bound what clients may ask for. A zero field stands for its default.
type Limits struct {
	// Wire bounds messages: wire.ClientLimits() by default.
	Wire wire.Limits
	// Connections in all: 20,000 by default.
	Connections int
	// Channels of one connection: 64 by default.
	Channels int
	// Hello is how long a connection may take to say hello: 5 s by default.
	Hello time.Duration
	// Idle is how long a connection may be silent, pongs included: 60 s by default.
	Idle time.Duration
	// Message is how long a message may take from its first byte to its last: 30 s by default.
	Message time.Duration
	// Write is how long a write may take: 10 s by default.
	Write time.Duration
	// PingEvery is how often the server pings: 25 s by default.
	PingEvery time.Duration
	// PingGap is the least time between two pings of a client, on average: 500 ms by default.
	PingGap time.Duration
	// GoawaySpread is within which time clients are asked to come back after a shutdown: 2 s by default.
	GoawaySpread time.Duration
}

func (l Limits) withDefaults() Limits {
	wired := wire.ClientLimits()
	l.Wire.Message = cmp.Or(l.Wire.Message, wired.Message)
	l.Wire.Peers = cmp.Or(l.Wire.Peers, wired.Peers)
	l.Wire.Op = cmp.Or(l.Wire.Op, wired.Op)
	l.Connections = cmp.Or(l.Connections, 20_000)
	l.Channels = cmp.Or(l.Channels, 64)
	l.Hello = cmp.Or(l.Hello, 5*time.Second)
	l.Idle = cmp.Or(l.Idle, 60*time.Second)
	l.Message = cmp.Or(l.Message, 30*time.Second)
	l.Write = cmp.Or(l.Write, 10*time.Second)
	l.PingEvery = cmp.Or(l.PingEvery, 25*time.Second)
	l.PingGap = cmp.Or(l.PingGap, 500*time.Millisecond)
	l.GoawaySpread = cmp.Or(l.GoawaySpread, 2*time.Second)
	return l
}

func (c Config) withDefaults() (Config, error) {
	if c.Store == nil {
		return c, errors.New("server: Config.Store is not set")
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Documents.Logger == nil {
		c.Documents.Logger = c.Logger
	}
	c.Software = cmp.Or(c.Software, "tandem")
	c.Limits = c.Limits.withDefaults()
	return c, nil
}
