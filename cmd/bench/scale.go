package main

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// scaleWorkloads are those of many queues, bindings and messages.
var scaleWorkloads = []workload{
	{name: "fan-out to queues", group: "scale", unit: "copies/s", params: []int{100}, param: "queues", local: true, run: fanout},
	{name: "direct, one binding a key", group: "scale", unit: "msgs/s", params: []int{10_000}, param: "bindings", run: routed("direct")},
	{name: "topic, mixed bindings", group: "scale", unit: "msgs/s", params: []int{10_000}, param: "bindings", run: routed("topic")},
	{name: "headers", group: "scale", unit: "msgs/s", params: []int{1_000}, param: "bindings", run: routed("headers")},
	{name: "backlog, memory", group: "scale", unit: "bytes/msg", less: true, params: []int{1_000_000}, param: "messages", network: "TCP", local: true, slow: true, run: backlogMemory},
	{name: "backlog, last tenth published", group: "scale", unit: "of first", params: []int{1_000_000}, param: "messages", network: "TCP", slow: true, run: backlogRate},
	{name: "backlog, drain", group: "scale", unit: "msgs/s", params: []int{1_000_000}, param: "messages", network: "TCP", slow: true, run: backlogDrain},
}

// bodySize is the body of workloads whose parameter is something else.
const bodySize = 128

// fanout publishes to an exchange with many queues and counts the copies that
// have reached them.
func fanout(r *run) (float64, error) {
	queues := r.size
	r.size = bodySize
	c, first, err := r.rawQueue()
	if err != nil {
		return 0, err
	}
	exchange := queueName()
	all := []string{first}
	defer func() {
		c.call(&wire.ExchangeDelete{Exchange: exchange}, wire.IDExchangeDeleteOk)
		for _, q := range all {
			c.call(&wire.QueueDelete{Queue: q}, wire.IDQueueDeleteOk)
		}
		c.close("")
	}()
	if _, err := c.call(&wire.ExchangeDeclare{Exchange: exchange, Type: "fanout"}, wire.IDExchangeDeclareOk); err != nil {
		return 0, err
	}
	for i := range queues {
		if i > 0 {
			all = append(all, queueName())
			if _, err := c.declare(all[i]); err != nil {
				return 0, err
			}
		}
		if _, err := c.call(&wire.QueueBind{Queue: all[i], Exchange: exchange}, wire.IDQueueBindOk); err != nil {
			return 0, err
		}
	}
	one := publishing(exchange, first, bodySize, nil) // a queue that a null broker knows
	batch, messages := batches(50, func(int) []byte { return one })
	r.begin()
	n, err := c.flood(r, batch, messages, endless)
	if err != nil {
		return 0, err
	}
	got, err := c.declare(all[0])
	if err != nil {
		return 0, err
	}
	rate := r.rate(n * queues)
	if last, err := c.declare(all[queues-1]); err != nil || got != n {
		return 0, fmt.Errorf("published %d messages, but %d are in the first queue and %d in the last: %v", n, got, last, err)
	}
	return rate, nil
}

// routed publishes to an exchange with many bindings to one queue, with another
// key each time. A key matches one binding, with topics about two.
func routed(kind string) func(r *run) (float64, error) {
	return func(r *run) (float64, error) {
		bindings := r.size
		r.size = bodySize
		c, queue, err := r.rawQueue()
		if err != nil {
			return 0, err
		}
		exchange := queueName()
		defer func() {
			c.call(&wire.ExchangeDelete{Exchange: exchange}, wire.IDExchangeDeleteOk)
			c.close(queue)
		}()
		if _, err := c.call(&wire.ExchangeDeclare{Exchange: exchange, Type: kind}, wire.IDExchangeDeclareOk); err != nil {
			return 0, err
		}
		var binds []byte
		for i := range bindings {
			b := &wire.QueueBind{Queue: queue, Exchange: exchange, RoutingKey: key(i), NoWait: true}
			switch kind {
			case "topic":
				b.RoutingKey = pattern(i)
			case "headers":
				b.Arguments = append(headersOf(i), wire.Field{Key: "x-match", Value: "all"})
			}
			binds = wire.AppendMethodFrame(binds, 1, b)
		}
		if _, err := c.nc.Write(binds); err != nil {
			return 0, err
		}
		if _, err := c.declare(queue); err != nil {
			return 0, err
		}
		all, messages := batches(bindings, func(i int) []byte {
			if kind == "headers" {
				return publishing(exchange, queue, bodySize, headersOf(i))
			}
			return publishing(exchange, key(i), bodySize, nil)
		})
		return r.publishRaw(c, queue, all, messages)
	}
}

func key(i int) string { return fmt.Sprintf("region%d.kind%d.item%d", i%10, i/10%100, i) }

// pattern returns patterns of which half have no wildcard, and the others those
// that people use.
func pattern(i int) string {
	switch i % 10 {
	case 0, 1, 2, 3, 4:
		return key(i)
	case 5, 6:
		return fmt.Sprintf("region%d.*.item%d", i%10, i)
	case 7:
		return fmt.Sprintf("*.kind%d.item%d", i/10%100, i)
	case 8:
		return fmt.Sprintf("region%d.#.item%d", i%10, i)
	default:
		return fmt.Sprintf("#.item%d", i)
	}
}

func headersOf(i int) wire.Table {
	return wire.Table{{Key: "tenant", Value: fmt.Sprintf("tenant-%d", i)}, {Key: "kind", Value: int32(i % 10)}}
}

// backlogMemory returns what a message costs that waits in a queue.
func backlogMemory(r *run) (float64, error) {
	n := r.size
	r.size = bodySize
	c, queue, err := r.rawQueue()
	if err != nil {
		return 0, err
	}
	defer c.close(queue)
	before := heap()
	r.begin()
	if err := r.fill(c, queue, n); err != nil {
		return 0, err
	}
	r.rate(n)
	return (float64(heap()) - float64(before)) / float64(n), nil
}

// backlogRate returns the rate of the last tenth of the messages, over that of
// the first tenth.
func backlogRate(r *run) (float64, error) {
	n := r.size / 10
	r.size = bodySize
	c, queue, err := r.rawQueue()
	if err != nil {
		return 0, err
	}
	defer c.close(queue)
	one := publishing("", queue, bodySize, nil)
	all, messages := batches(rawBatch/len(one)+1, func(int) []byte { return one })
	tenth := func() (float64, error) {
		r.begin()
		sent, err := c.flood(r, all, messages, n)
		if err != nil {
			return 0, err
		}
		_, err = c.declare(queue)
		return r.rate(sent), err
	}
	var first, last float64
	for i := range 10 {
		if last, err = tenth(); err != nil {
			return 0, err
		}
		if i == 0 {
			first = last
		}
	}
	return last / first, nil
}

func backlogDrain(r *run) (float64, error) {
	n := r.size
	r.size = bodySize
	return rawDrain(r, n)
}
