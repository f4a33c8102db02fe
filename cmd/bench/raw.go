package main

import (
	"fmt"
	"runtime"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// rawWorkloads show what the broker itself can do: the client costs next to
// nothing.
var rawWorkloads = []workload{
	{name: "raw client, publish", group: "raw", unit: "msgs/s", params: []int{128}, run: rawPublish},
	{name: "raw client, consume", group: "raw", unit: "msgs/s", params: []int{128}, run: rawConsume},
}

// rawQueue opens a raw connection with a queue.
func (r *run) rawQueue() (c *rawClient, queue string, err error) {
	if c, err = r.raw(); err != nil {
		return nil, "", err
	}
	queue = queueName()
	_, err = c.declare(queue)
	return c, queue, err
}

func rawPublish(r *run) (float64, error) {
	c, queue, err := r.rawQueue()
	if err != nil {
		return 0, err
	}
	defer c.close(queue)
	one := publishing("", queue, r.size, nil)
	all, messages := batches(rawBatch/len(one)+1, func(int) []byte { return one })
	r.begin()
	n, err := c.flood(r, all, messages, endless)
	if err != nil {
		return 0, err
	}
	if err := c.awaitLength(queue, n); err != nil {
		return 0, err
	}
	return r.rate(n), nil
}

// awaitLength waits until n messages are in a queue. Mostly they are when the broker
// answers, but RabbitMQ's queues are processes of their own.
func (c *rawClient) awaitLength(queue string, n int) error {
	for began := time.Now(); ; {
		got, err := c.declare(queue)
		if err != nil || got == n {
			return err
		}
		if got > n || time.Since(began) > time.Minute {
			return fmt.Errorf("published %d messages, but %d are in the queue", n, got)
		}
	}
}

func rawConsume(r *run) (float64, error) { return rawDrain(r, int(r.duration.Seconds()*1_000_000)) }

// rawDrain consumes n messages that are in a queue when it begins.
func rawDrain(r *run, n int) (float64, error) {
	c, queue, err := r.rawQueue()
	if err != nil {
		return 0, err
	}
	defer c.close(queue)
	if err := r.fill(c, queue, n); err != nil {
		return 0, err
	}
	r.begin()
	if _, err := c.call(&wire.BasicConsume{Queue: queue, ConsumerTag: "c", NoAck: true}, wire.IDBasicConsumeOk); err != nil {
		return 0, err
	}
	if err := c.drain(n); err != nil {
		return 0, err
	}
	return r.rate(n), nil
}

// fill publishes n messages to a queue.
func (r *run) fill(c *rawClient, queue string, n int) error {
	one := publishing("", queue, r.size, nil)
	all, messages := batches(rawBatch/len(one)+1, func(int) []byte { return one })
	whole := n / messages[0] * messages[0]
	if _, err := c.flood(r, all[:1], messages[:1], whole); err != nil {
		return err
	}
	for range n - whole {
		if _, err := c.nc.Write(one); err != nil {
			return err
		}
	}
	return c.awaitLength(queue, n)
}

// heap returns what is in use after garbage collection.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// seconds formats a duration for progress.
func seconds(d time.Duration) string {
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}
