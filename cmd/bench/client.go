package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// clientWorkloads are what users do, through the client that they use.
var clientWorkloads = []workload{
	{name: "publish", group: "client", unit: "msgs/s", params: sizes, goal: 0.9, run: publish},
	{name: "publish to consume, auto-ack", group: "client", unit: "msgs/s", params: sizes, goal: 0.9, run: consume(true)},
	{name: "publish to consume, acks, prefetch 100", group: "client", unit: "msgs/s", params: sizes, goal: 0.9, run: consume(false)},
	{name: "confirm, one at a time", group: "client", unit: "us p50", less: true, params: sizes, goal: 0.9, run: confirmOne},
	{name: "confirm, 1,000 outstanding", group: "client", unit: "msgs/s", params: sizes, goal: 0.9, run: confirmMany},
	{name: "RPC through two queues", group: "client", unit: "us p50", less: true, params: sizes, goal: 0.9, run: rpc},
	{name: "basic.get", group: "client", unit: "us p50", less: true, params: sizes, goal: 0.9, run: get},
	{name: "open and close a connection", group: "client", unit: "us p50", less: true, params: []int{0}, goal: 0.9, run: openClose},
	{name: "50 producer and 50 consumer connections", group: "client", unit: "msgs/s", params: sizes, goal: 0.9, run: manyConnections},
}

var background = context.Background()

// session is a connection with a channel and a queue.
type session struct {
	*amqp.Connection
	ch    *amqp.Channel
	queue string
}

var names atomic.Int64

// queueName makes up a name that no other run uses.
func queueName() string { return fmt.Sprintf("bench-%d-%d", time.Now().UnixNano(), names.Add(1)) }

// open opens a session with a queue of its own, which done deletes.
func (r *run) open() (*session, error) {
	conn, ch, err := r.connect()
	if err != nil {
		return nil, err
	}
	q, err := ch.QueueDeclare(queueName(), false, false, false, false, nil)
	return &session{conn, ch, q.Name}, err
}

func (s *session) done() {
	s.ch.QueueDelete(s.queue, false, false, false)
	s.Close()
}

// sync waits until the broker has handled all that was sent on the channel.
func (s *session) sync() error {
	_, err := s.ch.QueueDeclarePassive(s.queue, false, false, false, false, nil)
	return err
}

func (r *run) message() amqp.Publishing { return amqp.Publishing{Body: make([]byte, r.size)} }

func publish(r *run) (float64, error) {
	s, err := r.open()
	if err != nil {
		return 0, err
	}
	defer s.done()
	m := r.message()
	r.begin()
	n := 0
	for ; r.more(n); n++ {
		if err := s.ch.PublishWithContext(background, "", s.queue, false, false, m); err != nil {
			return 0, err
		}
	}
	if err := s.sync(); err != nil {
		return 0, err
	}
	return r.rate(n), nil
}

// consume publishes on one connection and consumes on another. It is over when
// everything has been consumed and, with acks, the broker has seen the last one.
func consume(autoAck bool) func(r *run) (float64, error) {
	return func(r *run) (float64, error) {
		s, err := r.open()
		if err != nil {
			return 0, err
		}
		defer s.done()
		conn, ch, err := r.connect()
		if err != nil {
			return 0, err
		}
		defer conn.Close()
		if err := ch.Qos(100, 0, false); err != nil {
			return 0, err
		}
		deliveries, err := ch.Consume(s.queue, "", autoAck, false, false, false, nil)
		if err != nil {
			return 0, err
		}
		var total atomic.Int64
		total.Store(-1)
		failed := make(chan error, 1)
		m := r.message()
		r.begin()
		go func() {
			n := 0
			for ; r.more(n); n++ {
				if err := s.ch.PublishWithContext(background, "", s.queue, false, false, m); err != nil {
					failed <- err
					return
				}
			}
			total.Store(int64(n))
			// One more, so that the consumer looks.
			failed <- s.ch.PublishWithContext(background, "", s.queue, false, false, m)
		}()
		n := 0
		for d := range deliveries {
			if !autoAck {
				if err := d.Ack(false); err != nil {
					return 0, err
				}
			}
			n++
			if t := total.Load(); t >= 0 && n > int(t) {
				break
			}
		}
		if err := <-failed; err != nil {
			return 0, err
		}
		if !autoAck {
			if _, err := ch.QueueDeclarePassive(s.queue, false, false, false, false, nil); err != nil {
				return 0, err
			}
		}
		return r.rate(n), nil
	}
}

func confirmOne(r *run) (float64, error) {
	s, err := r.open()
	if err != nil {
		return 0, err
	}
	defer s.done()
	if err := s.ch.Confirm(false); err != nil {
		return 0, err
	}
	m := r.message()
	var l latencies
	r.begin()
	for n := 0; r.more(n); n++ {
		began := time.Now()
		c, err := s.ch.PublishWithDeferredConfirmWithContext(background, "", s.queue, false, false, m)
		if err != nil {
			return 0, err
		}
		if !c.Wait() {
			return 0, fmt.Errorf("the broker refused message %d", n)
		}
		l = append(l, time.Since(began))
	}
	r.rate(len(l))
	return l.p50(), nil
}

func confirmMany(r *run) (float64, error) {
	s, err := r.open()
	if err != nil {
		return 0, err
	}
	defer s.done()
	if err := s.ch.Confirm(false); err != nil {
		return 0, err
	}
	m := r.message()
	outstanding := make([]*amqp.DeferredConfirmation, 0, 1000)
	r.begin()
	n := 0
	for ; r.more(n); n++ {
		c, err := s.ch.PublishWithDeferredConfirmWithContext(background, "", s.queue, false, false, m)
		if err != nil {
			return 0, err
		}
		if len(outstanding) < cap(outstanding) {
			outstanding = append(outstanding, c)
			continue
		}
		outstanding[n%len(outstanding)].Wait()
		outstanding[n%len(outstanding)] = c
	}
	for _, c := range outstanding {
		c.Wait()
	}
	return r.rate(n), nil
}

// rpc has a client and a server, each with a connection and a queue of its own.
func rpc(r *run) (float64, error) {
	server, err := r.open()
	if err != nil {
		return 0, err
	}
	defer server.done()
	client, err := r.open()
	if err != nil {
		return 0, err
	}
	defer client.done()
	requests, err := server.ch.Consume(server.queue, "", true, false, false, false, nil)
	if err != nil {
		return 0, err
	}
	answers, err := client.ch.Consume(client.queue, "", true, false, false, false, nil)
	if err != nil {
		return 0, err
	}
	go func() {
		for d := range requests {
			server.ch.PublishWithContext(background, "", d.ReplyTo, false, false, amqp.Publishing{CorrelationId: d.CorrelationId, Body: d.Body})
		}
	}()
	m := r.message()
	m.ReplyTo, m.CorrelationId = client.queue, "1"
	var l latencies
	r.begin()
	for n := 0; r.more(n); n++ {
		began := time.Now()
		if err := client.ch.PublishWithContext(background, "", server.queue, false, false, m); err != nil {
			return 0, err
		}
		<-answers
		l = append(l, time.Since(began))
	}
	r.rate(len(l))
	return l.p50(), nil
}

func get(r *run) (float64, error) {
	s, err := r.open()
	if err != nil {
		return 0, err
	}
	defer s.done()
	m := r.message()
	fill := min(20_000, maxBytes/2/max(1, r.size))
	for range fill {
		if err := s.ch.PublishWithContext(background, "", s.queue, false, false, m); err != nil {
			return 0, err
		}
	}
	if err := s.sync(); err != nil {
		return 0, err
	}
	var l latencies
	r.begin()
	for n := 0; n < fill && r.more(n); n++ {
		began := time.Now()
		if _, ok, err := s.ch.Get(s.queue, true); err != nil || !ok {
			return 0, fmt.Errorf("basic.get %d: got %v and error %v, expected a message", n, ok, err)
		}
		l = append(l, time.Since(began))
	}
	r.rate(len(l))
	return l.p50(), nil
}

func openClose(r *run) (float64, error) {
	var l latencies
	r.begin()
	for n := 0; n < 4 || r.more(n); n++ {
		began := time.Now()
		conn, _, err := r.connect()
		if err != nil {
			return 0, err
		}
		if err := conn.Close(); err != nil {
			return 0, err
		}
		l = append(l, time.Since(began))
	}
	r.rate(len(l))
	return l.p50(), nil
}

// manyConnections has 50 producers and 50 consumers share a queue.
func manyConnections(r *run) (float64, error) { return shared(r, 50) }

func shared(r *run, pairs int) (float64, error) {
	s, err := r.open()
	if err != nil {
		return 0, err
	}
	defer s.done()
	var consumed atomic.Int64
	var wake = make(chan struct{}, 1)
	channels := make([]*amqp.Channel, pairs)
	for i := range pairs {
		for side := range 2 {
			conn, ch, err := r.connect()
			if err != nil {
				return 0, err
			}
			defer conn.Close()
			if side == 0 {
				channels[i] = ch
				continue
			}
			deliveries, err := ch.Consume(s.queue, "", true, false, false, false, nil)
			if err != nil {
				return 0, err
			}
			go func() {
				for range deliveries {
					consumed.Add(1)
					select {
					case wake <- struct{}{}:
					default:
					}
				}
			}()
		}
	}
	m := r.message()
	var total atomic.Int64
	var producers sync.WaitGroup
	r.begin()
	for _, ch := range channels {
		producers.Go(func() {
			n := 0
			for ; (n%16 != 0 || time.Since(r.began) < r.duration) && n*r.size < maxBytes/pairs; n++ {
				if ch.PublishWithContext(background, "", s.queue, false, false, m) != nil {
					break
				}
			}
			total.Add(int64(n))
		})
	}
	producers.Wait()
	for consumed.Load() < total.Load() {
		<-wake
	}
	return r.rate(int(total.Load())), nil
}
