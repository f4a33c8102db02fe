package broker

// Stats counts what clients did on a channel, or in a virtual host, by the names
// that RabbitMQ's management gives it.
type Stats struct {
	Publish, Confirm                      uint64
	ReturnUnroutable, DropUnroutable      uint64
	Get, GetNoAck, GetEmpty               uint64
	Deliver, DeliverNoAck, Redeliver, Ack uint64
}

func (s *Stats) add(t *Stats) {
	s.Publish += t.Publish
	s.Confirm += t.Confirm
	s.ReturnUnroutable += t.ReturnUnroutable
	s.DropUnroutable += t.DropUnroutable
	s.Get += t.Get
	s.GetNoAck += t.GetNoAck
	s.GetEmpty += t.GetEmpty
	s.Deliver += t.Deliver
	s.DeliverNoAck += t.DeliverNoAck
	s.Redeliver += t.Redeliver
	s.Ack += t.Ack
}

// DeliverGet is all that was handed out, by consumers and by basic.get.
func (s *Stats) DeliverGet() uint64 { return s.Get + s.GetNoAck + s.Deliver + s.DeliverNoAck }

// Add adds the counts of another.
func (s *Stats) Add(t Stats) { s.add(&t) }

// Stats returns what the channel has done. The vhost must be locked.
func (ch *Channel) Stats() Stats { return ch.stats }

// Stats returns what has been done in the virtual host by channels, open and
// closed, and by the server itself. The vhost must be locked.
func (vh *VHost) Stats() Stats {
	all := vh.stats
	for _, c := range vh.connections {
		for _, ch := range c.channels {
			all.add(&ch.stats)
		}
	}
	return all
}

// countPublished counts a publishing that has been routed.
func (ch *Channel) countPublished(routed int, mandatory bool) {
	ch.stats.Publish++
	switch {
	case routed > 0:
	case mandatory:
		ch.stats.ReturnUnroutable++
	default:
		ch.stats.DropUnroutable++
	}
}

// countDelivered counts a delivery to a consumer.
func (ch *Channel) countDelivered(noAck, redelivered bool) {
	if noAck {
		ch.stats.DeliverNoAck++
	} else {
		ch.stats.Deliver++
	}
	if redelivered {
		ch.stats.Redeliver++
	}
}

// countGot counts a basic.get.
func (ch *Channel) countGot(ok, noAck, redelivered bool) {
	switch {
	case !ok:
		ch.stats.GetEmpty++
		return
	case noAck:
		ch.stats.GetNoAck++
	default:
		ch.stats.Get++
	}
	if redelivered {
		ch.stats.Redeliver++
	}
}

// Mode returns what the channel does with publishings.
func (ch *Channel) Mode() (confirms, inTransaction bool) {
	return ch.mode == confirming, ch.mode == transactional
}

// Prefetch returns the limits for consumers to come and for all together.
func (ch *Channel) Prefetch() (each, global uint16) { return ch.prefetch, ch.globalPrefetch }

// Connection returns the connection that the channel is on.
func (ch *Channel) Connection() *Connection { return ch.conn }

// Uncommitted returns how many publishings and settlements wait for the commit.
func (ch *Channel) Uncommitted() (messages, acks int) {
	return len(ch.tx.publishings), len(ch.tx.settled())
}
