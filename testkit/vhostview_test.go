package testkit_test

import (
	"strings"
	"sync"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// ordersOnly declares the queue tasks in the virtual host "orders" only.
func ordersOnly(t testkit.Test) *testkit.Broker {
	broker := testkit.Start(t, testkit.WithVHost("orders"))
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{VHost: "orders", Name: "tasks"}}})
	return broker
}

func TestQueueInTheWrongVirtualHostIsPointedOutAnywhere(t *testing.T) {
	for name, try := range map[string]func(t testkit.T, q testkit.QueueView){
		"CheckCounts":      func(t testkit.T, q testkit.QueueView) { q.CheckCounts(t, testkit.Counts{}) },
		"CheckBodies":      func(t testkit.T, q testkit.QueueView) { q.CheckBodies(t) },
		"Ready":            func(t testkit.T, q testkit.QueueView) { q.Ready(t) },
		"Messages":         func(t testkit.T, q testkit.QueueView) { q.Messages(t) },
		"ConsumerList":     func(t testkit.T, q testkit.QueueView) { q.Consumers(t) },
		"AwaitIdle":        func(t testkit.T, q testkit.QueueView) { q.AwaitIdle(t) },
		"AwaitNoConsumers": func(t testkit.T, q testkit.QueueView) { q.AwaitNoConsumers(t) },
		"AwaitReady":       func(t testkit.T, q testkit.QueueView) { q.AwaitReady(t, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeT{T: t}
			broker := ordersOnly(f)
			bounded := testkit.WithContext(f, cancelled(t))
			if onReal() {
				bounded = f // whose waits take their time
			}
			f.try(func() { try(bounded, broker.Queue("tasks")) })
			require.True(t, f.Failed())
			require.Contains(t, f.text(), `no queue "tasks" in virtual host "/"; there is one in "orders"`)
			f.end()
		})
	}
}

func TestAwaitGoneOfAQueueThatAnotherVirtualHostHas(t *testing.T) {
	broker := ordersOnly(t)
	broker.Queue("tasks").AwaitGone(t)
	require.False(t, broker.Queue("tasks").Exists(t))
}

func TestVirtualHostThatIsNotThere(t *testing.T) {
	for name, try := range map[string]func(t testkit.T, v testkit.VHostView){
		"AwaitIdle":         func(t testkit.T, v testkit.VHostView) { v.AwaitIdle(t) },
		"AwaitDisconnected": func(t testkit.T, v testkit.VHostView) { v.AwaitDisconnected(t, "") },
		"CheckIdle":         func(t testkit.T, v testkit.VHostView) { v.CheckIdle(t) },
		"CheckTopology":     func(t testkit.T, v testkit.VHostView) { v.CheckTopology(t, testkit.Topology{}) },
		"Ready":             func(t testkit.T, v testkit.VHostView) { v.Queue("tasks").Ready(t) },
		"Declare":           func(t testkit.T, v testkit.VHostView) { v.Declare(t, tasks) },
		"Publish":           func(t testkit.T, v testkit.VHostView) { v.Publish(t, "", "tasks", nil) },
		"AwaitNoConsumers":  func(t testkit.T, v testkit.VHostView) { v.Queue("tasks").AwaitNoConsumers(t) },
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeT{T: t}
			broker := ordersOnly(f)
			f.try(func() { try(testkit.WithContext(f, cancelled(t)), broker.VHost("order")) })
			require.Contains(t, f.text(), `no virtual host "order"; there is "/", "orders"`)
			f.end()
		})
	}
}

// A wait begins before its virtual host is there, and hears of its end.
func TestWaitsFollowVirtualHosts(t *testing.T) {
	broker := testkit.Start(t, testkit.WithManagement())
	var waits sync.WaitGroup
	waits.Go(func() { broker.VHost("late").Queue("tasks").AwaitReady(t, 1) })
	broker.ImportDefinitions(t, []byte(`{"vhosts": [{"name": "late"}], "queues": [{"vhost": "late", "name": "tasks", "durable": true}]}`))
	broker.VHost("late").Publish(t, "", "tasks", []byte("hello"))
	waits.Wait()
	waits.Go(func() { broker.AwaitIdle(t) })
	waits.Go(func() { broker.VHost("late").Queue("tasks").AwaitGone(t) })
	request(t, broker, "DELETE", "/api/vhosts/late")
	waits.Wait()
	require.False(t, broker.VHost("late").Exists(t))
}

// A message that moves from one virtual host to another is always in one of them.
func TestIdleIsTrueOfAllVirtualHostsAtOnce(t *testing.T) {
	broker := testkit.Start(t, testkit.WithVHost("a"), testkit.WithVHost("b"))
	hosts := []testkit.VHostView{broker.VHost("a"), broker.VHost("b")}
	var waits sync.WaitGroup
	for range 100 {
		hosts[0].Declare(t, tasks)
		hosts[1].Declare(t, tasks)
		hosts[0].Publish(t, "", "tasks", []byte("hello"))
		arrived := make(chan struct{})
		waits.Go(func() {
			broker.AwaitIdle(t)
			select {
			case <-arrived:
			default:
				t.Error("idle while a message was on its way")
			}
		})
		for i := range 10 { // it is there before it is gone here
			hosts[(i+1)%2].Publish(t, "", "tasks", []byte("hello"))
			hosts[i%2].Queue("tasks").Take(t, 1)
		}
		close(arrived)
		hosts[0].Queue("tasks").Take(t, 1)
		waits.Wait()
	}
}

func TestFailingTestReportsEveryVirtualHost(t *testing.T) {
	f := &fakeT{T: t}
	broker := ordersOnly(f)
	broker.VHost("orders").Publish(f, "", "tasks", []byte("forgotten"))
	f.Errorf("it fails")
	f.end()
	require.Contains(t, f.text(), `virtual host "/":
  no queues
  no connections
virtual host "orders":
  queue "tasks": 1 ready, 0 unacked, 0 consumers
    message from exchange "" with routing key "tasks": "forgotten"`)
	require.Contains(t, f.text(), `message 1 in virtual host "orders" to exchange "" with routing key "tasks": "forgotten"`)
}

func TestSameUsersAnywhere(t *testing.T) {
	broker := testkit.Start(t, testkit.WithVHost("orders"),
		testkit.WithUser("worker", "secret", testkit.Permissions{VHost: "orders", Write: "^results$", Read: "^tasks$"}, testkit.Tags{"monitoring"}),
		testkit.WithUser("anybody", "p:w/d"))
	orders := broker.VHost("orders")
	orders.Declare(t, testkit.Topology{Exchanges: []testkit.Exchange{{Name: "results"}}, Queues: []testkit.Queue{{Name: "tasks"}}})

	_, err := amqp.DialConfig(broker.URLFor("worker", "/"), broker.ClientConfig())
	require.ErrorContains(t, err, "NOT_ALLOWED")
	conn, err := amqp.DialConfig(broker.URLFor("worker", "orders"), broker.ClientConfig())
	require.NoError(t, err)
	defer conn.Close()
	ch, err := conn.Channel()
	require.NoError(t, err)
	consume(t, ch, "tasks", "worker")
	_, err = ch.QueueDeclare("mine", true, false, false, false, nil)
	require.ErrorContains(t, err, "ACCESS_REFUSED")
	require.ErrorContains(t, err, "access to queue 'mine'")

	connected := orders.AwaitConnections(t, 1)[0]
	require.Equal(t, "worker", connected.User)
	require.Equal(t, "orders", connected.VHost)
	for _, vhost := range []string{"/", "orders"} {
		conn, err := amqp.DialConfig(broker.URLFor("anybody", vhost), broker.ClientConfig())
		require.NoError(t, err)
		ch, err := conn.Channel()
		require.NoError(t, err)
		_, err = ch.QueueDeclare("mine", true, false, false, false, nil)
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	require.True(t, broker.Queue("mine").Exists(t))
	require.True(t, orders.Queue("mine").Exists(t))
}

func TestURLForSomebodyUnknown(t *testing.T) {
	broker := testkit.Start(t)
	require.PanicsWithValue(t, `testkit: URLFor: the password of user "worker" is not known: testkit knows that of guest and of those that were added WithUser`,
		func() { broker.URLFor("worker", "/") })
	require.Equal(t, broker.URL(), broker.URLFor("guest", "/"))
	require.True(t, strings.HasSuffix(broker.URLFor("guest", "a/b"), "/a%2Fb"))
}

func TestUserThatRabbitMQRefuses(t *testing.T) {
	f := &fakeT{T: t}
	f.try(func() { testkit.Start(f, testkit.WithUser("worker", "secret", testkit.Permissions{Read: "("})) })
	require.Contains(t, f.text(), "testkit: ")
	require.True(t, f.Failed())
	f.end()
}

func TestSameDefinitionsOfVirtualHostsAnywhere(t *testing.T) {
	broker := testkit.Start(t)
	broker.ImportDefinitions(t, []byte(`{
		"vhosts": [{"name": "/"}, {"name": "orders"}],
		"users": [{"name": "guest", "password": "guest", "tags": "administrator"}, {"name": "svc", "password": "secret", "tags": ""}],
		"permissions": [{"user": "guest", "vhost": "orders", "configure": ".*", "write": ".*", "read": ".*"},
			{"user": "svc", "vhost": "orders", "configure": "", "write": ".*", "read": ".*"}],
		"queues": [{"vhost": "orders", "name": "tasks", "durable": true, "auto_delete": false, "arguments": {}},
			{"vhost": "/", "name": "tasks", "durable": true, "auto_delete": false, "arguments": {}}]}`))
	broker.CheckTopology(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}, {VHost: "orders", Name: "tasks"}}})
	conn, err := amqp.DialConfig(broker.URLFor("guest", "orders"), broker.ClientConfig())
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}
