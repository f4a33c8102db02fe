package management_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// ours asks for one of minirabbit's own paths.
func ours(t *testing.T, b *testkit.Broker, path string, into any) {
	t.Helper()
	a := send(t, b.ManagementURL(), "GET /api/minirabbit/"+path)
	require.Equal(t, http.StatusOK, a.Status, path)
	require.NoError(t, json.Unmarshal(a.Body, into))
}

type story struct {
	ID         int
	RoutingKey string `json:"routing_key"`
	Payload    string
	Events     []struct {
		Kind, Queue, Connection, Consumer string
		DeliveryTag                       uint64 `json:"delivery_tag"`
	}
}

type tracedMethod struct {
	Number       int
	Method       string
	Payload      string
	PayloadBytes int  `json:"payload_bytes"`
	SentByBroker bool `json:"sent_by_broker"`
}

func TestHistoryTraceAndFaultsAreShown(t *testing.T) {
	b := testkit.Start(t, testkit.WithManagement())
	b.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicAck).From("other"), Do: testkit.DropConnection, Times: testkit.Always})
	conn, err := amqp.DialConfig(b.URL(), amqp.Config{Dial: b.Dial, Properties: amqp.Table{"connection_name": "shop"}})
	require.NoError(t, err)
	defer conn.Close()
	ch, err := conn.Channel()
	require.NoError(t, err)
	for _, name := range []string{"q", "other"} {
		_, err = ch.QueueDeclare(name, true, false, false, false, nil)
		require.NoError(t, err)
		require.NoError(t, ch.Publish("", name, false, false, amqp.Publishing{Body: []byte("for " + name)}))
	}
	d, ok, err := ch.Get("q", false)
	require.NoError(t, err)
	require.True(t, ok)
	require.NoError(t, d.Ack(false))
	b.Queue("q").AwaitAcked(t, 1)

	var history struct {
		Remembered int
		Messages   []story
	}
	ours(t, b, "history", &history)
	require.Equal(t, 2, history.Remembered)
	require.Equal(t, "other", history.Messages[0].RoutingKey, "the latest comes first")
	ours(t, b, "history?vhost=%2F&queue=q&exchange=&routing_key=q", &history)
	require.Len(t, history.Messages, 1)
	var kinds []string
	for _, e := range history.Messages[0].Events {
		kinds = append(kinds, e.Kind)
	}
	require.Equal(t, "shop", history.Messages[0].Events[0].Connection)
	require.Equal(t, []string{"published", "routed", "got", "acked"}, kinds)
	var one story
	ours(t, b, "history/1", &one)
	require.Equal(t, "for q", one.Payload)
	require.Equal(t, http.StatusNotFound, send(t, b.ManagementURL(), "GET /api/minirabbit/history/3").Status)

	var trace []tracedMethod
	ours(t, b, "trace", &trace)
	last := trace[len(trace)-1]
	require.Equal(t, len(trace), last.Number)
	require.Equal(t, `basic.ack delivery-tag=1`, last.Method)
	ours(t, b, "trace?count=2", &trace)
	require.Len(t, trace, 2)
	require.True(t, trace[0].SentByBroker)
	require.Equal(t, "for q", trace[0].Payload)

	var faults struct {
		Faults []struct {
			Fault   string
			Strikes int
			Left    *int
		}
		Alarms []string
	}
	b.RaiseAlarm(t, testkit.Memory)
	ours(t, b, "faults", &faults)
	b.ClearAlarm(t, testkit.Memory) // a connection that has published could not even close
	require.Equal(t, `before basic.ack from "other": drop the connection`, faults.Faults[0].Fault)
	require.Nil(t, faults.Faults[0].Left, "there is no end to it")
	require.Equal(t, []string{"memory"}, faults.Alarms)
}

// TestTraceIsFollowed has a request wait for what is yet to come.
func TestTraceIsFollowed(t *testing.T) {
	b := testkit.Start(t, testkit.WithManagement())
	answered := make(chan []tracedMethod)
	go func() {
		defer close(answered)
		r, _ := http.NewRequest("GET", b.ManagementURL()+"/api/minirabbit/trace?wait=30", nil)
		r.SetBasicAuth("guest", "guest")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			return
		}
		defer response.Body.Close()
		var trace []tracedMethod
		if json.NewDecoder(response.Body).Decode(&trace) == nil {
			answered <- trace
		}
	}()
	conn, err := amqp.Dial(b.URL())
	require.NoError(t, err)
	defer conn.Close()
	trace := <-answered
	require.NotEmpty(t, trace)
	require.True(t, strings.HasPrefix(trace[0].Method, "connection.start "), trace[0].Method)
	for _, m := range trace {
		require.NotContains(t, m.Method, "guest\x00")
	}
}

// TestEndDoesNotWaitForFollowers ends a broker whose trace is being followed.
func TestEndDoesNotWaitForFollowers(t *testing.T) {
	ended := make(chan error, 1)
	began := time.Now()
	t.Run("followed", func(t *testing.T) {
		b := testkit.Start(t, testkit.WithManagement())
		r, err := http.NewRequest("GET", b.ManagementURL()+"/api/minirabbit/trace?wait=30", nil)
		require.NoError(t, err)
		r.SetBasicAuth("guest", "guest")
		go func() {
			response, err := http.DefaultClient.Do(r)
			if err == nil {
				response.Body.Close()
			}
			ended <- err
		}()
	})
	<-ended
	require.Less(t, time.Since(began), 20*time.Second)
}

func TestOnlyAdministratorsSeeWhatPasses(t *testing.T) {
	b := testkit.Start(t, testkit.WithManagement())
	do(t, b, `PUT /api/users/watcher {"password":"p","tags":"monitoring"}`)
	for path, status := range map[string]int{"trace": 401, "history": 401, "history/1": 401, "faults": 200} {
		require.Equal(t, status, send(t, b.ManagementURL(), "@watcher:p GET /api/minirabbit/"+path).Status, path)
	}
}
