package testkit_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// What x-delayed-message does was measured on RabbitMQ 3.10.8 and 4.0.5 with its plug-in, rabbitmq_delayed_message_exchange,
// which their packages do not bring along: see the cases of area "delayed" in package conformance. There is no such plug-in
// for 4.3, where minirabbit does as 4.0. In short: the header x-delay says for how many
// milliseconds a message is held back. Without it, or if it is not within 1 and 2^32-1, the message is routed at once, as
// by an exchange of the type that the argument x-delayed-type names, which has to be there. Messages survive a restart of
// their node. They are routed once, when they are due; mandatory and transactions do not work.

// later declares an exchange of the type x-delayed-message, and a queue that is bound to it.
func later(t *testing.T, broker *testkit.Broker, kind string) *amqp.Channel {
	t.Helper()
	_, ch := dial(t, broker)
	declareLater(t, ch, kind)
	_, err := ch.QueueDeclare("tasks", true, false, false, false, nil)
	require.NoError(t, err)
	require.NoError(t, ch.QueueBind("tasks", "k", "later", false, nil))
	return ch
}

func declareLater(t *testing.T, ch *amqp.Channel, kind string) {
	t.Helper()
	require.NoError(t, ch.ExchangeDeclare("later", "x-delayed-message", true, false, false, false, amqp.Table{"x-delayed-type": kind}))
}

// delayed is a message with that x-delay.
func delayed(body string, delay any) amqp.Publishing {
	return amqp.Publishing{Headers: amqp.Table{"x-delay": delay}, Body: []byte(body)}
}

func TestDelayedMessagesComeInOrderOfTheirDelays(t *testing.T) {
	broker := testkit.Start(t)
	later(t, broker, "direct")
	for _, seconds := range []int64{5, 1, 3, 2, 1, 4} {
		broker.PublishMessage(t, "later", "k", delayed(fmt.Sprint(seconds), seconds*1000))
	}
	tasks := broker.Queue("tasks")
	tasks.CheckBodies(t)
	broker.FastForward(t, time.Second)
	tasks.CheckBodies(t, "1", "1")
	broker.FastForward(t, time.Second)
	tasks.CheckBodies(t, "1", "1", "2")
	broker.FastForward(t, time.Hour)
	tasks.CheckBodies(t, "1", "1", "2", "3", "4", "5")
}

// Up to the longest delay, which is some 49 days. In a bubble no time passes but what
// the test says.
func TestDelaysOfEveryKind(t *testing.T) {
	for _, test := range []struct {
		name  string
		delay any
		held  time.Duration // zero for not at all
	}{
		{"int32", int32(1500), 1500 * time.Millisecond},
		{"int64", int64(1500), 1500 * time.Millisecond},
		{"int16", int16(1500), 1500 * time.Millisecond},
		{"string of a number", "1500", 1500 * time.Millisecond},
		{"float is cut", 1500.9, 1500 * time.Millisecond},
		{"longest", int64(math.MaxUint32), math.MaxUint32 * time.Millisecond},
		{"too long", int64(math.MaxUint32) + 1, 0},
		{"zero", int32(0), 0},
		{"negative", int32(-1500), 0},
		{"bool", true, 0},
		{"time", time.Unix(1500, 0), 0},
		{"array", []any{int32(1500)}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, broker *testkit.Broker) {
				later(t, broker, "direct")
				broker.PublishMessage(t, "later", "k", delayed("m", test.delay))
				if test.held > 0 {
					broker.FastForward(t, test.held-time.Millisecond)
					broker.Queue("tasks").CheckBodies(t)
					broker.FastForward(t, time.Millisecond)
				}
				broker.Queue("tasks").CheckBodies(t, "m")
			})
		})
	}
}

func TestMessagesWithoutDelay(t *testing.T) {
	broker := testkit.Start(t)
	later(t, broker, "direct")
	broker.Publish(t, "later", "k", []byte("no headers"))
	broker.PublishMessage(t, "later", "k", amqp.Publishing{Headers: amqp.Table{"other": int32(5000)}, Body: []byte("no such header")})
	broker.Queue("tasks").CheckBodies(t, "no headers", "no such header")
}

// The plug-in fails over a string that is no number, and from 4.0 on over nothing for a number, and takes the connection with it.
func TestDelayThatIsNoNumber(t *testing.T) {
	for name, delay := range map[string]any{"text": "soon", "nothing": nil} {
		t.Run(name, func(t *testing.T) {
			broker := testkit.Start(t)
			ch := later(t, broker, "direct")
			closed := ch.NotifyClose(make(chan *amqp.Error, 1))
			require.NoError(t, ch.PublishWithContext(t.Context(), "later", "k", false, false, delayed("m", delay)))
			require.Equal(t, amqp.InternalError, (<-closed).Code)
			broker.Queue("tasks").CheckBodies(t)
		})
	}
}

func TestDelayedTypeIsRequired(t *testing.T) {
	noType := "Invalid argument, 'x-delayed-type' must be an existing exchange type"
	for _, test := range []struct {
		name      string
		arguments amqp.Table
		text      string
	}{
		{"missing", nil, noType},
		{"no name", amqp.Table{"x-delayed-type": int32(1)}, noType},
		{"itself", amqp.Table{"x-delayed-type": "x-delayed-message"}, "Invalid argument, 'x-delayed-message' can't be used for 'x-delayed-type'"},
		{"unknown", amqp.Table{"x-delayed-type": "rounddirect"}, "unknown exchange type 'rounddirect'"},
	} {
		for _, release := range []string{"3.10", "4.0", "4.3"} {
			t.Run(test.name+" "+release, func(t *testing.T) {
				_, ch := dial(t, testkit.Start(t, testkit.WithRelease(release)))
				err := ch.ExchangeDeclare("later", "x-delayed-message", true, false, false, false, test.arguments)
				var refusal *amqp.Error
				require.ErrorAs(t, err, &refusal)
				require.Contains(t, refusal.Reason, test.text)
				want := amqp.PreconditionFailed
				if test.name == "unknown" && release == "3.10" {
					want = amqp.CommandInvalid
				}
				require.Equal(t, want, refusal.Code)
			})
		}
	}
}

// The publisher of a mandatory message gets it back at once, and the queue gets it all the same: when it is published
// nobody knows whether there will be a queue.
func TestDelayedAndMandatory(t *testing.T) {
	broker := testkit.Start(t)
	ch := later(t, broker, "direct")
	returns := ch.NotifyReturn(make(chan amqp.Return, 1))
	require.NoError(t, ch.PublishWithContext(t.Context(), "later", "k", true, false, delayed("m", int32(1000))))
	require.Equal(t, "NO_ROUTE", (<-returns).ReplyText)
	broker.FastForward(t, time.Second)
	broker.Queue("tasks").CheckBodies(t, "m")
}

func TestDelayedAndConfirmed(t *testing.T) {
	broker := testkit.Start(t)
	ch := later(t, broker, "direct")
	require.NoError(t, ch.Confirm(false))
	c, err := ch.PublishWithDeferredConfirmWithContext(t.Context(), "later", "k", false, false, delayed("m", int32(1000)))
	require.NoError(t, err)
	require.True(t, c.Wait(), "confirmed before it is routed")
	broker.Queue("tasks").CheckBodies(t)
}

// A delay counts as no destination, so the alternate gets the message at once.
func TestDelayedAndAlternate(t *testing.T) {
	broker := testkit.Start(t)
	_, ch := dial(t, broker)
	require.NoError(t, ch.ExchangeDeclare("spare", "fanout", true, false, false, false, nil))
	require.NoError(t, ch.ExchangeDeclare("later", "x-delayed-message", true, false, false, false,
		amqp.Table{"x-delayed-type": "direct", "alternate-exchange": "spare"}))
	for queue, exchange := range map[string]string{"tasks": "later", "lost": "spare"} {
		_, err := ch.QueueDeclare(queue, true, false, false, false, nil)
		require.NoError(t, err)
		require.NoError(t, ch.QueueBind(queue, "k", exchange, false, nil))
	}
	broker.PublishMessage(t, "later", "k", delayed("m", int32(1000)))
	broker.Queue("lost").CheckBodies(t, "m")
	broker.FastForward(t, time.Second)
	broker.Queue("tasks").CheckBodies(t, "m")
	broker.Queue("lost").CheckBodies(t, "m")
}

// The delay is negative when it is over, so that another such exchange does not hold the message back again. In 3.10
// only RabbitMQ itself sees it so.
func TestDelayOfWhatWasDelayed(t *testing.T) {
	for release, want := range map[string]any{"3.10": int32(1000), "4.0": int64(-1000), "4.3": int64(-1000)} {
		t.Run(release, func(t *testing.T) {
			broker := testkit.Start(t, testkit.WithRelease(release))
			ch := later(t, broker, "direct")
			require.NoError(t, ch.ExchangeDeclare("again", "x-delayed-message", true, false, false, false, amqp.Table{"x-delayed-type": "fanout"}))
			require.NoError(t, ch.ExchangeBind("again", "elsewhere", "later", false, nil))
			_, err := ch.QueueDeclare("second", true, false, false, false, nil)
			require.NoError(t, err)
			require.NoError(t, ch.QueueBind("second", "", "again", false, nil))
			for _, key := range []string{"k", "elsewhere"} {
				broker.PublishMessage(t, "later", key, delayed(key, int32(1000)))
			}
			broker.FastForward(t, time.Second)
			for _, queue := range []string{"tasks", "second"} {
				m := broker.Queue(queue).Messages(t)
				require.Len(t, m, 1)
				require.Equal(t, want, m[0].Headers["x-delay"])
			}
		})
	}
}

// In 3.10 consumers see the negative delay when RabbitMQ has written the headers anew: of a dead letter, in a quorum queue,
// without BCC.
func TestRewrittenDelay(t *testing.T) {
	broker := testkit.Start(t, testkit.WithRelease("3.10"))
	ch := later(t, broker, "direct")
	for queue, arguments := range map[string]amqp.Table{"dies": {"x-dead-letter-exchange": "amq.fanout", "x-message-ttl": 1}, "letters": nil, "quorum": {"x-queue-type": "quorum"}} {
		_, err := ch.QueueDeclare(queue, true, false, false, false, arguments)
		require.NoError(t, err)
		require.NoError(t, ch.QueueBind(queue, queue, "later", false, nil))
	}
	require.NoError(t, ch.QueueBind("letters", "", "amq.fanout", false, nil))
	broker.PublishMessage(t, "later", "dies", delayed("m", int32(1000)))
	broker.PublishMessage(t, "later", "quorum", delayed("m", int32(1000)))
	blind := delayed("m", int32(1000))
	blind.Headers["BCC"] = []any{"nobody"}
	require.NoError(t, ch.PublishWithContext(t.Context(), "later", "k", false, false, blind))
	require.NoError(t, ch.PublishWithContext(t.Context(), "later", "k", false, false, delayed("as published", int32(1000))))
	require.NoError(t, ch.Confirm(false)) // the broker has both
	broker.FastForward(t, 2*time.Second)
	for _, test := range []struct {
		queue string
		want  int32
	}{{"letters", -1000}, {"quorum", -1000}, {"tasks", -1000}, {"tasks", 1000}} {
		d, ok, err := ch.Get(test.queue, true)
		require.NoError(t, err)
		require.True(t, ok, test.queue)
		require.Equal(t, test.want, d.Headers["x-delay"], test.queue)
	}
}

func TestDelayedMessagesOutliveRestart(t *testing.T) {
	broker := testkit.Start(t)
	later(t, broker, "direct")
	broker.PublishMessage(t, "later", "k", delayed("transient", int32(60_000)))
	m := delayed("persistent", int32(120_000))
	m.DeliveryMode = amqp.Persistent
	broker.PublishMessage(t, "later", "k", m)
	broker.Restart(t)
	broker.FastForward(t, time.Minute-time.Second)
	broker.Queue("tasks").CheckBodies(t)
	broker.FastForward(t, time.Second)
	broker.Queue("tasks").CheckBodies(t, "transient")
	broker.FastForward(t, time.Hour)
	broker.Queue("tasks").CheckBodies(t, "transient", "persistent")
}

// The bindings count that are there when the message is due.
func TestDelayedMessagesAreRoutedWhenDue(t *testing.T) {
	broker := testkit.Start(t)
	ch := later(t, broker, "direct")
	require.NoError(t, ch.QueueUnbind("tasks", "k", "later", nil))
	broker.PublishMessage(t, "later", "k", delayed("bound later", int32(1000)))
	require.NoError(t, ch.QueueBind("tasks", "k", "later", false, nil))
	broker.FastForward(t, time.Second)
	broker.Queue("tasks").CheckBodies(t, "bound later")
	broker.PublishMessage(t, "later", "k", delayed("unbound", int32(1000)))
	require.NoError(t, ch.QueueUnbind("tasks", "k", "later", nil))
	broker.FastForward(t, time.Second)
	broker.Queue("tasks").CheckBodies(t, "bound later")
}

// Messages do not go with their exchange, but without one they are lost when they are due.
func TestDelayedMessagesAndTheirExchange(t *testing.T) {
	broker := testkit.Start(t)
	ch := later(t, broker, "direct")
	broker.PublishMessage(t, "later", "k", delayed("first", int32(1000)))
	broker.PublishMessage(t, "later", "k", delayed("second", int32(2000)))
	require.NoError(t, ch.ExchangeDelete("later", false, false))
	broker.FastForward(t, time.Second)
	declareLater(t, ch, "direct")
	require.NoError(t, ch.QueueBind("tasks", "k", "later", false, nil))
	broker.FastForward(t, time.Second)
	broker.Queue("tasks").CheckBodies(t, "second")
}

func TestResetForgetsDelayedMessages(t *testing.T) {
	broker := testkit.Start(t)
	later(t, broker, "direct")
	broker.PublishMessage(t, "later", "k", delayed("m", int32(1000)))
	broker.Reset(t)
	later(t, broker, "direct")
	broker.FastForward(t, time.Hour)
	broker.Queue("tasks").CheckBodies(t)
}

func TestDelayedTypes(t *testing.T) {
	for kind, want := range map[string][]string{"direct": {"k"}, "fanout": {"k", "k.l"}, "topic": {"k"}, "headers": {"k", "k.l"}, "x-random": {"k", "k.l"}} {
		t.Run(kind, func(t *testing.T) {
			broker := testkit.Start(t)
			later(t, broker, kind)
			for _, key := range []string{"k", "k.l"} {
				broker.PublishMessage(t, "later", key, delayed(key, int32(1000)))
			}
			broker.FastForward(t, time.Second)
			broker.Queue("tasks").CheckBodies(t, want...)
		})
	}
}

// An expiration begins when the message comes to its queue.
func TestDelayedAndExpiring(t *testing.T) {
	broker := testkit.Start(t)
	later(t, broker, "direct")
	m := delayed("m", int32(10_000))
	m.Expiration = "5000"
	broker.PublishMessage(t, "later", "k", m)
	broker.FastForward(t, 14*time.Second)
	broker.Queue("tasks").CheckBodies(t, "m")
	broker.FastForward(t, time.Second)
	broker.Queue("tasks").CheckBodies(t)
}

// The exchange holds a message back as soon as it is published, whatever becomes of the transaction.
func TestDelayedInTransaction(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		ch := later(t, broker, "direct")
		require.NoError(t, ch.Tx())
		require.NoError(t, ch.PublishWithContext(t.Context(), "later", "k", false, false, delayed("m", int32(1000))))
		require.NoError(t, ch.TxCommit())
		require.NoError(t, ch.PublishWithContext(t.Context(), "later", "k", false, false, delayed("rolled back", int32(1000))))
		require.NoError(t, ch.TxRollback())
		broker.FastForward(t, 999*time.Millisecond)
		broker.Queue("tasks").CheckBodies(t)
		broker.FastForward(t, time.Millisecond)
		broker.Queue("tasks").CheckBodies(t, "m", "rolled back")
	})
}

// Copies are routed with the message.
func TestDelayedCopies(t *testing.T) {
	broker := testkit.Start(t)
	ch := later(t, broker, "direct")
	_, err := ch.QueueDeclare("copies", true, false, false, false, nil)
	require.NoError(t, err)
	require.NoError(t, ch.QueueBind("copies", "copy", "later", false, nil))
	m := delayed("m", int32(1000))
	m.Headers["CC"] = []any{"copy"}
	broker.PublishMessage(t, "later", "k", m)
	broker.FastForward(t, time.Second)
	broker.Queue("tasks").CheckBodies(t, "m")
	broker.Queue("copies").CheckBodies(t, "m")
}

// The HTTP API tells how many messages an exchange holds back.
func TestDelayedMessagesAreCounted(t *testing.T) {
	broker := testkit.Start(t, testkit.WithManagement())
	later(t, broker, "direct")
	count := func() int {
		request, err := http.NewRequest(http.MethodGet, broker.ManagementURL()+"/api/exchanges/%2F/later", nil)
		require.NoError(t, err)
		request.SetBasicAuth("guest", "guest")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		var exchange struct {
			Delayed int `json:"messages_delayed"`
		}
		require.NoError(t, json.Unmarshal(body, &exchange))
		return exchange.Delayed
	}
	for _, delay := range []int32{5_000_000, 2_000_000, 3_000_000, 0} {
		broker.PublishMessage(t, "later", "k", delayed("m", delay))
	}
	require.Equal(t, 3, count())
	broker.FastForward(t, 3000*time.Second)
	require.Equal(t, 1, count())
	broker.Restart(t)
	require.Equal(t, 1, count())
	broker.FastForward(t, time.Hour)
	require.Equal(t, 0, count())
}
