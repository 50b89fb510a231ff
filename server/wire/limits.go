package wire

import "tandem/ot"

// Bounds that are part of the protocol: nobody sets them.
const (
	// Version is the version of the protocol.
	Version = 1
	// Subprotocol is its name in the WebSocket handshake.
	Subprotocol = "tandem.v1"

	MaxFirstFrame = 4 << 10 // bytes of a frame before the client has been welcomed
	MaxToken      = 2 << 10 // bytes
	MaxSoftware   = 64      // bytes of the name and version of a program
	MaxUserName   = 64      // bytes
	MaxColor      = 32      // bytes
	MaxErrorText  = 512     // bytes
)

// Limits bound what a decoder accepts. A zero field stands for its default.
type Limits struct {
	// Message is the largest frame, in bytes. Default 256 KiB; from a server 4 MiB.
	Message int
	// Peers is how many sessions one presence of a server names, and how many it says have left. Default 4096.
	Peers int
	// Op bounds an operation. Default ot.DefaultLimits; from a server ot.StoredLimits: a catch-up is composed of many
	// operations, and transforming one can split its deletes.
	Op ot.Limits
}

var (
	clientLimits = Limits{Message: 256 << 10, Peers: 4096, Op: ot.DefaultLimits}
	serverLimits = Limits{Message: 4 << 20, Peers: 4096, Op: ot.StoredLimits}
)

// ClientLimits are what a server accepts from a client.
func ClientLimits() Limits { return clientLimits }

// ServerLimits are what a client accepts from a server.
func ServerLimits() Limits { return serverLimits }

// fill puts the defaults where l is zero.
func (l *Limits) fill(defaults *Limits) {
	if l.Message == 0 {
		l.Message = defaults.Message
	}
	if l.Peers == 0 {
		l.Peers = defaults.Peers
	}
	if l.Op.Components == 0 && l.Op == (ot.Limits{}) {
		l.Op = defaults.Op
	}
}
