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
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// takeToStopLocked is take while there are stops: it returns what comes before
// the first one or, if that is nothing, what to do there.
func (o *outbox) takeToStopLocked(spare []byte) (batch []byte, resumed bool, act func() bool) {
	n := min(o.stops[0].at, len(o.buf)) // an outbox that is closed drops what was in it
	if n == 0 {
		act = o.stops[0].act
		o.stops = o.stops[1:]
		return spare[:0], false, act
	}
	batch = append(spare[:0], o.buf[:n]...)
	o.buf = append(o.buf[:0], o.buf[n:]...)
	for i := range o.stops {
		o.stops[i].at -= n
	}
	resumed, o.stalled = o.stalled, false
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
