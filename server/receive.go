package server

import "tandem/server/wire"

// receiveAll takes the messages of a frame.
func (c *conn) receiveAll(frame []byte) error {
	f := wire.ReadClient(frame, c.server.cfg.Limits.Wire)
	for f.Next() {
		var err error
		switch m := f.Submit(); {
		case m == nil:
			err = c.receive(f.Message())
		case !c.welcomed:
			err = errHello
		default:
			if ch := c.channel(m.Channel); ch != nil {
				err = ch.submit(&c.life, m)
			}
		}
		if err != nil {
			return err
		}
	}
	return f.Err()
}

// receive takes a message that is no submission.
func (c *conn) receive(m wire.Message) error {
	if _, hello := m.(wire.Hello); hello == c.welcomed {
		return errHello
	}
	switch m := m.(type) {
	case wire.Hello:
		c.welcome()
	case wire.Open:
		return c.open(m)
	case wire.Presence:
		if ch := c.channel(m.Channel); ch != nil {
			ch.move(m)
		}
	case wire.Close:
		c.drop(m.Channel)
	case wire.Ping:
		if err := c.countPing(); err != nil {
			return err
		}
		c.push(wire.Pong(m))
	case wire.Refresh, wire.Pong: // nobody asks for a token yet; a sign of life
	}
	return nil
}

func (c *conn) welcome() {
	limits := c.server.cfg.Limits
	c.welcomed = true
	c.ws.SetReadLimit(int64(limits.Wire.Message))
	c.push(wire.Welcome{
		Software: c.server.cfg.Software, MaxOpText: limits.Wire.Op.Text, MaxMessage: limits.Wire.Message,
		MaxDocument: maxDocument, PingInterval: wire.Millis(limits.PingEvery.Milliseconds()),
	})
}
