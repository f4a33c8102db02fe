package amqpserver

// stop is a place in the outbox at which the writer calls act before it goes on:
// to wait, or to end the connection. It goes on if act returns true.
type stop struct {
	at  int // so many bytes of buf come before
	act func() bool
}

// halt has the writer call act when it has sent what is in the outbox now.
func (o *outbox) halt(act func() bool) {
	o.mu.Lock()
	o.stops = append(o.stops, stop{len(o.buf), act})
	o.mu.Unlock()
	o.signal()
}

// takeToStopLocked is take while there are stops: it returns what comes before
// the first one or, if that is nothing, what to do there.
func (o *outbox) takeToStopLocked() (batch []byte, resumed bool, act func() bool) {
	n := min(o.stops[0].at, len(o.buf)) // an outbox that is closed drops what was in it
	if n == 0 {
		act = o.stops[0].act
		o.stops = o.stops[1:]
		o.writing = true
		return nil, false, act
	}
	rest := o.buf[n:]
	batch, resumed, _ = o.swapLocked()
	batch, o.buf = batch[:n], append(o.buf, rest...)
	for i := range o.stops {
		o.stops[i].at -= n
	}
	return batch, resumed, nil
}

// transmit writes a batch: when the server is not paused, and at the rate that
// the connection is limited to.
func (c *conn) transmit(batch []byte) error {
	if p := c.server.gates.paused.Load(); p != nil {
		select {
		case <-*p:
		case <-c.gone:
			return errAborted
		}
	}
	if rate := c.rate.Load(); rate > 0 {
		return c.writeSlowly(batch, rate)
	}
	_, err := c.nc.Write(batch)
	return err
}
