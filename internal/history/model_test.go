package history_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// action is what a client does to the queue, and what it sees.
type action struct {
	do          string   // "publish", "get", "empty", "ack", "requeue" or "drop"
	bodies      []string // one, none for "empty", all that the client held for "drop"
	redelivered bool
}

func (a action) String() string {
	return fmt.Sprintf("%s %s redelivered=%t", a.do, strings.Join(a.bodies, " "), a.redelivered)
}

// A state of the queue is its messages in order of publishing, each behind a letter.
const (
	fresh = "f" // ready, and never delivered
	again = "a" // ready
	held  = "h"
)

// classicQueue is a classic queue that does one thing at a time. A message that comes back has the place that it had.
var classicQueue = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, _ any) (bool, any) {
		messages, a := strings.Fields(state.(string)), input.(action)
		ready := slices.IndexFunc(messages, func(m string) bool { return m[:1] != held })
		ok := true
		switch a.do {
		case "publish":
			messages = append(messages, fresh+a.bodies[0])
		case "empty":
			ok = ready < 0
		case "get":
			if ok = ready >= 0 && messages[ready] == map[bool]string{false: fresh, true: again}[a.redelivered]+a.bodies[0]; ok {
				messages[ready] = held + a.bodies[0]
			}
		default:
			for _, body := range a.bodies {
				i := slices.Index(messages, held+body)
				if i < 0 {
					return false, state
				}
				if messages[i] = again + body; a.do == "ack" {
					messages = slices.Delete(messages, i, i+1)
				}
			}
		}
		return ok, strings.Join(messages, " ")
	},
	DescribeOperation: func(input, _ any) string { return fmt.Sprint(input) },
}

// TestModel has clients publish, get, acknowledge, give back and vanish at the same time, and has porcupine decide whether
// what they saw could come from a queue that does one thing at a time, each between the client's asking and its answer.
func TestModel(t *testing.T) {
	for i := range *runs {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			h := modelHistory(t, uint64(i)+*seed)
			require.Greater(t, len(h), 50)
			if result := porcupine.CheckOperationsTimeout(classicQueue, h, 20*time.Second); result != porcupine.Ok {
				t.Errorf("of %d operations: %s", len(h), result)
				for _, o := range h {
					t.Logf("client %d: %d to %d: %s", o.ClientId, o.Call, o.Return, o.Input)
				}
			}
		})
	}
}

func TestModelFindsViolations(t *testing.T) {
	sequence := func(actions ...action) (h []porcupine.Operation) {
		for i, a := range actions {
			h = append(h, porcupine.Operation{Input: a, Call: int64(10 * i), Return: int64(10*i + 5)})
		}
		return h
	}
	publish := func(body string) action { return action{do: "publish", bodies: []string{body}} }
	get := func(body string, redelivered bool) action { return action{"get", []string{body}, redelivered} }
	does := func(what, body string) action { return action{do: what, bodies: []string{body}} }
	for name, test := range map[string]struct {
		h    []porcupine.Operation
		want porcupine.CheckResult
	}{
		"good":                  {sequence(publish("1"), publish("2"), get("1", false), does("requeue", "1"), get("1", true), does("ack", "1"), get("2", false), action{do: "empty"}, does("drop", "2"), get("2", true)), porcupine.Ok},
		"out of order":          {sequence(publish("1"), publish("2"), get("2", false)), porcupine.Illegal},
		"lost":                  {sequence(publish("1"), action{do: "empty"}), porcupine.Illegal},
		"lost when given back":  {sequence(publish("1"), get("1", false), does("requeue", "1"), action{do: "empty"}), porcupine.Illegal},
		"given back to the end": {sequence(publish("1"), publish("2"), get("1", false), does("requeue", "1"), get("2", false)), porcupine.Illegal},
		"twice":                 {sequence(publish("1"), get("1", false), get("1", true)), porcupine.Illegal},
		"after the ack":         {sequence(publish("1"), get("1", false), does("ack", "1"), get("1", true)), porcupine.Illegal},
		"not marked":            {sequence(publish("1"), get("1", false), does("requeue", "1"), get("1", false)), porcupine.Illegal},
		"marked at first":       {sequence(publish("1"), get("1", true)), porcupine.Illegal},
		"never published":       {sequence(get("1", false)), porcupine.Illegal},
		"order of what is published at the same time is free": {[]porcupine.Operation{{Input: publish("1"), Call: 0, Return: 9}, {Input: publish("2"), Call: 1, Return: 8},
			{Input: get("2", false), Call: 10, Return: 11}, {Input: get("1", false), Call: 12, Return: 13}}, porcupine.Ok},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, porcupine.CheckOperationsTimeout(classicQueue, test.h, 10*time.Second))
		})
	}
}

// modelClient does one thing after the other.
type modelClient struct {
	t       *testing.T
	broker  *testkit.Broker
	number  int
	began   time.Time
	history []porcupine.Operation

	lives int
	nc    net.Conn
	ch    *amqp.Channel
	held  []amqp.Delivery
}

func modelHistory(t *testing.T, seed uint64) []porcupine.Operation {
	broker := testkit.Start(t)
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "q"}}})
	var all []*modelClient
	var working sync.WaitGroup
	for i := range 3 {
		c := &modelClient{t: t, broker: broker, number: i, began: time.Now()}
		if all = append(all, c); i > 0 {
			c.began = all[0].began
		}
		working.Go(func() { c.work(rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	working.Wait()
	var h []porcupine.Operation
	for _, c := range all {
		h = append(h, c.history...)
	}
	return h
}

func (c *modelClient) work(chance *rand.Rand) {
	c.connect()
	for n := range 25 {
		switch k := chance.IntN(20); {
		case k < 6:
			c.publish(fmt.Sprintf("%d-%d", c.number, n))
		case k < 14 || len(c.held) == 0:
			c.get()
		case k < 19:
			c.settle(chance.IntN(len(c.held)), k < 16)
		default:
			c.vanish()
			c.connect()
		}
	}
	c.vanish()
}

func (c *modelClient) connect() {
	c.lives++
	config := c.broker.ClientConfig()
	config.Properties = amqp.Table{"connection_name": fmt.Sprintf("client %d, %d", c.number, c.lives)}
	config.Dial = func(network, address string) (nc net.Conn, err error) {
		c.nc, err = c.broker.Dial(network, address)
		return c.nc, err
	}
	conn, err := amqp.DialConfig(c.broker.URL(), config)
	if err == nil {
		c.ch, err = conn.Channel()
	}
	if err == nil {
		err = c.ch.Confirm(false)
	}
	if err != nil {
		panic(err) // there are no faults
	}
}

// note does something and notes when it began and ended.
func (c *modelClient) note(f func() action) {
	call := int64(time.Since(c.began))
	a := f()
	c.history = append(c.history, porcupine.Operation{ClientId: c.number, Input: a, Call: call, Return: int64(time.Since(c.began))})
}

func (c *modelClient) publish(body string) {
	c.note(func() action {
		confirm, err := c.ch.PublishWithDeferredConfirm("", "q", false, false, amqp.Publishing{Body: []byte(body)})
		if err != nil || !confirm.Wait() {
			panic(fmt.Sprintf("not confirmed: %v", err))
		}
		return action{do: "publish", bodies: []string{body}}
	})
}

func (c *modelClient) get() {
	c.note(func() action {
		d, ok, err := c.ch.Get("q", false)
		if err != nil {
			panic(err)
		}
		if !ok {
			return action{do: "empty"}
		}
		c.held = append(c.held, d)
		return action{"get", []string{string(d.Body)}, d.Redelivered}
	})
}

// settle acknowledges a message or gives it back. That is over when a question is answered that comes behind it.
func (c *modelClient) settle(i int, requeue bool) {
	d := c.held[i]
	c.held = slices.Delete(c.held, i, i+1)
	c.note(func() action {
		a := action{do: "ack", bodies: []string{string(d.Body)}}
		err := error(nil)
		if requeue {
			a.do, err = "requeue", d.Reject(true)
		} else {
			err = d.Ack(false)
		}
		if err == nil {
			err = c.ch.Qos(0, 0, false)
		}
		if err != nil {
			panic(err)
		}
		return a
	})
}

// vanish breaks the connection, and waits until the broker has noticed.
func (c *modelClient) vanish() {
	c.note(func() action {
		a := action{do: "drop"}
		for _, d := range c.held {
			a.bodies = append(a.bodies, string(d.Body))
		}
		c.held = nil
		c.nc.Close()
		c.broker.AwaitDisconnected(c.t, fmt.Sprintf("client %d, %d", c.number, c.lives))
		return a
	})
}
