package random

import (
	"fmt"
	"net/url"

	"github.com/minirabbit/minirabbit/wire"
)

// A journal tells when quorum queues have written what they were told before. They write all that happens to them to
// disk before they do it, and all of a node's into one file, in order: a message to another quorum queue is confirmed
// after that. The other queue is in a virtual host of its own, where no program can see it.
type journal struct {
	link    *link
	mailbox *mailbox
}

const (
	journalSuffix = "-journal"
	journalQueue  = "journal"
)

var journalPlace = Place{Connection: 0, Channel: 1}

func openJournal(target *url.URL, vhost string) (*journal, error) {
	j := &journal{mailbox: newMailbox()}
	var err error
	if j.link, err = dial(target, vhost, journalPlace.Connection, j.mailbox); err != nil {
		return nil, err
	}
	for _, m := range []wire.Method{
		&wire.ChannelOpen{},
		&wire.QueueDeclare{Queue: journalQueue, Durable: true, Arguments: wire.Table{
			{Key: "x-queue-type", Value: "quorum"}, {Key: "x-max-length", Value: int32(1)}}},
		&wire.ConfirmSelect{},
	} {
		j.link.send(journalPlace.Channel, m)
		if err := j.answered(); err != nil {
			return nil, err
		}
	}
	return j, nil
}

// await returns when all has been written that was to be written before.
func (j *journal) await() error {
	j.link.publish(journalPlace.Channel, &wire.BasicPublish{RoutingKey: journalQueue}, new(wire.Properties).Append(nil), "")
	return j.answered()
}

func (j *journal) answered() error {
	switch m, err := j.mailbox.next(journalPlace); m := m.(type) {
	case nil:
		return fmt.Errorf("waiting for a quorum queue to have written: the connection ended: %w", err)
	case *wire.ChannelClose:
		return fmt.Errorf("waiting for a quorum queue to have written: %s", describe(m))
	default:
		return err
	}
}
