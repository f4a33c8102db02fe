package testkit_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/worker"
)

// The tests of this file run on the emulator and, with MINIRABBIT_AMQP_URL and
// MINIRABBIT_HTTP_URL, on a real RabbitMQ: unchanged.

func TestSameTestAnywhere(t *testing.T) {
	broker := testkit.Start(t)
	go worker.Run(t.Context(), broker.URL())
	broker.Queue("test-queue1").AwaitConsumers(t, 1)
	broker.Publish(t, "test-exchange", "redpill", []byte(`{"limit": 1112}`))
	result := broker.Queue("results").Take(t, 1)[0]
	require.Equal(t, "Job finished! Result is 987", string(result.Body))
	require.EqualValues(t, 987, result.Headers["value"])
	broker.AwaitIdle(t)
}

func TestSameTopologyAnywhere(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, deadLetters)
	broker.PublishMessage(t, "", "tasks", amqp.Publishing{
		Expiration: "1", MessageId: "m", Headers: amqp.Table{"n": int32(1)}, Body: []byte("hello"),
	})
	dead := broker.Queue("graveyard").Take(t, 1)[0]
	require.Equal(t, "dead", dead.Exchange)
	require.Equal(t, "m", dead.MessageId)
	require.EqualValues(t, 1, dead.Headers["n"])
	require.False(t, broker.Queue("nowhere").Exists(t))
	require.Equal(t, 0, broker.Queue("tasks").Ready(t))
}

func TestSameUnackedAnywhere(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	conn, err := amqp.DialConfig(broker.URL(), broker.ClientConfig())
	require.NoError(t, err)
	ch, err := conn.Channel()
	require.NoError(t, err)
	deliveries := consume(t, ch, "tasks", "worker")
	broker.Publish(t, "", "tasks", []byte("hello"))
	<-deliveries
	broker.Queue("tasks").AwaitUnacked(t, 1)
	require.NoError(t, conn.Close())
	require.True(t, broker.Queue("tasks").Take(t, 1)[0].Redelivered)
}

func TestSameNoConsumersAnywhere(t *testing.T) {
	broker := testkit.Start(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx, broker.URL()) }()
	broker.Queue("test-queue1").AwaitConsumers(t, 1)
	stop()
	broker.Queue("test-queue1").AwaitNoConsumers(t)
	require.NoError(t, <-ended)
}

func TestSameNetworkFaultsAnywhere(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	refused := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Dial), Do: testkit.Refuse, Times: 2})
	for range 2 {
		_, err := amqp.Dial(broker.URL())
		require.Error(t, err)
	}
	require.Equal(t, 2, refused.Await(t))
	conn, ch := dial(t, broker)
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	require.NoError(t, ch.Confirm(false))
	broker.Pause(t)
	confirm := confirmed(t, ch, "tasks", "hello")
	select {
	case <-confirm.Done():
		t.Fatal("a confirm passed a network that is paused")
	default:
	}
	broker.Resume(t)
	require.True(t, confirm.Wait())
	broker.DropConnections(t)
	reason := <-closed
	require.False(t, reason != nil && reason.Code == 320, "%v", reason)
	dial(t, broker)
}

func TestSameDisconnectionAnywhere(t *testing.T) {
	broker := testkit.Start(t)
	conn, _ := dial(t, broker)
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	broker.CloseConnections(t, "maintenance")
	reason := <-closed
	require.Equal(t, 320, reason.Code)
	require.Contains(t, reason.Reason, "maintenance")
}

func TestSameDefinitionsAnywhere(t *testing.T) {
	broker := testkit.Start(t)
	broker.ImportDefinitionsFile(t, "testdata/definitions.json")
	broker.Publish(t, "events", "task.red", []byte("hello"))
	require.Equal(t, "hello", string(broker.Queue("reds").Take(t, 1)[0].Body))
	for range 3 {
		broker.Publish(t, "events", "task.blue", []byte("hello"))
	}
	broker.Queue("limited").Take(t, 2) // by a policy
	broker.AwaitIdle(t)
}

func onRealRabbitMQ(t *testing.T) {
	t.Helper()
	if os.Getenv("MINIRABBIT_AMQP_URL") == "" {
		t.Skip("no real RabbitMQ: set MINIRABBIT_AMQP_URL and MINIRABBIT_HTTP_URL")
	}
}

func TestRealRabbitMQSkipsWhatItCannotDo(t *testing.T) {
	onRealRabbitMQ(t)
	for what, attempt := range map[string]func(t testkit.T, b *testkit.Broker){
		"faults inside the broker": func(t testkit.T, b *testkit.Broker) {
			b.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicAck), Do: testkit.DropConnection})
		},
		"moving time":             func(t testkit.T, b *testkit.Broker) { b.FastForward(t, time.Hour) },
		"the history of messages": func(t testkit.T, b *testkit.Broker) { b.History(t) },
		"restarting the broker":   func(t testkit.T, b *testkit.Broker) { b.Restart(t) },
		"raising alarms":          func(t testkit.T, b *testkit.Broker) { b.RaiseAlarm(t, testkit.Memory) },
	} {
		f := &fakeT{T: t}
		broker := testkit.Start(f)
		f.try(func() { attempt(f, broker) })
		require.Equal(t, "SKIP: testkit: "+what+" needs the emulator, and this test runs on a real RabbitMQ (MINIRABBIT_AMQP_URL)", f.text())
		f.end()
		require.False(t, f.Failed(), f.text())
	}
}

func TestRealRabbitMQVirtualHostIsRemoved(t *testing.T) {
	onRealRabbitMQ(t)
	vhosts := func() (names []string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimRight(os.Getenv("MINIRABBIT_HTTP_URL"), "/")+"/api/vhosts", nil)
		require.NoError(t, err)
		request.SetBasicAuth("guest", "guest")
		request.Close = true
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		var all []struct{ Name string }
		require.NoError(t, json.NewDecoder(response.Body).Decode(&all))
		for _, vh := range all {
			names = append(names, vh.Name)
		}
		return names
	}
	before := vhosts()
	f := &fakeT{T: t}
	testkit.Start(f).Declare(t, tasks)
	var mine []string
	for _, name := range vhosts() {
		if !slices.Contains(before, name) && strings.HasSuffix(name, t.Name()) {
			mine = append(mine, name)
		}
	}
	f.end()
	require.Len(t, mine, 1, "virtual hosts that Start created")
	require.NotContains(t, vhosts(), mine[0])
}

func TestEnvironmentMustBeComplete(t *testing.T) {
	t.Setenv("MINIRABBIT_AMQP_URL", "amqp://guest:guest@localhost/")
	t.Setenv("MINIRABBIT_HTTP_URL", "")
	f := &fakeT{T: t}
	f.try(func() { testkit.Start(f) })
	require.Contains(t, f.text(), `MINIRABBIT_HTTP_URL is "": to use a real RabbitMQ, both must be set`)
}
