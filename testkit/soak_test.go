package testkit_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

var soakFor = flag.Duration("soak", 2*time.Second, "how long TestSoak goes on")

// TestSoak has producers and consumers work on classic queues, quorum queues and a stream, while connections are dropped,
// the broker restarted, killed and paused, alarms raised and queues deleted. In rounds: after each, everything comes to
// rest, every confirmed message must have been consumed, and neither goroutines nor memory may have grown. The books are
// checked all the while.
//
//	go test -race ./testkit -run TestSoak -soak 15m -timeout 20m -v
func TestSoak(t *testing.T) {
	length := min(max(*soakFor/2, time.Second), 10*time.Second)
	s := &soak{t: t, broker: testkit.Start(t, testkit.WithPatience(time.Minute)), ledger: make(map[string]soakState), chance: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))}
	s.declare()
	var first soakSize
	for began, round := time.Now(), 1; time.Since(began) < *soakFor; round++ {
		s.round(length)
		if t.Failed() {
			return
		}
		size := measureSoak()
		if round <= 2 { // buffers and the history fill
			first = size
		}
		t.Logf("round %d: %d messages confirmed and consumed, %d of unknown outcome, %d faults so far; %s", round, s.confirmed, s.unknown, s.faults, size)
		require.LessOrEqual(t, size.goroutines, first.goroutines+4, "goroutines")
		require.LessOrEqual(t, size.heap, first.heap+first.heap/4+8<<20, "bytes of heap")
	}
	require.Positive(t, s.confirmed)
	require.Positive(t, s.faults)
}

// soak is what a soak counts.
type soak struct {
	t      *testing.T
	broker *testkit.Broker
	chance *rand.Rand

	injected  []*testkit.Injected
	faults    int
	confirmed int
	unknown   int
	published int
	offset    int64 // of the stream, to be read next

	mu sync.Mutex
	// guarded by mu, as are those above that clients change
	ledger map[string]soakState // of messages that are on their way
}

type soakState struct{ confirmed, consumed bool }

type soakSize struct {
	goroutines int
	heap       uint64
}

func (s soakSize) String() string {
	return fmt.Sprintf("%d goroutines, %.1f MiB", s.goroutines, float64(s.heap)/(1<<20))
}

func measureSoak() soakSize {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return soakSize{runtime.NumGoroutine(), m.HeapAlloc}
}

// soakQueues are the queues whose messages are accounted for, with their types.
var soakQueues = map[string]string{"classic-1": "classic", "classic-2": "classic", "quorum-1": "quorum", "quorum-2": "quorum", "stream": "stream"}

var soakNames = []string{"classic-1", "classic-2", "quorum-1", "quorum-2", "stream"}

func (s *soak) declare() {
	var topology testkit.Topology
	for _, name := range soakNames {
		arguments := amqp.Table{"x-queue-type": soakQueues[name]}
		switch soakQueues[name] {
		case "quorum":
			arguments["x-delivery-limit"] = 1_000_000
		case "stream":
			arguments["x-max-length-bytes"], arguments["x-stream-max-segment-size-bytes"] = 4<<20, 500_000
		}
		topology.Queues = append(topology.Queues, testkit.Queue{Name: name, Arguments: arguments})
	}
	s.broker.Declare(s.t, topology)
}

// round works for a while and then lets everything come to rest.
func (s *soak) round(length time.Duration) {
	producing, stopProducing := context.WithTimeout(s.t.Context(), length)
	defer stopProducing()
	consuming, stopConsuming := context.WithCancel(s.t.Context())
	defer stopConsuming()
	var producers, others sync.WaitGroup
	for range 3 {
		producers.Go(func() { s.again(producing, s.produce) })
	}
	for _, name := range soakNames {
		consume := func(ctx context.Context, ch *amqp.Channel) error { return s.consume(ctx, ch, name) }
		if name == "stream" {
			consume = s.read
		} else {
			others.Go(func() { s.again(consuming, consume) })
		}
		others.Go(func() { s.again(consuming, consume) })
	}
	producers.Go(func() { s.again(producing, churn) })
	s.breakThings(producing)
	producers.Wait()
	s.mend()
	s.settleDown()
	stopConsuming()
	others.Wait()
	s.broker.AwaitDisconnected(s.t, "")
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, state := range s.ledger {
		if state.confirmed {
			s.t.Errorf("message %q was confirmed and is not consumed", id)
		}
	}
	clear(s.ledger)
}

// again calls f with a new connection each time until there is no more time.
func (s *soak) again(ctx context.Context, f func(ctx context.Context, ch *amqp.Channel) error) {
	for ctx.Err() == nil {
		config := s.broker.ClientConfig()
		config.Heartbeat = time.Second
		conn, err := amqp.DialConfig(s.broker.URL(), config)
		if err != nil {
			pause(ctx, 10*time.Millisecond) // the broker is being restarted
			continue
		}
		if ch, err := conn.Channel(); err == nil {
			broken := ch.NotifyClose(make(chan *amqp.Error, 1))
			inner, cancel := context.WithCancel(ctx)
			watched := make(chan struct{})
			go func() {
				defer close(watched)
				select {
				case <-broken:
					cancel()
				case <-inner.Done():
				}
			}()
			_ = f(inner, ch)
			cancel()
			<-watched
		}
		conn.Close()
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// produce publishes ten messages at a time and waits for their confirms.
func (s *soak) produce(ctx context.Context, ch *amqp.Channel) error {
	if err := ch.Confirm(false); err != nil {
		return err
	}
	for ctx.Err() == nil {
		ids, confirms := make([]string, 0, 10), make([]*amqp.DeferredConfirmation, 0, 10)
		var failed error
		for i := range 10 {
			id := s.register()
			c, err := ch.PublishWithDeferredConfirm("", soakNames[i%len(soakNames)], true, false, amqp.Publishing{DeliveryMode: amqp.Persistent, MessageId: id, Body: []byte(id)})
			if err != nil {
				s.settled(id, false)
				failed = err
				break
			}
			ids, confirms = append(ids, id), append(confirms, c)
		}
		for i, c := range confirms {
			ok, err := c.WaitContext(ctx)
			s.settled(ids[i], ok && err == nil)
		}
		if failed != nil {
			return failed
		}
	}
	return ctx.Err()
}

// register gives a message a name before it is published.
func (s *soak) register() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.published++
	id := fmt.Sprintf("message %d", s.published)
	s.ledger[id] = soakState{}
	return id
}

// settled notes whether a message is confirmed. One that is not may be in its queue or not.
func (s *soak) settled(id string, confirmed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.ledger[id]
	if !confirmed {
		s.unknown++
		delete(s.ledger, id)
		return
	}
	s.confirmed++
	if state.confirmed = true; state.consumed {
		delete(s.ledger, id)
		return
	}
	s.ledger[id] = state
}

// consumed notes that a message has been consumed, for the first time or again.
func (s *soak) consumed(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state, known := s.ledger[id]
	if !known {
		return
	}
	if state.consumed = true; state.confirmed {
		delete(s.ledger, id)
		return
	}
	s.ledger[id] = state
}

// consume acknowledges most of what comes and gives some of it back.
func (s *soak) consume(ctx context.Context, ch *amqp.Channel, queue string) error {
	if err := ch.Qos(20, 0, false); err != nil {
		return err
	}
	deliveries, err := ch.Consume(queue, "", false, false, false, false, nil)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case d, ok := <-deliveries:
			if !ok {
				return amqp.ErrClosed
			}
			if n%13 == 12 {
				err = d.Reject(true)
			} else {
				s.consumed(string(d.Body))
				err = d.Ack(false)
			}
			if err != nil {
				return err
			}
		}
	}
}

// read reads the stream on from where it was.
func (s *soak) read(ctx context.Context, ch *amqp.Channel) error {
	if err := ch.Qos(100, 0, false); err != nil {
		return err
	}
	s.mu.Lock()
	from := s.offset
	s.mu.Unlock()
	deliveries, err := ch.Consume("stream", "", false, false, false, false, amqp.Table{"x-stream-offset": from})
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case d, ok := <-deliveries:
			if !ok {
				return amqp.ErrClosed
			}
			s.consumed(string(d.Body))
			offset, _ := d.Headers["x-stream-offset"].(int64)
			s.mu.Lock()
			s.offset = max(s.offset, offset+1)
			s.mu.Unlock()
			if err := d.Ack(false); err != nil {
				return err
			}
		}
	}
}

// churn makes and deletes queues with messages and consumers in them.
func churn(ctx context.Context, ch *amqp.Channel) error {
	for n := 0; ctx.Err() == nil; n++ {
		kind := []string{"classic", "quorum", "stream"}[n%3]
		q, err := ch.QueueDeclare("churn-"+kind, true, false, false, false, amqp.Table{"x-queue-type": kind})
		if err != nil {
			return err
		}
		exclusive, err := ch.QueueDeclare("", false, true, true, false, nil)
		if err != nil {
			return err
		}
		for _, name := range []string{q.Name, exclusive.Name} {
			if err := ch.QueueBind(name, "churn", "amq.topic", false, nil); err != nil {
				return err
			}
		}
		for range 5 {
			if err := ch.Publish("amq.topic", "churn", false, false, amqp.Publishing{Body: make([]byte, 1000)}); err != nil {
				return err
			}
		}
		if _, _, err := ch.Get(exclusive.Name, false); err != nil {
			return err
		}
		if _, err := ch.QueueDelete(q.Name, false, false, false); err != nil {
			return err
		}
		if _, err := ch.QueueDelete(exclusive.Name, false, false, false); err != nil {
			return err
		}
	}
	return ctx.Err()
}
