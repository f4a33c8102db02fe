package testkit_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/worker"
)

func TestTaskSurvivesLostConnection(t *testing.T) {
	broker := testkit.Start(t)
	lost := broker.Inject(t, testkit.Fault{
		When: testkit.Before(testkit.BasicAck).From("test-queue1"),
		Do:   testkit.DropConnection,
	})
	go worker.Run(t.Context(), broker.URL(), worker.WithBackoff(time.Millisecond, time.Millisecond))
	broker.Queue("test-queue1").AwaitConsumers(t, 1)
	broker.Publish(t, "test-exchange", "redpill", []byte(`{"limit": 1112}`))

	require.Equal(t, 1, lost.Await(t))
	broker.Queue("results").Take(t, 2) // the work was done twice, as its first acknowledgement was lost
	broker.AwaitIdle(t)
	history := broker.History(t).Queue("test-queue1")
	require.Equal(t, 2, history[0].Deliveries())
	require.Equal(t, 1, history[0].Acks())
}

func TestDropBeforeAndAfterPublish(t *testing.T) {
	for _, when := range []struct {
		name    string
		when    testkit.When
		arrives int
	}{
		{"before", testkit.Before(testkit.BasicPublish), 0},
		{"after", testkit.After(testkit.BasicPublish), 1},
	} {
		t.Run(when.name, func(t *testing.T) {
			broker := testkit.Start(t)
			broker.Declare(t, tasks)
			conn, ch := dial(t, broker)
			require.NoError(t, ch.Confirm(false))
			fault := broker.Inject(t, testkit.Fault{When: when.when.Key("tasks"), Do: testkit.DropConnection})
			closed := conn.NotifyClose(make(chan *amqp.Error, 1))
			confirm := confirmed(t, ch, "tasks", "hello")
			<-closed
			<-confirm.Done()
			require.False(t, confirm.Acked(), "the confirm never arrived")
			require.Equal(t, 1, fault.Strikes())
			broker.AwaitDisconnected(t, "")
			require.Equal(t, when.arrives, broker.Queue("tasks").Ready(t))
		})
	}
}

func TestDeliveryLostBeforeItsAck(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	broker.Inject(t, testkit.Fault{When: testkit.After(testkit.BasicDeliver).From("tasks"), Do: testkit.DropConnection})
	_, ch := dial(t, broker)
	deliveries := consume(t, ch, "tasks", "worker")
	broker.Publish(t, "", "tasks", []byte("hello"))
	for range deliveries { // the client may see it, or have been too slow
	}
	require.Equal(t, 1, broker.History(t).Queue("tasks")[0].Deliveries())
	require.True(t, broker.Queue("tasks").Take(t, 1)[0].Redelivered)
}

func TestTearFrame(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicDeliver), Do: testkit.TearFrame})
	_, ch := dial(t, broker)
	deliveries := consume(t, ch, "tasks", "worker")
	broker.Publish(t, "", "tasks", []byte(strings.Repeat("x", 1000)))
	_, ok := <-deliveries
	require.False(t, ok)
	broker.Queue("tasks").AwaitReady(t, 1)
}

func TestCloseChannel(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	_, ch := dial(t, broker)
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	for _, at := range []testkit.When{testkit.Before(testkit.BasicPublish), testkit.After(testkit.BasicDeliver)} {
		broker.Inject(t, testkit.Fault{When: at, Do: testkit.CloseChannel(406, "what a mess")})
	}
	publish(t, ch, "tasks", "hello")
	err := <-closed
	require.Equal(t, 406, err.Code)
	require.Equal(t, "PRECONDITION_FAILED - what a mess", err.Reason)
	require.Zero(t, broker.Queue("tasks").Ready(t))

	_, ch = dial(t, broker)
	closed = ch.NotifyClose(make(chan *amqp.Error, 1))
	consume(t, ch, "tasks", "worker")
	broker.Publish(t, "", "tasks", []byte("hello"))
	require.Equal(t, 406, (<-closed).Code)
	require.True(t, broker.Queue("tasks").AwaitReady(t, 1)[0].Redelivered)
}

func TestCloseConnection(t *testing.T) {
	for _, m := range []testkit.Method{testkit.QueueDeclare, testkit.QueueDeclareOk} {
		t.Run(string(m), func(t *testing.T) {
			broker := testkit.Start(t)
			conn, ch := dial(t, broker)
			closed := conn.NotifyClose(make(chan *amqp.Error, 1))
			broker.Inject(t, testkit.Fault{When: testkit.Before(m), Do: testkit.CloseConnection(320, "maintenance")})
			_, _ = ch.QueueDeclare("q", false, false, false, false, nil)
			err := <-closed
			require.Equal(t, 320, err.Code)
			require.Equal(t, "CONNECTION_FORCED - maintenance", err.Reason)
			broker.AwaitDisconnected(t, "client")
		})
	}
}

func TestRefuseDials(t *testing.T) {
	for name, options := range map[string][]testkit.Option{"TCP": nil, "in memory": {testkit.InMemory()}} {
		t.Run(name, func(t *testing.T) {
			broker := testkit.Start(t, options...)
			refused := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Dial), Do: testkit.Refuse, Times: 5})
			for range 5 {
				_, err := amqp.DialConfig(broker.URL(), broker.ClientConfig())
				require.Error(t, err)
			}
			require.Equal(t, 5, refused.Await(t))
			dial(t, broker)
		})
	}
}

func TestRefuseLogin(t *testing.T) {
	broker := testkit.Start(t)
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Login), Do: testkit.RefuseLogin})
	_, err := amqp.DialConfig(broker.URL(), broker.ClientConfig())
	require.ErrorIs(t, err, amqp.ErrCredentials)
	dial(t, broker)
}

func TestNackThirdPublish(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicPublish).Nth(3), Do: testkit.NackPublish})
	_, ch := dial(t, broker)
	require.NoError(t, ch.Confirm(false))
	var acked []bool
	for range 4 {
		acked = append(acked, confirmed(t, ch, "tasks", "hello").Wait())
	}
	require.Equal(t, []bool{true, true, false, true}, acked)
	require.Equal(t, 3, broker.Queue("tasks").Ready(t))
}

func TestReturnPublish(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicPublish), Do: testkit.ReturnPublish})
	_, ch := dial(t, broker)
	returns := ch.NotifyReturn(make(chan amqp.Return, 1))
	require.NoError(t, ch.Confirm(false))
	require.True(t, confirmed(t, ch, "tasks", "hello").Wait())
	r := <-returns
	require.EqualValues(t, 312, r.ReplyCode)
	require.Equal(t, "hello", string(r.Body))
	require.Zero(t, broker.Queue("tasks").Ready(t))
}

func TestWithholdConfirm(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	withheld := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Confirm).Key("tasks"), Do: testkit.Withhold})
	_, ch := dial(t, broker)
	require.NoError(t, ch.Confirm(false))
	first := confirmed(t, ch, "tasks", "1")
	require.True(t, confirmed(t, ch, "tasks", "2").Wait())
	require.False(t, first.Acked())
	require.Equal(t, 1, withheld.Strikes())
	require.Equal(t, 2, broker.Queue("tasks").Ready(t))
}

// confirms returns the confirms of a channel in the order of their coming.
func confirms(ch *amqp.Channel, n int) func() []uint64 {
	notify := ch.NotifyPublish(make(chan amqp.Confirmation, n))
	return func() (tags []uint64) {
		for range n {
			tags = append(tags, (<-notify).DeliveryTag)
		}
		return tags
	}
}

func TestConfirmsInBatchesAndInReverse(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	batches := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Confirm), Do: testkit.ConfirmInBatches(3), Times: testkit.Always})
	_, ch := dial(t, broker)
	require.NoError(t, ch.Confirm(false))
	got := confirms(ch, 4)
	for range 4 {
		publish(t, ch, "tasks", "x")
	}
	batches.AwaitStrikes(t, 4)
	batches.Remove() // the fourth is waiting for two more
	require.Equal(t, []uint64{1, 2, 3, 4}, got())
	require.Equal(t, []string{"basic.ack delivery-tag=3 multiple", "basic.ack delivery-tag=4 multiple"}, acksSent(t, broker))

	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Confirm), Do: testkit.ConfirmInReverse(3)})
	_, ch = dial(t, broker)
	require.NoError(t, ch.Confirm(false))
	var confirmations []*amqp.DeferredConfirmation
	for range 3 {
		confirmations = append(confirmations, confirmed(t, ch, "tasks", "x"))
	}
	for _, c := range confirmations {
		require.True(t, c.Wait())
	}
	require.Equal(t, []string{"basic.ack delivery-tag=3", "basic.ack delivery-tag=2", "basic.ack delivery-tag=1"}, acksSent(t, broker)[2:])
}

// acksSent returns the confirms that the trace shows as sent.
func acksSent(t *testing.T, broker *testkit.Broker) (sent []string) {
	for _, line := range broker.Trace(t) {
		if i := strings.Index(line, "basic.ack "); i >= 0 && strings.Contains(line, "  <  ") {
			sent = append(sent, line[i:])
		}
	}
	return sent
}

func TestPostponedConfirmIsOvertaken(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Confirm), Do: testkit.Postpone(50 * time.Millisecond)})
	_, ch := dial(t, broker)
	require.NoError(t, ch.Confirm(false))
	first := confirmed(t, ch, "tasks", "1")
	require.True(t, confirmed(t, ch, "tasks", "2").Wait())
	require.True(t, first.Wait())
}

func TestCancelConsumer(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	broker.Inject(t, testkit.Fault{When: testkit.After(testkit.BasicDeliver).Consumer("worker"), Do: testkit.CancelConsumer})
	_, ch := dial(t, broker)
	cancelled := ch.NotifyCancel(make(chan string, 1))
	deliveries := consume(t, ch, "tasks", "worker")
	broker.Publish(t, "", "tasks", []byte("hello"))
	d := <-deliveries
	require.Equal(t, "worker", <-cancelled)
	require.NoError(t, d.Ack(false), "what was delivered can still be settled")
	broker.AwaitIdle(t)
	require.Zero(t, broker.Queue("tasks").Consumers(t))
}

func TestRedeliver(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	broker.Inject(t, testkit.Fault{When: testkit.After(testkit.BasicDeliver), Do: testkit.Redeliver})
	_, ch := dial(t, broker)
	deliveries := consume(t, ch, "tasks", "worker")
	broker.Publish(t, "", "tasks", []byte("hello"))
	first, second := <-deliveries, <-deliveries
	require.False(t, first.Redelivered)
	require.True(t, second.Redelivered)
	require.NoError(t, first.Ack(false)) // has no effect
	require.NoError(t, second.Ack(false))
	broker.AwaitIdle(t)
	require.False(t, ch.IsClosed())
	m := broker.History(t).Queue("tasks")[0]
	require.Equal(t, 2, m.Deliveries())
	require.Equal(t, 1, m.Acks())
}

func TestRedeliverWhatIsAcked(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicAck), Do: testkit.Redeliver})
	_, ch := dial(t, broker)
	deliveries := consume(t, ch, "tasks", "worker")
	broker.Publish(t, "", "tasks", []byte("hello"))
	require.NoError(t, (<-deliveries).Ack(false))
	second := <-deliveries
	require.True(t, second.Redelivered)
	require.NoError(t, second.Ack(false))
	broker.AwaitIdle(t)
}

func TestDeliverTwice(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicDeliver), Do: testkit.DeliverTwice})
	_, ch := dial(t, broker)
	deliveries := consume(t, ch, "tasks", "worker")
	broker.Publish(t, "", "tasks", []byte("hello"))
	first, second := <-deliveries, <-deliveries
	require.False(t, first.Redelivered)
	require.True(t, second.Redelivered)
	require.NoError(t, first.Ack(false))
	require.NoError(t, second.Ack(false))
	broker.AwaitIdle(t)
	require.Equal(t, 2, broker.History(t).Queue("tasks")[0].Acks())
}

func TestBothDoTheirDeeds(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	seen := make(chan int, 1)
	broker.Inject(t, testkit.Fault{When: testkit.After(testkit.BasicDeliver), Do: testkit.Both(
		testkit.Both(testkit.DeliverTwice, testkit.CancelConsumer),
		testkit.Call(func() { seen <- broker.Queue("tasks").Unacked(t) }),
	)})
	_, ch := dial(t, broker)
	cancelled := ch.NotifyCancel(make(chan string, 1))
	deliveries := consume(t, ch, "tasks", "worker")
	broker.Publish(t, "", "tasks", []byte("hello"))
	require.Equal(t, 2, <-seen)
	require.NoError(t, (<-deliveries).Ack(false))
	require.NoError(t, (<-deliveries).Ack(false))
	require.Equal(t, "worker", <-cancelled)
}

func TestWithholdRequest(t *testing.T) {
	for name, test := range map[string]struct {
		when   testkit.When
		exists bool
	}{
		"before": {testkit.Before(testkit.QueueDeclare), false},
		"after":  {testkit.After(testkit.QueueDeclare), true},
	} {
		t.Run(name, func(t *testing.T) {
			broker := testkit.Start(t)
			conn, ch := dial(t, broker)
			fault := broker.Inject(t, testkit.Fault{When: test.when.From("q"), Do: testkit.Withhold})
			failed := make(chan error)
			go func() {
				_, err := ch.QueueDeclare("q", false, false, false, false, nil)
				failed <- err
			}()
			fault.Await(t)
			require.NoError(t, conn.Close())
			require.Error(t, <-failed)
			require.Equal(t, test.exists, broker.Queue("q").Exists(t))
		})
	}
}

func TestPredicateAndConnectionName(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	fault := broker.Inject(t, testkit.Fault{
		When: testkit.Before(testkit.BasicPublish).By("client").If(func(c testkit.Command) bool { return string(c.Body) == "poison" }),
		Do:   testkit.CloseChannel(541, "no"),
	})
	other := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicPublish).By("somebody else"), Do: testkit.DropConnection})
	_, ch := dial(t, broker)
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	publish(t, ch, "tasks", "food")
	publish(t, ch, "tasks", "poison")
	require.Equal(t, 541, (<-closed).Code)
	require.Equal(t, 1, fault.Strikes())
	require.Zero(t, other.Strikes())
	require.Equal(t, 1, broker.Queue("tasks").Ready(t))
}

func TestRunFunction(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	broker.Inject(t, testkit.Fault{When: testkit.After(testkit.BasicPublish), Do: testkit.Call(func() { broker.Restart(t) })})
	conn, ch := dial(t, broker)
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	publish(t, ch, "tasks", "hello")
	require.Equal(t, 320, (<-closed).Code)
	for { // it is coming up
		conn, err := amqp.Dial(broker.URL())
		if err == nil {
			require.NoError(t, conn.Close())
			break
		}
		require.False(t, errors.Is(err, io.ErrNoProgress))
	}
	require.Equal(t, 1, broker.Queue("tasks").Ready(t))
}
