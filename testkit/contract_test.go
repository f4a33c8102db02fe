package testkit_test

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/wire"
)

// corked is a connection that can keep back what is written, to write it all at
// once: what a client sends before it has heard of anything that went wrong.
type corked struct {
	net.Conn
	mu   sync.Mutex
	kept []byte
	cork bool
}

func (c *corked) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cork {
		c.kept = append(c.kept, b...)
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (c *corked) together(t *testing.T, send func()) {
	set := func(cork bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.cork = cork
	}
	set(true)
	send()
	set(false)
	_, err := c.Write(c.kept)
	require.NoError(t, err)
}

// A connection or channel that a fault ends does nothing more, also not what its
// client had sent already: a delivery is lost before its acknowledgement, always.
func TestNothingCountsAfterTheEnd(t *testing.T) {
	for name, fault := range map[string]testkit.Fault{
		"drop before":             {When: testkit.Before(testkit.BasicDeliver), Do: testkit.DropConnection},
		"drop after":              {When: testkit.After(testkit.BasicDeliver), Do: testkit.DropConnection},
		"tear":                    {When: testkit.Before(testkit.BasicDeliver), Do: testkit.TearFrame},
		"close connection before": {When: testkit.Before(testkit.BasicDeliver), Do: testkit.CloseConnection(320, "enough")},
		"close connection after":  {When: testkit.After(testkit.BasicDeliver), Do: testkit.CloseConnection(320, "enough")},
		"close channel":           {When: testkit.After(testkit.BasicDeliver), Do: testkit.CloseChannel(406, "enough")},
		"drop after the consume":  {When: testkit.After(testkit.BasicConsume), Do: testkit.DropConnection},
		"silent before":           {When: testkit.Before(testkit.BasicDeliver), Do: testkit.GoSilent},
		"silent after":            {When: testkit.After(testkit.BasicDeliver), Do: testkit.GoSilent},
	} {
		for network, options := range map[string][]testkit.Option{"TCP": nil, "in memory": {testkit.InMemory()}} {
			t.Run(name+" "+network, func(t *testing.T) {
				broker := testkit.Start(t, options...)
				broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}, {Name: "results"}}})
				broker.Publish(t, "", "tasks", []byte("hello"))
				fault := broker.Inject(t, fault)
				var line *corked
				config := broker.ClientConfig()
				config.Dial = func(network, address string) (net.Conn, error) {
					conn, err := broker.Dial(network, address)
					line = &corked{Conn: conn}
					return line, err
				}
				conn, err := amqp.DialConfig(broker.URL(), config)
				require.NoError(t, err)
				defer line.Close()
				ch, err := conn.Channel()
				require.NoError(t, err)
				line.together(t, func() {
					_, err := ch.Consume("tasks", "worker", false, false, false, true, nil)
					require.NoError(t, err)
					publish(t, ch, "results", "done")
					require.NoError(t, ch.Ack(1, false))
				})
				require.Equal(t, 1, fault.Await(t))
				line.Close() // if it is not
				broker.AwaitDisconnected(t, "")
				broker.Queue("tasks").CheckCounts(t, testkit.Counts{Ready: 1})
				broker.Queue("results").CheckCounts(t, testkit.Counts{})
				require.Zero(t, broker.History(t).Queue("tasks")[0].Acks())
			})
		}
	}
}

// Before a method of the broker's, the client does not hear of what has happened.
func TestClosedBeforeTheClientHears(t *testing.T) {
	for name, end := range map[string]testkit.Action{
		"connection":         testkit.CloseConnection(320, "enough"),
		"channel":            testkit.CloseChannel(406, "enough"),
		"connection, slowly": testkit.Both(testkit.Delay(time.Millisecond), testkit.CloseConnection(320, "enough")),
	} {
		t.Run(name, func(t *testing.T) {
			broker := testkit.Start(t)
			broker.Declare(t, tasks)
			broker.Publish(t, "", "tasks", []byte("hello"))
			declared := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.QueueDeclareOk), Do: end})
			_, ch := dial(t, broker)
			_, err := ch.QueueDeclare("new", true, false, false, false, nil)
			require.ErrorContains(t, err, "enough")
			require.Equal(t, 1, declared.Strikes())
			require.True(t, broker.Queue("new").Exists(t))

			consumed := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicConsumeOk), Do: end})
			_, ch = dial(t, broker)
			_, err = ch.Consume("tasks", "worker", false, false, false, false, nil)
			require.ErrorContains(t, err, "enough")
			require.Equal(t, 1, consumed.Strikes())

			broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicDeliver), Do: end})
			_, ch = dial(t, broker)
			closed := ch.NotifyClose(make(chan *amqp.Error, 1))
			deliveries, err := ch.Consume("tasks", "worker", false, false, false, false, nil)
			require.NoError(t, err)
			require.Contains(t, (<-closed).Reason, "enough")
			_, ok := <-deliveries
			require.False(t, ok)

			for _, line := range broker.Trace(t) {
				require.NotRegexp(t, `<  (queue.declare-ok|basic.deliver)`, line)
			}
		})
	}
}

// Nothing counts after the end of a handshake, either.
func TestNothingCountsAfterTheEndOfAHandshake(t *testing.T) {
	for name, do := range map[string]testkit.Action{"silent": testkit.GoSilent, "drop": testkit.DropConnection} {
		t.Run(name, func(t *testing.T) {
			broker := testkit.Start(t)
			fault := broker.Inject(t, testkit.Fault{When: testkit.After("connection.start"), Do: do})
			conn, err := broker.Dial("tcp", "")
			require.NoError(t, err)
			login := &wire.ConnectionStartOk{Mechanism: "PLAIN", Response: []byte("\x00guest\x00guest"), Locale: "en_US"}
			_, err = conn.Write(wire.AppendMethodFrame([]byte("AMQP\x00\x00\x09\x01"), 0, login))
			require.NoError(t, err)
			fault.Await(t)
			require.NoError(t, conn.Close())
			broker.Stop(t) // the connection has ended
			for _, line := range broker.Trace(t) {
				require.NotContains(t, line, "connection.start-ok")
			}
		})
	}
}

// A connection can be closed at its very beginning, too.
func TestCloseDuringTheHandshake(t *testing.T) {
	for _, m := range []testkit.Method{"connection.tune", "connection.open-ok", testkit.ConnectionOpen} {
		broker := testkit.Start(t)
		fault := broker.Inject(t, testkit.Fault{When: testkit.Before(m), Do: testkit.CloseConnection(541, "not today")})
		_, err := amqp.DialConfig(broker.URL(), broker.ClientConfig())
		require.Error(t, err, m)
		require.Equal(t, 1, fault.Strikes(), m)
		broker.AwaitDisconnected(t, "")
		dial(t, broker)
	}
}

func TestRemovedFaultStrikesNoMore(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	nack := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicPublish), Do: testkit.NackPublish, Times: testkit.Always})
	_, ch := dial(t, broker)
	require.NoError(t, ch.Confirm(false))
	require.False(t, confirmed(t, ch, "tasks", "x").Wait())
	require.False(t, confirmed(t, ch, "tasks", "x").Wait())
	nack.Remove()
	require.True(t, confirmed(t, ch, "tasks", "x").Wait())
	require.Equal(t, 2, nack.Strikes())
}

func TestFirstFaultWins(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	first := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicPublish), Do: testkit.NackPublish})
	second := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicPublish), Do: testkit.Both(testkit.Delay(time.Millisecond), testkit.NackPublish)})
	_, ch := dial(t, broker)
	require.NoError(t, ch.Confirm(false))
	confirmed(t, ch, "tasks", "x").Wait()
	require.Equal(t, []int{1, 0}, []int{first.Strikes(), second.Strikes()})
	confirmed(t, ch, "tasks", "x").Wait()
	require.Equal(t, []int{1, 1}, []int{first.Strikes(), second.Strikes()})
	require.True(t, confirmed(t, ch, "tasks", "x").Wait())
}

func TestMandatoryPublishesOnly(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	fault := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicPublish).Mandatory(), Do: testkit.NackPublish, Times: testkit.Always})
	require.Equal(t, "before basic.publish, mandatory: nack the publish", fault.String())
	_, ch := dial(t, broker)
	require.NoError(t, ch.Confirm(false))
	require.True(t, confirmed(t, ch, "tasks", "hello").Wait())
	c, err := ch.PublishWithDeferredConfirm("", "tasks", true, false, amqp.Publishing{})
	require.NoError(t, err)
	require.False(t, c.Wait())
	require.Equal(t, 1, fault.Strikes())
}

func TestFaultsThatMakeNoSense(t *testing.T) {
	for _, test := range []struct {
		fault testkit.Fault
		want  string
	}{
		{testkit.Fault{Do: testkit.DropConnection}, "testkit: fault without a method: begin When with Before or After"},
		{testkit.Fault{When: testkit.Before(testkit.BasicAck)}, "testkit: fault before basic.ack without an action in Do"},
		{testkit.Fault{When: testkit.After(testkit.BasicPublish), Do: testkit.NackPublish},
			"testkit: fault after basic.publish: can nack the publish only before it"},
		{testkit.Fault{When: testkit.Before(testkit.BasicAck).From("q"), Do: testkit.ReturnPublish},
			`testkit: fault before basic.ack from "q": cannot return the message there`},
		{testkit.Fault{When: testkit.Before(testkit.BasicAck).Mandatory(), Do: testkit.DropConnection},
			`testkit: fault before basic.ack, mandatory: only a publishing is mandatory`},
		{testkit.Fault{When: testkit.Before("basic.eat"), Do: testkit.DropConnection}, `testkit: fault before basic.eat: there is no method "basic.eat"`},
		{testkit.Fault{When: testkit.Before(testkit.Dial), Do: testkit.Delay(1)}, `testkit: fault before dial: cannot delay by 1ns there`},
		{testkit.Fault{When: testkit.Before(testkit.ConnectionOpen), Do: testkit.CloseChannel(406, "no")},
			`testkit: fault before connection.open: cannot close the channel with 406 "no", there is no channel yet`},
		{testkit.Fault{When: testkit.Before(testkit.BasicAck), Do: testkit.TearFrame}, `testkit: fault before basic.ack: only what the broker sends can be torn`},
	} {
		f := &fakeT{T: t}
		broker := testkit.Start(f)
		f.try(func() { broker.Inject(f, test.fault) })
		if diff := cmp.Diff(test.want, f.text()); diff != "" {
			t.Errorf("message (-want +got):\n%s", diff)
		}
		f.end()
	}
}

func TestPublishBeforeItsExchangeIsThere(t *testing.T) {
	f := &fakeT{T: t}
	broker := testkit.Start(f)
	f.try(func() { broker.Publish(f, "test-exchange", "redpill", nil) })
	require.Equal(t, `testkit: publish with routing key "redpill": there is no exchange "test-exchange". `+
		`If the code under test declares it, wait for that first, as with Queue(…).AwaitConsumers; or Declare it`, f.text())
	f.end()
}

func TestAwaitSaysThatAFaultDidNotStrike(t *testing.T) {
	f := &fakeT{T: t}
	broker := testkit.Start(f)
	fault := broker.Inject(f, testkit.Fault{When: testkit.Before(testkit.BasicAck).Nth(2), Do: testkit.DropConnection})
	f.try(func() { fault.Await(testkit.WithContext(f, cancelled(t))) })
	require.Contains(t, f.text(), `waited for the fault "before basic.ack, number 2: drop the connection" to strike 1 time, which did not happen before the context ended (context canceled): it struck 0 times, and its place was reached 0 times`)
	f.end()
}

// After a method means that the function finds its effect.
func TestRunAfter(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	counts := make(chan int, 100)
	broker.Inject(t, testkit.Fault{When: testkit.After(testkit.BasicPublish), Times: testkit.Always,
		Do: testkit.Call(func() { counts <- broker.Queue("tasks").Ready(t) })})
	connected := make(chan bool, 1)
	broker.Inject(t, testkit.Fault{When: testkit.After(testkit.ConnectionOpen), Do: testkit.Call(func() { connected <- true })})
	_, ch := dial(t, broker)
	require.True(t, <-connected)
	for i := range 100 {
		publish(t, ch, "tasks", "hello")
		require.Greater(t, <-counts, i)
	}
}
