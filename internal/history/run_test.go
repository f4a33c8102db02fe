package history_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/internal/history"
	"github.com/minirabbit/minirabbit/testkit"
)

var (
	runs = flag.Int("runs", 6, "how many random runs TestInterleavings makes")
	seed = flag.Uint64("seed", 0, "of the first run; 0 for one by the clock")
)

const (
	runPublishers = 3
	runConsumers  = 3
	runMessages   = 60 // of each publisher, that must be confirmed
)

// TestInterleavings has clients publish, consume, settle and give back at the same time, while connections and channels
// break and the broker is restarted, and checks the history of all that they saw. With AMQP_URL it does so at that
// RabbitMQ, and breaks only what a client can.
//
//	go test -race ./internal/history -run TestInterleavings -runs 200
func TestInterleavings(t *testing.T) {
	first := *seed
	if first == 0 {
		first = uint64(time.Now().UnixNano())
	}
	for i := range *runs {
		for _, kind := range []string{"classic", "quorum"} {
			seed := first + uint64(i)
			t.Run(fmt.Sprintf("%s/seed=%d", kind, seed), func(t *testing.T) { newRun(t, seed, kind).do() })
		}
	}
}

// run is a run: its clients and what they saw.
type run struct {
	t        *testing.T
	broker   *testkit.Broker // nil for a real one
	url      string
	kind     string
	queue    string
	dial     func() (net.Conn, error)
	recorder *history.Recorder
	rand     *rand.Rand

	injected []*testkit.Injected // by breakThings

	mu    sync.Mutex
	conns map[net.Conn]bool // guarded by mu
}

func newRun(t *testing.T, seed uint64, kind string) *run {
	r := &run{t: t, kind: kind, queue: fmt.Sprintf("history-%d", seed), recorder: history.NewRecorder(), rand: rand.New(rand.NewPCG(seed, 0)), conns: make(map[net.Conn]bool)}
	r.url = os.Getenv("AMQP_URL")
	if r.url != "" {
		uri, err := amqp.ParseURI(r.url)
		require.NoError(t, err)
		r.dial = func() (net.Conn, error) { return net.Dial("tcp", net.JoinHostPort(uri.Host, fmt.Sprint(uri.Port))) }
		return r
	}
	r.broker = testkit.Start(t, testkit.WithRelease([]string{"3.10", "4.0", "4.3"}[seed%3]))
	r.url, r.dial = r.broker.URL(), func() (net.Conn, error) { return r.broker.Dial("", "") }
	return r
}

// do makes the run.
func (r *run) do() {
	r.session(context.Background(), func(ch *amqp.Channel) error {
		_, err := ch.QueueDeclare(r.queue, true, false, false, false, queueArguments(r.kind))
		return err
	})
	ctx, stop := context.WithCancel(r.t.Context())
	var publishers, others sync.WaitGroup
	for i := range runPublishers {
		publishers.Go(func() { r.publish(ctx, fmt.Sprint(i)) })
	}
	for i := range runConsumers {
		prefetch, chance := 1+r.rand.IntN(5), rand.New(rand.NewPCG(r.rand.Uint64(), uint64(i)))
		others.Go(func() { r.consume(ctx, prefetch, chance) })
	}
	others.Go(func() { r.breakThings(ctx) })
	publishers.Wait()
	stop()
	others.Wait()
	r.drain()
	h := r.recorder.History()
	for _, v := range history.Check(h) {
		r.t.Errorf("%s\n%s", v, around(h, v.At))
	}
}

// session connects and calls f with a channel. It ends the connection in good order, after a last question that shows in
// the history that the channel was there until then.
func (r *run) session(ctx context.Context, f func(ch *amqp.Channel) error) error {
	conn, err := amqp.DialConfig(r.url, amqp.Config{Locale: "en_US", Dial: func(string, string) (net.Conn, error) {
		nc, err := r.dial()
		if err != nil {
			return nil, err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.conns[nc] = true
		return r.recorder.Conn(nc), nil
	}})
	if err != nil {
		return err
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	if err := f(ch); err != nil {
		return err
	}
	if err := ch.Qos(0, 0, false); err != nil {
		return err
	}
	return ch.Close()
}

// publish publishes messages one after the other, each until it is confirmed, and under a new name each time.
func (r *run) publish(ctx context.Context, name string) {
	confirmed, attempt := 0, 0
	for confirmed < runMessages && ctx.Err() == nil {
		_ = r.session(ctx, func(ch *amqp.Channel) error {
			if err := ch.Confirm(false); err != nil {
				return err
			}
			var waiting []*amqp.DeferredConfirmation
			for confirmed < runMessages {
				for range 5 {
					attempt++
					c, err := ch.PublishWithDeferredConfirm("", r.queue, true, false, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: fmt.Appendf(nil, "%s-%d", name, attempt)})
					if err != nil {
						return err
					}
					waiting = append(waiting, c)
				}
				for _, c := range waiting {
					if ok, err := c.WaitContext(ctx); err != nil || !ok {
						return fmt.Errorf("not confirmed: %w", err)
					}
					confirmed++
				}
				waiting = waiting[:0]
			}
			return nil
		})
	}
}

// consume settles what comes in all ways but for ever, until there is no more time.
func (r *run) consume(ctx context.Context, prefetch int, chance *rand.Rand) {
	for ctx.Err() == nil {
		_ = r.session(ctx, func(ch *amqp.Channel) error {
			if err := ch.Qos(prefetch, 0, false); err != nil {
				return err
			}
			deliveries, err := ch.Consume(r.queue, "", false, false, false, false, nil)
			if err != nil {
				return err
			}
			for n := 0; n < 60; n++ {
				select {
				case <-ctx.Done():
					return nil
				case d, ok := <-deliveries:
					if !ok {
						return amqp.ErrClosed
					}
					if err := settle(ch, d, chance); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
}

// settle does something about a delivery, or about all so far, or nothing yet.
func settle(ch *amqp.Channel, d amqp.Delivery, chance *rand.Rand) error {
	switch n := chance.IntN(20); {
	case n < 2:
		return d.Reject(true)
	case n < 3:
		return d.Nack(true, true)
	case n < 5:
		return d.Ack(true)
	case n < 6:
		_, _, err := ch.Get("", true) // an error: the channel is closed, with 404
		return err
	default:
		return d.Ack(false)
	}
}

// queueArguments are those of a queue that never drops what comes back to it.
func queueArguments(kind string) amqp.Table {
	arguments := amqp.Table{"x-queue-type": kind}
	if kind == "quorum" {
		arguments["x-delivery-limit"] = 1_000_000
	}
	return arguments
}

// breakThings breaks connections, and the broker if it is the emulator, until there is no more time.
func (r *run) breakThings(ctx context.Context) {
	chance := rand.New(rand.NewPCG(r.rand.Uint64(), 1))
	pause := time.NewTicker(8 * time.Millisecond)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		if r.broker == nil || chance.IntN(2) == 0 {
			r.cut()
			continue
		}
		at := []testkit.Method{testkit.BasicAck, testkit.BasicPublish, testkit.BasicDeliver, testkit.Confirm, testkit.BasicNack}[chance.IntN(5)]
		when := testkit.Before(at)
		if chance.IntN(2) == 0 {
			when = testkit.After(at)
		}
		switch chance.IntN(12) {
		case 0:
			r.broker.Restart(r.t)
		case 1:
			r.broker.Kill(r.t)
			r.broker.Restart(r.t)
		case 2:
			r.broker.CloseConnections(r.t, "a test")
		case 3, 4:
			r.inject(testkit.Fault{When: when, Do: testkit.CloseChannel(406, "a test")})
		case 5:
			r.inject(testkit.Fault{When: testkit.Before(testkit.BasicDeliver), Do: testkit.CancelConsumer})
		case 6:
			r.inject(testkit.Fault{When: testkit.Before(testkit.BasicPublish), Do: testkit.NackPublish})
		case 7:
			r.inject(testkit.Fault{When: testkit.Before(testkit.BasicDeliver), Do: testkit.TearFrame})
		default:
			r.inject(testkit.Fault{When: when, Do: testkit.DropConnection})
		}
	}
}

func (r *run) inject(f testkit.Fault) { r.injected = append(r.injected, r.broker.Inject(r.t, f)) }

// cut cuts one connection, any.
func (r *run) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for nc := range r.conns {
		delete(r.conns, nc)
		nc.Close()
		return
	}
}

// drain takes everything out of the queue, and deletes it from a real broker, whose connections must all have ended.
func (r *run) drain() {
	if r.broker != nil {
		for _, in := range r.injected {
			in.Remove() // they outlive a restart
		}
		r.broker.Restart(r.t)
		r.broker.AwaitDisconnected(r.t, "")
	}
	require.NoError(r.t, r.session(r.t.Context(), func(ch *amqp.Channel) error {
		for {
			d, ok, err := ch.Get(r.queue, false)
			if err != nil || !ok {
				return err
			}
			if err := d.Ack(false); err != nil {
				return err
			}
		}
	}))
	if r.broker == nil {
		require.NoError(r.t, r.session(r.t.Context(), func(ch *amqp.Channel) error {
			_, err := ch.QueueDelete(r.queue, false, false, false)
			return err
		}))
	}
}

// around is what has to do with an event: what concerns its message, and what happens on the channels that have had it.
func around(h history.History, at int) string {
	body, channels := h[at].Body, map[[2]int]bool{}
	for _, e := range h {
		if e.Body == body {
			channels[[2]int{e.Connection, int(e.Channel)}] = true
		}
	}
	var s strings.Builder
	for i, e := range h {
		related := channels[[2]int{e.Connection, int(e.Channel)}] || e.Method == nil && channels[[2]int{e.Connection, 1}]
		if e.Body == body || related && i > at-150 && i < at+50 && e.Body == "" {
			fmt.Fprintf(&s, "  %d: %s\n", i, e)
		}
	}
	return s.String()
}
