package broker_test

import (
	"cmp"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// nowhere is a client to whom nothing is sent.
type nowhere struct{}

func (nowhere) Deliver(string, uint64, bool, *queue.Message) {}
func (nowhere) Return(wire.ReplyCode, *queue.Message)        {}
func (nowhere) Confirm(uint64, bool)                         {}
func (nowhere) CancelConsumer(string)                        {}
func (nowhere) Fail(error)                                   {}
func (nowhere) Writable() bool                               { return true }

// bench is a node with one client.
type bench struct {
	t    *testing.T
	node *broker.Node
	vh   *broker.VHost
	conn *broker.Connection
	ch   *broker.Channel
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, node: broker.NewNode(broker.Options{})}
	b.vh = b.node.AddVHost("test")
	user := b.node.AddUser("tester", "secret")
	everything, err := broker.NewPermissions(".*", ".*", ".*")
	require.NoError(t, err)
	user.Permit("test", everything)
	b.conn = b.connect(user)
	b.vh.Lock()
	b.ch = b.conn.OpenChannel(1, nowhere{})
	return b
}

func (b *bench) connect(user *broker.User) *broker.Connection {
	c := &broker.Connection{Name: fmt.Sprint(time.Now()), User: user, VHost: b.vh}
	require.NoError(b.t, b.node.Connect(c))
	b.vh.Lock()
	defer b.vh.Unlock()
	c.Open()
	return c
}

func (b *bench) close() {
	b.vh.Unlock()
	b.node.Close()
}

// queues declares n queues like m.
func (b *bench) queues(n int, m wire.QueueDeclare) (all []*queue.Queue) {
	for i := range n {
		q, m := (*queue.Queue)(nil), m
		m.Queue = fmt.Sprintf("%s%07d", m.Queue, i)
		q, err := b.vh.DeclareQueue(b.conn, &m)
		require.NoError(b.t, err)
		all = append(all, q)
	}
	return all
}

func (b *bench) exchange(kind string) {
	require.NoError(b.t, b.vh.DeclareExchange(b.conn.User, &wire.ExchangeDeclare{Exchange: "x", Type: kind}))
}

// bind binds a queue with some key.
func (b *bench) bind(q *queue.Queue, key string, args wire.Table) {
	require.NoError(b.t, b.vh.Bind(b.vh.Exchange("x"), q, key, args))
}

func (b *bench) consume(ch *broker.Channel, q *queue.Queue) {
	_, err := ch.Consume(&wire.BasicConsume{Queue: q.Name()}, q)
	require.NoError(b.t, err)
}

// unacked has the client hold n messages of a queue.
func (b *bench) unacked(n int, q *queue.Queue) {
	for range n {
		require.NoError(b.t, b.ch.Publish(broker.Publishing{RoutingKey: q.Name(), Properties: []byte{0, 0}}))
	}
	b.vh.Next()
	for range n {
		_, _, ok, err := b.ch.Get(&wire.BasicGet{Queue: q.Name()}, q)
		require.True(b.t, ok)
		require.NoError(b.t, err)
	}
}

// endings are what ends many things at once: each prepares n of them and returns what
// ends them, which is measured.
var endings = map[string]func(b *bench, n int) (end func()){
	"connection with exclusive queues": func(b *bench, n int) func() {
		b.queues(n, wire.QueueDeclare{Exclusive: true})
		return b.conn.Close
	},
	"connection with channels": func(b *bench, n int) func() {
		for i := range n {
			b.conn.OpenChannel(uint16(i), nowhere{})
		}
		return b.conn.Close
	},
	"channels, in order": func(b *bench, n int) func() {
		for i := range n {
			b.conn.OpenChannel(uint16(i), nowhere{})
		}
		return func() {
			for _, ch := range b.conn.Channels() {
				ch.Close()
			}
		}
	},
	"channel with consumers of a queue": func(b *bench, n int) func() {
		q := b.queues(1, wire.QueueDeclare{})[0]
		for range n {
			b.consume(b.ch, q)
		}
		return b.ch.Close
	},
	"channel with consumers of many queues": func(b *bench, n int) func() {
		for _, q := range b.queues(n, wire.QueueDeclare{AutoDelete: true}) {
			b.consume(b.ch, q)
		}
		return b.ch.Close
	},
	"consumers, the last one first": func(b *bench, n int) func() {
		q := b.queues(1, wire.QueueDeclare{})[0]
		for range n {
			b.consume(b.ch, q)
		}
		return func() {
			for consumers := q.Consumers(); len(consumers) > 0; consumers = q.Consumers() {
				b.ch.Cancel(consumers[len(consumers)-1].Tag)
			}
		}
	},
	"queue with consumers": func(b *bench, n int) func() {
		q := b.queues(1, wire.QueueDeclare{})[0]
		for range n {
			b.consume(b.ch, q)
		}
		return func() {
			_, err := b.vh.DeleteQueue(b.conn, &wire.QueueDelete{Queue: q.Name()})
			require.NoError(b.t, err)
		}
	},
	"channel with unacked messages": func(b *bench, n int) func() {
		b.unacked(n, b.queues(1, wire.QueueDeclare{})[0])
		return b.ch.Close
	},
	"channel with unacked messages of a quorum queue": func(b *bench, n int) func() {
		b.unacked(n, b.queues(1, wire.QueueDeclare{Durable: true, Arguments: wire.Table{{Key: "x-queue-type", Value: "quorum"}}})[0])
		return b.ch.Close
	},
	"recover of messages of many queues": func(b *bench, n int) func() {
		for _, q := range b.queues(n, wire.QueueDeclare{}) {
			b.unacked(1, q)
		}
		return func() {
			require.NoError(b.t, b.ch.Recover())
			b.vh.Next()
		}
	},
	"nack of many messages": func(b *bench, n int) func() {
		b.unacked(n, b.queues(1, wire.QueueDeclare{})[0])
		return func() {
			require.NoError(b.t, b.ch.Nack(0, true, true))
			b.vh.Next()
		}
	},
	"acks, the newest first": func(b *bench, n int) func() {
		b.unacked(n, b.queues(1, wire.QueueDeclare{})[0])
		return func() {
			for tag := n; tag > 0; tag-- {
				require.NoError(b.t, b.ch.Ack(uint64(tag), false))
			}
		}
	},
	"queue with bindings": func(b *bench, n int) func() {
		b.exchange("direct")
		q := b.queues(1, wire.QueueDeclare{})[0]
		for i := range n {
			b.bind(q, fmt.Sprint(i), nil)
		}
		return func() {
			_, err := b.vh.DeleteQueue(b.conn, &wire.QueueDelete{Queue: q.Name()})
			require.NoError(b.t, err)
		}
	},
	"unbinding a queue": func(b *bench, n int) func() {
		b.exchange("direct")
		q := b.queues(1, wire.QueueDeclare{})[0]
		for i := range n {
			b.bind(q, fmt.Sprint(i), nil)
		}
		return func() {
			for i := range n {
				b.vh.Unbind(b.vh.Exchange("x"), q, fmt.Sprint(i), nil)
			}
		}
	},
	"exchange with bindings": func(b *bench, n int) func() {
		b.exchange("fanout")
		for _, q := range b.queues(n, wire.QueueDeclare{}) {
			b.bind(q, "", nil)
		}
		return func() { require.NoError(b.t, b.vh.DeleteExchange(&wire.ExchangeDelete{Exchange: "x"})) }
	},
	"user with connections":        connections(func(b *bench) { b.node.DeleteUser("tester") }),
	"virtual host with everything": everything,
}

// connections opens n connections, which end when their server is asked to end them.
func connections(end func(b *bench)) func(b *bench, n int) func() {
	return func(b *bench, n int) func() {
		b.vh.Unlock()
		for range n {
			c := b.connect(b.conn.User)
			c.Transport.Close = func(*broker.ConnectionError) {
				b.vh.Lock()
				c.Close()
				b.vh.Unlock()
				b.node.Disconnect(c)
			}
		}
		b.vh.Lock()
		return func() {
			b.vh.Unlock()
			end(b)
			b.vh.Lock()
		}
	}
}

// everything is n queues, each bound, with a consumer and an unacked message.
func everything(b *bench, n int) func() {
	b.exchange("topic")
	for i, q := range b.queues(n, wire.QueueDeclare{AutoDelete: true}) {
		b.bind(q, fmt.Sprint("*.", i), nil)
		b.consume(b.ch, q)
		require.NoError(b.t, b.ch.Publish(broker.Publishing{RoutingKey: q.Name(), Properties: []byte{0, 0}}))
	}
	b.vh.Next()
	return func() {
		b.vh.Unlock()
		require.True(b.t, b.node.DeleteVHost("test"))
		b.vh.Lock()
	}
}

// manyQueuesOf prepares n queues that are bound to an exchange and are deleted with the
// connection.
func manyQueuesOf(kind string) func(b *bench, n int) func() {
	return func(b *bench, n int) func() {
		b.exchange(kind)
		for i, q := range b.queues(n, wire.QueueDeclare{Exclusive: true}) {
			var args wire.Table
			key := "1"
			if kind == "headers" {
				args = wire.Table{{Key: "id", Value: int32(i)}}
			}
			b.bind(q, key, args)
		}
		return b.conn.Close
	}
}

func init() {
	for _, kind := range []string{"direct", "fanout", "topic", "headers", "x-consistent-hash", "x-modulus-hash", "x-random"} {
		endings["connection with queues bound to a "+kind+" exchange"] = manyQueuesOf(kind)
	}
}

// sizes are how many things it takes until the time of endings is that of the things,
// 3000 by default.
var sizes = map[string]int{"connection with exclusive queues": 20000, "nack of many messages": 10000}

// TestEndingsScale measures that four times as many things take about four times as
// long to end, and not sixteen times. Both times are the best of some; caches make the
// ratio of what is linear up to nine.
func TestEndingsScale(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for half a minute")
	}
	const tooMuch = 12
	for name, prepare := range endings {
		t.Run(name, func(t *testing.T) {
			n := cmp.Or(sizes[name], 3000)
			var few, many time.Duration
			ratio := math.Inf(1)
			for attempts := 2; attempts <= 64 && ratio > tooMuch; attempts *= 2 {
				few, many = best(t, n, attempts, prepare), best(t, 4*n, attempts, prepare)
				ratio = float64(many) / float64(few)
			}
			t.Logf("%d: %v, %d: %v, ratio %.1f", n, few, 4*n, many, ratio)
			require.LessOrEqual(t, ratio, float64(tooMuch))
		})
	}
}

// best returns the shortest time that ending n things took.
func best(t *testing.T, n, attempts int, prepare func(b *bench, n int) func()) time.Duration {
	best := time.Hour
	for range attempts {
		b := newBench(t)
		end := prepare(b, n)
		begin := time.Now()
		end()
		best = min(best, time.Since(begin))
		b.close()
	}
	return best
}
