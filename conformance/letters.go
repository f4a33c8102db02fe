package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// deadLetters is a queue whose dead letters go through a fanout exchange to a second queue, which is consumed from.
type deadLetters struct {
	t   *T
	r   *Raw
	c   *RawChannel // for anything
	q   string      // where messages die
	dlx string      // the exchange that they then go to
	dlq string      // the queue that is bound to it
	box *RawChannel // consumes dlq without acknowledgement
}

// newDeadLetters declares it all; the arguments are those of the queue, beside x-dead-letter-exchange.
func newDeadLetters(t *T, arguments ...wire.Field) *deadLetters {
	t.Helper()
	d := &deadLetters{t: t, r: t.Raw(), q: t.QueueName("q"), dlx: t.ExchangeName("dlx"), dlq: t.QueueName("dlq")}
	d.c = d.r.Channel()
	d.c.Exchange(d.dlx, "fanout")
	d.c.Queue(d.dlq)
	d.c.Bind(d.dlq, d.dlx, "")
	d.box = d.r.letterbox(d.dlq)
	d.c.Queue(d.q, append(argument("x-dead-letter-exchange", d.dlx), arguments...)...)
	return d
}

// letterbox consumes a queue without acknowledgement.
func (r *Raw) letterbox(queue string) *RawChannel {
	r.t.Helper()
	box := r.Channel()
	box.ConsumeWith(&wire.BasicConsume{Queue: queue, NoAck: true})
	return box
}

// letterboxOnceFull is letterbox for a queue that gets a dead letter by what the case did last. It waits for it: 4.3 tells
// of earlier deliveries only if no consumer was waiting.
func (r *Raw) letterboxOnceFull(queue string) *RawChannel {
	r.t.Helper()
	r.t.unrecorded(func() {
		c := r.Channel()
		for start := time.Now(); c.Counts(queue).Ready == 0; {
			if time.Since(start) > patience {
				r.t.Fatalf("no dead letter came to %s within %v", queue, patience)
			}
		}
	})
	return r.letterbox(queue)
}

// publish publishes a message with properties to the queue where it will die.
func (d *deadLetters) publish(properties wire.Properties, body string) {
	d.t.Helper()
	d.c.PublishWith(&wire.BasicPublish{RoutingKey: d.q}, properties, body)
}

// reject takes a message from a queue and rejects it.
func (c *RawChannel) reject(queue string) {
	c.raw.t.Helper()
	ok := Call[*wire.BasicGetOk](c, &wire.BasicGet{Queue: queue})
	c.Send(&wire.BasicReject{DeliveryTag: ok.DeliveryTag})
}

// letters takes n deliveries and gives what they tell of their deaths.
func (c *RawChannel) letters(n int) []string {
	c.raw.t.Helper()
	all := make([]string, n)
	for i := range all {
		command := c.Next()
		if _, ok := command.Method.(*wire.BasicDeliver); !ok {
			c.raw.t.Fatalf("got %v on channel %d, want a delivery", command, c.Number)
		}
		all[i] = letter(command)
	}
	return all
}

// CheckLetters checks the next deliveries of a letterbox, written as letter writes them. RabbitMQ tells of the last
// death since 3.13: what a want says of it does not count before.
func (t *T) CheckLetters(label string, box *RawChannel, want ...string) {
	t.Helper()
	if t.In(UpTo("3.12")) {
		for i := range want {
			if last := strings.Index(want[i], "; last "); last >= 0 {
				rest := want[i][last+2:]
				want[i] = want[i][:last]
				if end := strings.Index(rest, "; "); end >= 0 {
					want[i] += rest[end:]
				}
			}
		}
	}
	t.Check(label, box.letters(len(want)), want)
}

// letter tells of a delivery what dead-lettering has to do with:
//
//	body to EXCHANGE KEY; expired 2 in QUEUE from EXCHANGE [KEY]; first rejected in QUEUE from EXCHANGE; last …; {OTHER HEADERS}
//
// The deaths come in the order of x-death, and count with how often each happened. What is not as it should be, such as
// a time that is not the present, is told as well.
func letter(c Command) string {
	m := c.Method.(*wire.BasicDeliver)
	parts := []string{fmt.Sprintf("%s to %s %s", c.Body, orQuotes(m.Exchange), orQuotes(m.RoutingKey))}
	p := c.Header.Properties
	var others wire.Table
	first, last := make(map[string]any), make(map[string]any)
	for _, f := range p.Headers {
		if part, ok := strings.CutPrefix(f.Key, "x-first-death-"); ok {
			first[part] = f.Value
		} else if part, ok := strings.CutPrefix(f.Key, "x-last-death-"); ok {
			last[part] = f.Value
		} else if deaths, ok := f.Value.(wire.Array); ok && f.Key == "x-death" {
			for _, each := range deaths {
				parts = append(parts, death(each))
			}
		} else {
			others = append(others, f)
		}
	}
	for _, named := range []struct {
		which string
		parts map[string]any
	}{{"first", first}, {"last", last}} {
		if len(named.parts) > 0 {
			parts = append(parts, fmt.Sprintf("%s %v in %v from %v", named.which, named.parts["reason"], named.parts["queue"], orQuotes(fmt.Sprint(named.parts["exchange"]))))
		}
	}
	if p.Flags&wire.HasExpiration != 0 {
		parts = append(parts, "expiration "+p.Expiration)
	}
	if len(others) > 0 {
		parts = append(parts, others.String())
	}
	return strings.Join(parts, "; ")
}

// death tells of an entry in x-death.
func death(entry any) string {
	table, ok := entry.(wire.Table)
	if !ok {
		return fmt.Sprintf("x-death %v", entry)
	}
	get := func(key string) any {
		value, _ := table.Get(key)
		return value
	}
	var keys []string
	list, _ := get("routing-keys").(wire.Array)
	for _, key := range list {
		keys = append(keys, orQuotes(fmt.Sprint(key)))
	}
	text := fmt.Sprintf("%v %v in %v from %v [%s]", get("reason"), get("count"), get("queue"), orQuotes(fmt.Sprint(get("exchange"))), strings.Join(keys, " "))
	if _, ok := get("count").(int64); !ok {
		text += fmt.Sprintf(", the count is a %T", get("count"))
	}
	at, _ := get("time").(wire.Timestamp)
	if age := time.Since(time.Unix(int64(at), 0)); age < -time.Minute || age > 5*time.Minute {
		text += fmt.Sprintf(" at %v", get("time"))
	}
	if expiration, ok := table.Get("original-expiration"); ok {
		text += fmt.Sprintf(" expiration %v", expiration)
	}
	return text
}

// atLeastOnce declares a quorum queue that dead-letters to an exchange at least once.
func (c *RawChannel) atLeastOnce(queue, exchange string, arguments ...wire.Field) {
	c.raw.t.Helper()
	c.Queue(queue, append(wire.Table{
		queueType("quorum"), {Key: "x-overflow", Value: "reject-publish"},
		{Key: "x-dead-letter-strategy", Value: "at-least-once"}, {Key: "x-dead-letter-exchange", Value: exchange},
	}, arguments...)...)
}

// arrives waits for dead letters in a queue.
func (t *T) arrives(c *RawChannel, queue string, n uint32) {
	t.Helper()
	c.CheckCounts("arrived in "+queue, queue, Counts{Ready: n})
}
