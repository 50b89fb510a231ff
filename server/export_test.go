package server

import (
	"tandem/doc"
	"tandem/server/wire"
)

// ProblemCodes are the codes of the API's problems, with their statuses.
func ProblemCodes() map[string]int {
	all := map[string]int{}
	for _, p := range problems {
		all[p.code] = p.status
	}
	return all
}

// TellPresence is what changes add to a frame, as the session own hears them.
func TellPresence(frame []byte, channel wire.Channel, own doc.SessionNumber, c *doc.Changes) []byte {
	f := framer{frame: frame}
	f.presence(channel, own, c)
	return f.frame
}
