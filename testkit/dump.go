package testkit

import (
	"fmt"
	"strings"

	"github.com/minirabbit/minirabbit/queue"
)

const (
	dumpMessages = 10  // of a queue
	dumpBody     = 120 // bytes of a body
)

// Dump describes the queues of the broker, with their first messages, for a
// person to read.
func (b *Broker) Dump() string {
	b.vhost.Lock()
	defer b.vhost.Unlock()
	queues := b.vhost.Queues()
	if len(queues) == 0 {
		return "  no queues\n"
	}
	var s strings.Builder
	for _, q := range queues {
		dumpQueue(&s, q)
	}
	return s.String()
}

func dumpQueue(s *strings.Builder, q *queue.Queue) {
	fmt.Fprintf(s, "  queue %q: %d ready, %d unacked, %d consumers\n", q.Name(), q.Len(), q.Unacked(), len(q.Consumers()))
	for _, c := range q.Consumers() {
		fmt.Fprintf(s, "    consumer %q\n", c.Tag)
	}
	n := 0
	q.Each(func(e *queue.Entry) {
		if n++; n > dumpMessages {
			return
		}
		body := e.Message.Body
		cut := ""
		if len(body) > dumpBody {
			body, cut = body[:dumpBody], "…"
		}
		fmt.Fprintf(s, "    message from exchange %q with routing key %q: %q%s\n", e.Message.Exchange, e.Message.RoutingKey, body, cut)
	})
	if n > dumpMessages {
		fmt.Fprintf(s, "    and %d more messages\n", n-dumpMessages)
	}
}

// report checks the broker's books at the end of the test and, if the test has
// failed, logs what is in the broker.
func (b *Broker) report() {
	b.vhost.Lock()
	var problems []error
	for _, q := range b.vhost.Queues() {
		if err := q.Check(); err != nil {
			problems = append(problems, err)
		}
	}
	b.vhost.Unlock()
	for _, err := range problems {
		b.t.Errorf("minirabbit lost count, which is a bug in minirabbit: %v", err)
	}
	if b.t.Failed() {
		b.t.Logf("minirabbit at the end of %s:\n%s", b.t.Name(), b.Dump())
	}
}
