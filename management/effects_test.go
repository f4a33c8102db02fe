package management_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// do sends requests that must succeed.
func do(t *testing.T, b *testkit.Broker, lines ...string) {
	t.Helper()
	for _, line := range lines {
		a := send(t, b.ManagementURL(), line)
		require.Less(t, a.Status, 300, "%s: %s", line, a.Body)
	}
}

// dial connects as a user, and hangs up at the end of the test.
func dial(t *testing.T, b *testkit.Broker, user, vhost string) (*amqp.Connection, error) {
	t.Helper()
	u, err := url.Parse(b.URL())
	require.NoError(t, err)
	conn, err := amqp.DialConfig(fmt.Sprintf("amqp://%s:%s@%s/%s", user, user, u.Host, url.PathEscape(vhost)), b.ClientConfig())
	if err == nil {
		t.Cleanup(func() { conn.Close() })
	}
	return conn, err
}

func channel(t *testing.T, conn *amqp.Connection) *amqp.Channel {
	t.Helper()
	ch, err := conn.Channel()
	require.NoError(t, err)
	return ch
}

func start(t *testing.T, release string) *testkit.Broker {
	t.Helper()
	b := testkit.Start(t, testkit.WithManagement(), testkit.WithRelease(release))
	do(t, b, `PUT /api/users/u {"password":"u","tags":""}`)
	return b
}

// eachRelease runs a test on the emulator as each release that was asked for what the tests here want to see.
func eachRelease(t *testing.T, test func(t *testing.T, release string)) {
	for _, r := range recordedAs(t, "imports/answers-") {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			test(t, r.Name)
		})
	}
}

// The texts are those that 3.10.8, 4.0.5 and 4.3.6 gave.
func TestPermissionsRefuse(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		b := start(t, release)
		configure, write, read := "configure ", "write ", "read "
		if release == "3.10" {
			configure, write, read = "", "", ""
		}
		do(t, b,
			`PUT /api/permissions/%2F/u {"configure":"^a","write":"^(a|amq\\.topic)","read":"^(a|amq\\.topic)"}`,
			`PUT /api/topic-permissions/%2F/u {"exchange":"amq.topic","write":"^w.{username}","read":"^r"}`,
			`PUT /api/queues/%2F/a {}`, `PUT /api/queues/%2F/b {}`, `PUT /api/exchanges/%2F/bx {}`)
		conn, err := dial(t, b, "u", "/")
		require.NoError(t, err)
		refused := func(text string, do func(ch *amqp.Channel) error) {
			t.Helper()
			ch := channel(t, conn)
			closed := ch.NotifyClose(make(chan *amqp.Error, 1))
			if err := do(ch); err == nil {
				_, err = ch.QueueDeclare("a", false, false, false, false, nil) // so that the publishing has arrived
				require.Error(t, err)
			}
			e := <-closed
			require.Equal(t, 403, e.Code)
			require.Equal(t, "ACCESS_REFUSED - "+text+" refused for user 'u'", e.Reason)
		}
		refused(configure+"access to queue 'zz' in vhost '/'", func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclare("zz", false, false, false, false, nil)
			return err
		})
		refused(read+"access to queue 'b' in vhost '/'", func(ch *amqp.Channel) error {
			_, err := ch.Consume("b", "", false, false, false, false, nil)
			return err
		})
		refused(read+"access to exchange 'bx' in vhost '/'", func(ch *amqp.Channel) error {
			return ch.QueueBind("a", "k", "bx", false, nil)
		})
		refused(write+"access to exchange 'bx' in vhost '/'", func(ch *amqp.Channel) error {
			return ch.PublishWithContext(t.Context(), "bx", "k", false, false, amqp.Publishing{})
		})
		refused(write+"access to topic 'zk' in exchange 'amq.topic' in vhost '/'", func(ch *amqp.Channel) error {
			return ch.PublishWithContext(t.Context(), "amq.topic", "zk", false, false, amqp.Publishing{})
		})
		refused(read+"access to topic 'zk' in exchange 'amq.topic' in vhost '/'", func(ch *amqp.Channel) error {
			return ch.QueueBind("a", "zk", "amq.topic", false, nil)
		})

		// What is permitted now counts now, on channels that are open.
		ch := channel(t, conn)
		do(t, b, `PUT /api/permissions/%2F/u {"configure":".*","write":".*","read":".*"}`)
		_, err = ch.QueueDeclare("zz", false, false, false, false, nil)
		require.NoError(t, err)
		require.NoError(t, ch.PublishWithContext(t.Context(), "amq.topic", "w.u", false, false, amqp.Publishing{}))
		require.NoError(t, ch.QueueBind("a", "rk", "amq.topic", false, nil))
	})
}

func TestLimitsRefuse(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		b := start(t, release)
		do(t, b, `PUT /api/permissions/%2F/u {"configure":".*","write":".*","read":".*"}`, `PUT /api/vhost-limits/%2F/max-queues {"value":1}`)
		conn, err := dial(t, b, "u", "/")
		require.NoError(t, err)
		ch := channel(t, conn)
		_, err = ch.QueueDeclare("one", false, false, false, false, nil)
		require.NoError(t, err)
		_, err = ch.QueueDeclare("one", false, false, false, false, nil)
		require.NoError(t, err)
		_, err = ch.QueueDeclare("two", false, false, false, false, nil)
		require.EqualError(t, err, `Exception (406) Reason: "PRECONDITION_FAILED - cannot declare queue 'two': queue limit in vhost '/' (1) is reached"`)

		do(t, b, `PUT /api/vhost-limits/%2F/max-connections {"value":1}`)
		_, err = dial(t, b, "guest", "/")
		require.EqualError(t, err, `Exception (530) Reason: "NOT_ALLOWED - access to vhost '/' refused for user 'guest': connection limit (1) is reached"`)
		do(t, b, `DELETE /api/vhost-limits/%2F/max-connections`, `PUT /api/user-limits/u/max-connections {"value":1}`)
		_, err = dial(t, b, "u", "/")
		require.EqualError(t, err, `Exception (530) Reason: "NOT_ALLOWED - connection refused for user 'u': user connection limit (1) is reached"`)

		do(t, b, `PUT /api/user-limits/u/max-channels {"value":1}`)
		text := map[string]string{ // 4.0 names the node
			"3.10": "user 'u' has reached the maximum allowed user limit of (1)",
			"4.0":  "user 'rabbit@minirabbit' has reached the maximum allowed user limit of (1)",
			"4.3":  "user 'u' has reached the maximum allowed user limit of 1",
		}[release]
		closed := conn.NotifyClose(make(chan *amqp.Error, 1))
		channel(t, conn)
		_, err = conn.Channel()
		require.Error(t, err)
		require.Equal(t, "NOT_ALLOWED - number of channels opened for "+text, (<-closed).Reason)
	})
}

func TestPolicies(t *testing.T) {
	b := start(t, "4.3")
	do(t, b,
		`PUT /api/queues/%2F/q {}`, `PUT /api/queues/%2F/dead {}`, `PUT /api/queues/%2F/qlow {"arguments":{"x-max-length":1}}`,
		`PUT /api/exchanges/%2F/x {"type":"fanout"}`)
	for i := range 4 {
		b.Publish(t, "", "q", []byte{byte('0' + i)})
		b.Publish(t, "", "qlow", []byte{byte('0' + i)})
	}

	// The highest priority counts, at once; an argument that is lower still.
	do(t, b,
		`PUT /api/policies/%2F/low {"pattern":"^q","definition":{"max-length":1},"priority":1}`,
		`PUT /api/policies/%2F/high {"pattern":"^(?!amq\\.)q","definition":{"max-length":3,"dead-letter-exchange":"","dead-letter-routing-key":"dead"},"priority":2,"apply-to":"queues"}`)
	require.Equal(t, 1, b.Queue("qlow").Ready(t))
	require.Equal(t, 1, b.Queue("q").Ready(t), "while low was alone it counted")
	for range 4 {
		b.Publish(t, "", "q", []byte("x"))
	}
	require.Equal(t, 3, b.Queue("q").Ready(t))
	require.Equal(t, 2, b.Queue("dead").Ready(t))
	require.JSONEq(t, `{"name":"q","policy":"high","operator_policy":null,
		"effective_policy_definition":{"max-length":3,"dead-letter-exchange":"","dead-letter-routing-key":"dead"}}`,
		string(send(t, b.ManagementURL(), "GET /api/queues/%2F/q?columns=name,policy,operator_policy,effective_policy_definition").Body))

	// An operator's limit goes before a higher one, and none before none.
	do(t, b, `PUT /api/operator-policies/%2F/op {"pattern":"^q$","definition":{"max-length":2,"expires":60000}}`)
	require.Equal(t, 2, b.Queue("q").Ready(t))
	require.JSONEq(t, `{"effective_policy_definition":{"expires":60000,"max-length":2,"dead-letter-exchange":"","dead-letter-routing-key":"dead"}}`,
		string(send(t, b.ManagementURL(), "GET /api/queues/%2F/q?columns=effective_policy_definition").Body))

	// A queue that is declared later is subject to it too.
	do(t, b, `DELETE /api/queues/%2F/q`, `PUT /api/queues/%2F/q {}`)
	for range 4 {
		b.Publish(t, "", "q", []byte("x"))
	}
	require.Equal(t, 2, b.Queue("q").Ready(t))

	// The time to live counts for messages that come, not for those that are there.
	do(t, b, `DELETE /api/operator-policies/%2F/op`, `PUT /api/policies/%2F/high {"pattern":"^q$","definition":{"message-ttl":1000},"priority":2}`)
	b.FastForward(t, time.Hour)
	require.Equal(t, 2, b.Queue("q").Ready(t))
	for range 2 {
		b.Publish(t, "", "q", []byte("y"))
	}
	b.Queue("q").Take(t, 2)
	b.FastForward(t, time.Hour)
	require.Equal(t, 0, b.Queue("q").Ready(t))

	// Without policies, everything is as declared.
	do(t, b, `DELETE /api/policies/%2F/high`, `DELETE /api/policies/%2F/low`)
	for range 9 {
		b.Publish(t, "", "q", []byte("x"))
	}
	require.Equal(t, 9, b.Queue("q").Ready(t))

	// Exchanges get alternates.
	do(t, b, `PUT /api/policies/%2F/ae {"pattern":"^x$","definition":{"alternate-exchange":"alt"},"apply-to":"exchanges"}`,
		`PUT /api/exchanges/%2F/alt {"type":"fanout"}`, `POST /api/bindings/%2F/e/alt/q/dead {}`)
	before := b.Queue("dead").Ready(t)
	b.Publish(t, "x", "", []byte("stray"))
	require.Equal(t, before+1, b.Queue("dead").Ready(t))
}

func TestExpiresByPolicy(t *testing.T) {
	b := start(t, "4.3")
	do(t, b, `PUT /api/queues/%2F/q {}`)
	b.FastForward(t, time.Hour)
	do(t, b, `PUT /api/policies/%2F/p {"pattern":"^q$","definition":{"expires":60000}}`)
	b.FastForward(t, 59*time.Second)
	require.True(t, b.Queue("q").Exists(t))
	b.FastForward(t, time.Second)
	require.False(t, b.Queue("q").Exists(t))
}

func TestConnectionsAreListedAndClosed(t *testing.T) {
	b := start(t, "4.3")
	u, err := url.Parse(b.URL())
	require.NoError(t, err)
	config := b.ClientConfig()
	config.Properties = amqp.Table{"connection_name": "mine"}
	conn, err := amqp.DialConfig("amqp://guest:guest@"+u.Host+"/", config)
	require.NoError(t, err)
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	ch := channel(t, conn)
	require.NoError(t, ch.Qos(7, 0, false))
	_, err = ch.QueueDeclare("q", false, false, true, false, nil)
	require.NoError(t, err)
	_, err = ch.Consume("q", "tag", false, true, false, false, amqp.Table{"x-priority": int32(5)})
	require.NoError(t, err)

	name := conn.LocalAddr().String() + " -> " + conn.RemoteAddr().String()
	for line, want := range map[string]string{
		"GET /api/connections?columns=name,user_provided_name,channels,vhost,state": `[{"name":"` + name + `","user_provided_name":"mine","channels":1,"vhost":"/","state":"running"}]`,
		"GET /api/channels?columns=name,prefetch_count,consumer_count":              `[{"name":"` + name + ` (1)","prefetch_count":7,"consumer_count":1}]`,
		"GET /api/consumers/%2F?columns=consumer_tag,exclusive,prefetch_count,arguments,queue,activity_status": `[{"consumer_tag":"tag","exclusive":true,
			"prefetch_count":7,"arguments":{"x-priority":5},"queue":{"name":"q","vhost":"/"},"activity_status":"up"}]`,
		"GET /api/queues/%2F/q?columns=exclusive,consumers,owner_pid_details.name,exclusive_consumer_tag": `{"exclusive":true,"consumers":1,
			"owner_pid_details":{"name":"` + name + `"},"exclusive_consumer_tag":"tag"}`,
		"GET /api/connections/username/guest": `[{"name":"` + name + `","user":"guest","vhost":"/","node":"rabbit@node"}]`,
	} {
		require.JSONEq(t, want, string(send(t, b.ManagementURL(), line).Body), line)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, b.ManagementURL()+"/api/connections/"+url.PathEscape(name), nil)
	require.NoError(t, err)
	r.SetBasicAuth("guest", "guest")
	r.Header.Set("X-Reason", "because")
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, http.StatusNoContent, response.StatusCode)
	require.JSONEq(t, "[]", string(send(t, b.ManagementURL(), "GET /api/connections").Body), "it is gone at once")
	e := <-closed
	require.Equal(t, 320, e.Code)
	require.Equal(t, "CONNECTION_FORCED - because", e.Reason)
}

func TestDeletionsCloseConnections(t *testing.T) {
	b := start(t, "4.3")
	do(t, b, "PUT /api/vhosts/v", `PUT /api/permissions/v/u {"configure":"","write":"","read":""}`)
	for line, reason := range map[string]string{
		"DELETE /api/users/u":  "CONNECTION_FORCED - user 'u' is deleted",
		"DELETE /api/vhosts/v": "CONNECTION_FORCED - vhost 'v' is down",
	} {
		user := "u"
		if strings.Contains(line, "vhosts") {
			user = "guest"
		}
		if user == "u" || send(t, b.ManagementURL(), "GET /api/vhosts/v").Status == 200 {
			conn, err := dial(t, b, user, "v")
			if err != nil && user == "u" {
				continue // the other came first
			}
			require.NoError(t, err)
			closed := conn.NotifyClose(make(chan *amqp.Error, 1))
			do(t, b, line)
			require.Equal(t, reason, (<-closed).Reason)
		}
	}
	_, err := dial(t, b, "guest", "v")
	require.ErrorContains(t, err, "NOT_ALLOWED - vhost v not found")
}

func TestCountsAreTrueAtOnce(t *testing.T) {
	b := start(t, "4.3")
	conn, err := dial(t, b, "guest", "/")
	require.NoError(t, err)
	ch := channel(t, conn)
	require.NoError(t, ch.Confirm(false))
	_, err = ch.QueueDeclare("q", true, false, false, false, nil)
	require.NoError(t, err)
	for i := range 5 {
		c, err := ch.PublishWithDeferredConfirmWithContext(t.Context(), "", "q", false, false, amqp.Publishing{DeliveryMode: uint8(1 + i%2), Body: []byte("hello")})
		require.NoError(t, err)
		<-c.Done()
	}
	_, _, err = ch.Get("q", false)
	require.NoError(t, err)
	require.JSONEq(t, `{"messages":5,"messages_ready":4,"messages_unacknowledged":1,"message_bytes":25,"messages_persistent":2,"message_bytes_persistent":10,
		"message_stats":{"publish":5,"get":1,"deliver_get":1}}`,
		string(send(t, b.ManagementURL(), "GET /api/queues/%2F/q?columns=messages,messages_ready,messages_unacknowledged,message_bytes,messages_persistent,"+
			"message_bytes_persistent,message_stats.publish,message_stats.get,message_stats.deliver_get").Body))
	var overview struct { // of which RabbitMQ sends all that is within a column
		Lengths map[string]any `json:"queue_totals"`
		Stats   map[string]any `json:"message_stats"`
		Objects map[string]int `json:"object_totals"`
	}
	answer := send(t, b.ManagementURL(), "GET /api/overview?columns=queue_totals.messages,message_stats.publish,object_totals.queues")
	require.NoError(t, json.Unmarshal(answer.Body, &overview))
	require.Equal(t, []any{5.0, 4.0, 1.0}, []any{overview.Lengths["messages"], overview.Lengths["messages_ready"], overview.Lengths["messages_unacknowledged"]})
	require.Equal(t, []any{5.0, 5.0, 1.0}, []any{overview.Stats["publish"], overview.Stats["confirm"], overview.Stats["get"]})
	require.Equal(t, map[string]int{"channels": 1, "connections": 1, "consumers": 0, "exchanges": 7, "queues": 1}, overview.Objects)
	a := send(t, b.ManagementURL(), "GET /api/queues/%2F/q?lengths_age=60&lengths_incr=5&columns=messages_details.samples")
	require.Contains(t, string(a.Body), `"sample":5`)
}
