package main

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// growthWorkloads cost the same for each message, whatever there is besides.
// They run with --growth only, in memory, through the raw client.
var growthWorkloads = []workload{
	{name: "publish among queues", group: "growth", unit: "msgs/s", params: []int{10, 100, 1_000, 10_000}, param: "queues", network: "memory", local: true, run: amongQueues},
	{name: "direct routing", group: "growth", unit: "msgs/s", params: []int{100, 1_000, 10_000}, param: "bindings", network: "memory", local: true, run: routed("direct")},
	{name: "topic routing", group: "growth", unit: "msgs/s", params: []int{100, 1_000, 10_000}, param: "bindings", network: "memory", local: true, run: routed("topic")},
	{name: "headers routing", group: "growth", unit: "msgs/s", params: []int{10, 100, 1_000}, param: "bindings", network: "memory", local: true, run: routed("headers")},
	{name: "publish to consumers", group: "growth", unit: "msgs/s", params: []int{1, 10, 100, 1_000}, param: "consumers", network: "memory", local: true, run: toConsumers},
	{name: "publish among connections", group: "growth", unit: "msgs/s", params: []int{1, 10, 100, 1_000}, param: "connections", network: "memory", local: true, run: amongConnections},
	{name: "publish on a backlog", group: "growth", unit: "msgs/s", params: []int{1_000, 10_000, 100_000, 1_000_000}, param: "messages", network: "memory", local: true, run: onBacklog},
	{name: "drain a backlog", group: "growth", unit: "msgs/s", params: []int{10_000, 100_000, 1_000_000}, param: "messages", network: "memory", local: true, run: backlogDrain},
}

// amongQueues publishes to many queues in turn.
func amongQueues(r *run) (float64, error) {
	queues := r.size
	r.size = bodySize
	c, first, err := r.rawQueue()
	if err != nil {
		return 0, err
	}
	defer c.close(first)
	names := []string{first}
	for len(names) < queues {
		names = append(names, queueName())
		if _, err := c.declare(names[len(names)-1]); err != nil {
			return 0, err
		}
	}
	all, messages := batches(max(queues, 400), func(i int) []byte { return publishing("", names[i%queues], bodySize, nil) })
	return r.publishRaw(c, first, all, messages)
}

// publishRaw measures a flood on a connection.
func (r *run) publishRaw(c *rawClient, queue string, all [][]byte, messages []int) (float64, error) {
	r.begin()
	n, err := c.flood(r, all, messages, endless)
	if err != nil {
		return 0, err
	}
	if _, err := c.declare(queue); err != nil {
		return 0, err
	}
	return r.rate(n), nil
}

// toConsumers has many consumers of one channel take turns.
func toConsumers(r *run) (float64, error) {
	consumers := r.size
	r.size = bodySize
	c, queue, err := r.rawQueue()
	if err != nil {
		return 0, err
	}
	defer c.close(queue)
	taker, err := r.raw()
	if err != nil {
		return 0, err
	}
	for i := range consumers {
		m := &wire.BasicConsume{Queue: queue, ConsumerTag: fmt.Sprintf("consumer-%06d", i), NoAck: true}
		if _, err := taker.call(m, wire.IDBasicConsumeOk); err != nil {
			return 0, err
		}
	}
	one := publishing("", queue, bodySize, nil)
	all, messages := batches(400, func(int) []byte { return one })
	n := int(r.duration.Seconds() * 1_000_000)
	drained := make(chan error, 1)
	r.begin()
	go func() { drained <- taker.drain(n) }()
	sent, err := c.flood(r, all, messages, n)
	if err != nil {
		return 0, err
	}
	if err := <-drained; err != nil {
		return 0, err
	}
	defer taker.close("")
	if sent > n {
		if err := taker.drain(sent - n); err != nil {
			return 0, err
		}
	}
	return r.rate(sent), nil
}

// amongConnections publishes on one connection while others are open.
func amongConnections(r *run) (float64, error) {
	connections := r.size
	r.size = bodySize
	for range connections - 1 {
		other, err := r.raw()
		if err != nil {
			return 0, err
		}
		defer other.nc.Close()
	}
	return rawPublish(r)
}

// onBacklog publishes to a queue that holds messages.
func onBacklog(r *run) (float64, error) {
	backlog := r.size
	r.size = bodySize
	c, queue, err := r.rawQueue()
	if err != nil {
		return 0, err
	}
	defer c.close(queue)
	if err := r.fill(c, queue, backlog); err != nil {
		return 0, err
	}
	one := publishing("", queue, bodySize, nil)
	all, messages := batches(400, func(int) []byte { return one })
	return r.publishRaw(c, queue, all, messages)
}
