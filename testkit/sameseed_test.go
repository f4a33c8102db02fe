package testkit_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// sameSeed runs clients under the chaos of one seed and returns every method that
// passed and what became of every message.
func sameSeed(t *testing.T, seed uint64, clients func(t *testing.T, broker *testkit.Broker) (end func())) (run string) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}, {Name: "results"}}})
		misfortunes := broker.Chaos(t, seed)
		end := clients(t, broker)
		synctest.Wait()
		run = fmt.Sprintf("%s\n%s\n%s", strings.Join(broker.Trace(t), "\n"), broker.History(t), misfortunes)
		end() // all at once
	})
	return run
}

// The same seed is the same run, to the last method and millisecond, if each of the
// clients does one thing after the other, and no two things are due at the same
// moment: what goes on at once has no order.
func TestSameSeedSameRun(t *testing.T) {
	for name, clients := range map[string]func(t *testing.T, broker *testkit.Broker) (end func()){
		"publisher": func(t *testing.T, broker *testkit.Broker) func() {
			for i := range 40 {
				publishOnce(broker, fmt.Sprint("message ", i))
				time.Sleep(3*time.Second + 100*time.Microsecond) // never at the moment of a misfortune
			}
			return func() {}
		},
		"worker":  func(t *testing.T, broker *testkit.Broker) func() { return workInTurn(t, broker, 1) },
		"workers": func(t *testing.T, broker *testkit.Broker) func() { return workInTurn(t, broker, 3) },
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(map[string]uint64)
			for seed := range uint64(20) {
				first, second := sameSeed(t, seed, clients), sameSeed(t, seed, clients)
				if diff := cmp.Diff(strings.Split(first, "\n"), strings.Split(second, "\n")); diff != "" {
					t.Fatalf("seed %d is two different runs (-first +second):\n%s", seed, diff)
				}
				other, known := seen[first]
				require.False(t, known, "seeds %d and %d are the same run", seed, other)
				seen[first] = seed
			}
		})
	}
}

// publishOnce connects, publishes, waits for the confirm and hangs up.
func publishOnce(broker *testkit.Broker, body string) {
	conn, err := amqp.DialConfig(broker.URL(), broker.ClientConfig())
	if err != nil {
		return
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil || ch.Confirm(false) != nil {
		return
	}
	confirm, err := ch.PublishWithDeferredConfirm("", "tasks", false, false, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte(body)})
	if err != nil {
		return
	}
	<-confirm.Done()
}

// workInTurn has n workers, each with a rhythm of its own, do what the test
// publishes.
func workInTurn(t *testing.T, broker *testkit.Broker, n int) (end func()) {
	stop := make(chan struct{})
	var workers sync.WaitGroup
	for i := range n {
		rhythm := time.Second + time.Duration((i*i+1)*1_009_973)
		workers.Go(func() {
			for {
				workOnce(broker, stop, rhythm)
				select {
				case <-stop:
					return
				case <-time.After(rhythm):
				}
			}
		})
		synctest.Wait()
	}
	for i := range 20 {
		time.Sleep(5*time.Second + 100*time.Microsecond)
		broker.Publish(t, "", "tasks", fmt.Append(nil, i))
	}
	broker.Queue("tasks").AwaitIdle(t)
	require.NotEmpty(t, broker.Queue("results").Messages(t))
	return func() {
		close(stop)
		workers.Wait()
	}
}

// workOnce works until it is told to stop or something goes wrong.
func workOnce(broker *testkit.Broker, stop <-chan struct{}, takes time.Duration) {
	conn, err := amqp.DialConfig(broker.URL(), broker.ClientConfig())
	if err != nil {
		return
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil || ch.Confirm(false) != nil || ch.Qos(1, 0, false) != nil {
		return
	}
	deliveries, err := ch.Consume("tasks", "worker", false, false, false, false, nil)
	if err != nil {
		return
	}
	for {
		select {
		case d, ok := <-deliveries:
			if !ok {
				return
			}
			time.Sleep(takes)
			confirm, err := ch.PublishWithDeferredConfirm("", "results", false, false, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: d.Body})
			if err != nil || !confirm.Wait() || d.Ack(false) != nil {
				return
			}
		case <-stop:
			return
		}
	}
}
