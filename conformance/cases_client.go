package conformance

import (
	"context"
	"errors"
	"strconv"

	amqp "github.com/rabbitmq/amqp091-go"
)

// clientError is what amqp091-go reports of an error.
type clientError struct {
	Code    int
	Text    string
	Server  bool // the broker closed, not the client
	Recover bool // the connection survives
}

// asClientError reads it out of an error of the client library.
func asClientError(err error) clientError {
	var e *amqp.Error
	if !errors.As(err, &e) || e == nil {
		return clientError{}
	}
	return clientError{e.Code, e.Reason, e.Server, e.Recover}
}

var clientCases = []Case{
	{
		ID:     "client/publish-consume",
		Title:  "the official client declares, binds, publishes with a deferred confirm, consumes and acknowledges",
		Why:    "This is the path of nearly every program.",
		Source: pageConcepts,
		Run: func(t *T) {
			ch, q, x := t.Channel(), t.QueueName("q"), t.ExchangeName("x")
			t.Must(ch.ExchangeDeclare(x, amqp.ExchangeDirect, true, false, false, false, nil))
			_, err := ch.QueueDeclare(q, true, false, false, false, nil)
			t.Must(err)
			t.Must(ch.QueueBind(q, "redpill", x, false, nil))
			t.Must(ch.Confirm(false))
			confirmation, err := ch.PublishWithDeferredConfirm(x, "redpill", true, false, amqp.Publishing{
				ContentType: "application/json", DeliveryMode: amqp.Persistent, Body: []byte(`{"limit": 1112}`)})
			t.Must(err)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			acked, err := confirmation.WaitContext(ctx)
			t.Must(err)
			t.Check("acknowledged", acked, true)
			deliveries, err := ch.Consume(q, "worker", false, false, false, false, nil)
			t.Must(err)
			d := Await(t, deliveries, "the delivery")
			t.Check("body", string(d.Body), `{"limit": 1112}`)
			t.Check("envelope", []any{d.ConsumerTag, d.DeliveryTag, d.Redelivered, d.Exchange, d.RoutingKey, d.ContentType, d.DeliveryMode},
				[]any{"worker", uint64(1), false, "<x>", "redpill", "application/json", uint8(2)})
			t.Must(d.Ack(false))
			t.Must(ch.Cancel("worker", false))
			_, open := AwaitClosed(t, deliveries, "the end of the deliveries")
			t.Check("the deliveries end", open, false)
		},
	},
	{
		ID:     "client/headers",
		Title:  "header values come back to the official client with the Go types that it sent",
		Why:    "Types that change on the way break type assertions.",
		Source: reference + "basic",
		Run: func(t *T) {
			ch, q := t.Channel(), t.QueueName("q")
			_, err := ch.QueueDeclare(q, true, false, false, false, nil)
			t.Must(err)
			table := amqp.Table{
				"bool": true, "byte": byte(1), "int8": int8(-1), "int16": int16(-2), "int32": int32(-3), "int64": int64(-4),
				"float32": float32(0.5), "float64": 0.25, "string": "text", "bytes": []byte{0, 255}, "nil": nil,
				"decimal": amqp.Decimal{Scale: 2, Value: 314}, "array": []any{int32(1), "two"}, "table": amqp.Table{"k": "v"},
			}
			t.Must(ch.Publish("", q, false, false, amqp.Publishing{Headers: table}))
			d, ok, err := ch.Get(q, true)
			t.Must(err)
			t.Check("there", ok, true)
			t.Check("headers", d.Headers, table)
		},
	},
	{
		ID:     "client/error-of-channel",
		Title:  "the official client reports a channel error to the call, to NotifyClose, and keeps the connection",
		Why:    "Programs decide by these fields whether to reopen a channel or to dial.",
		Source: pageChannels,
		Run: func(t *T) {
			connection := t.Dial()
			ch, err := connection.Channel()
			t.Must(err)
			closed := ch.NotifyClose(make(chan *amqp.Error, 1))
			_, err = ch.QueueDeclarePassive(t.QueueName("q"), false, false, false, false, nil)
			want := clientError{404, "NOT_FOUND - no queue '<q>' in vhost '/'", true, true}
			got := asClientError(err)
			t.Check("the call", got, clientError{got.Code, want.Text, got.Server, got.Recover})
			notified := Await(t, closed, "the notice")
			t.Check("the notice", []any{notified.Code, notified.Reason, notified.Server}, []any{404, want.Text, true})
			_, err = connection.Channel()
			t.Check("the connection is open", err == nil && !connection.IsClosed(), true)
		},
	},
	{
		ID:     "client/error-of-connection",
		Title:  "the official client reports a connection error to NotifyClose of connection and channels",
		Why:    "Reconnecting starts here.",
		Source: pageConnections,
		Run: func(t *T) {
			connection := t.Dial()
			ch, err := connection.Channel()
			t.Must(err)
			ofConnection := connection.NotifyClose(make(chan *amqp.Error, 1))
			ofChannel := ch.NotifyClose(make(chan *amqp.Error, 1))
			_, err = ch.QueueDeclare(t.QueueName("q"), true, false, false, false, nil)
			t.Must(err)
			_, err = ch.Consume(t.QueueName("q"), "", false, false, false, false, nil)
			if err == nil {
				t.Error("consuming from a missing queue succeeded")
			}
			Await(t, ofChannel, "the channel's notice")
			ch, err = connection.Channel()
			t.Must(err)
			ofChannel = ch.NotifyClose(make(chan *amqp.Error, 1))
			t.Must(ch.Publish("", "k", false, true, amqp.Publishing{}))
			for _, notices := range []<-chan *amqp.Error{ofConnection, ofChannel} {
				notice := Await(t, notices, "the notice")
				t.Check("notice", []any{notice.Code, notice.Reason, notice.Server}, []any{540, "NOT_IMPLEMENTED - immediate=true", true})
			}
		},
	},
	{
		ID:     "client/return-before-confirm",
		Title:  "the official client gets a returned message and its confirm",
		Why:    "A publisher reports what came back.",
		Source: pagePublishers + "#unroutable",
		Run: func(t *T) {
			ch := t.Channel()
			returns := ch.NotifyReturn(make(chan amqp.Return, 1))
			confirms := ch.NotifyPublish(make(chan amqp.Confirmation, 1))
			t.Must(ch.Confirm(false))
			t.Must(ch.Publish("amq.direct", t.UniqueName("key"), true, false, amqp.Publishing{MessageId: "1", Body: []byte("m")}))
			r := Await(t, returns, "the return")
			t.Check("return", []any{r.ReplyCode, r.ReplyText, r.Exchange, r.RoutingKey, r.MessageId, string(r.Body)},
				[]any{uint16(312), "NO_ROUTE", "amq.direct", "<key>", "1", "m"})
			t.Check("confirm", Await(t, confirms, "the confirm"), amqp.Confirmation{DeliveryTag: 1, Ack: true})
		},
	},
	{
		ID:     "client/confirm-thousand",
		Title:  "the official client sees a thousand confirms, in order, all positive",
		Why:    "The client fills gaps by itself and would hide a broker that loses count only until it blocks.",
		Source: pageConfirms,
		Run: func(t *T) {
			ch, q := t.Channel(), t.QueueName("q")
			_, err := ch.QueueDeclare(q, true, false, false, false, nil)
			t.Must(err)
			const n = 1000
			confirms := ch.NotifyPublish(make(chan amqp.Confirmation, n))
			t.Must(ch.Confirm(false))
			for i := range n {
				t.Must(ch.Publish("", q, false, false, amqp.Publishing{Body: strconv.AppendInt(nil, int64(i), 10)}))
			}
			wrong := 0
			for i := range n {
				if Await(t, confirms, "a confirm") != (amqp.Confirmation{DeliveryTag: uint64(i + 1), Ack: true}) {
					wrong++
				}
			}
			t.Check("wrong confirms", wrong, 0)
		},
	},
	{
		ID:     "client/cancel-notify",
		Title:  "the official client is told of a cancelled consumer, and its deliveries end",
		Why:    "A worker restarts its consumer then.",
		Source: pageCancel,
		Run: func(t *T) {
			ch, q := t.Channel(), t.QueueName("q")
			_, err := ch.QueueDeclare(q, true, false, false, false, nil)
			t.Must(err)
			cancelled := ch.NotifyCancel(make(chan string, 1))
			deliveries, err := ch.Consume(q, "c", false, false, false, false, nil)
			t.Must(err)
			_, err = t.Channel().QueueDelete(q, false, false, false)
			t.Must(err)
			t.Check("tag", Await(t, cancelled, "the notice"), "c")
			_, open := AwaitClosed(t, deliveries, "the end of the deliveries")
			t.Check("the deliveries end", open, false)
		},
	},
	{
		ID:     "client/transaction",
		Title:  "the official client commits and rolls back",
		Why:    "Its methods wait for the replies.",
		Source: pageTx,
		Run: func(t *T) {
			ch, q := t.Channel(), t.QueueName("q")
			_, err := ch.QueueDeclare(q, true, false, false, false, nil)
			t.Must(err)
			t.Must(ch.Tx())
			t.Must(ch.Publish("", q, false, false, amqp.Publishing{Body: []byte("a")}))
			t.Must(ch.TxRollback())
			t.Must(ch.Publish("", q, false, false, amqp.Publishing{Body: []byte("b")}))
			t.Must(ch.TxCommit())
			d, ok, err := ch.Get(q, true)
			t.Must(err)
			t.Check("message", []any{ok, string(d.Body), d.MessageCount}, []any{true, "b", uint32(0)})
		},
	},
	{
		ID:     "client/large-body",
		Title:  "the official client gets a body of four megabytes back as it was",
		Why:    "It takes many frames both ways.",
		Source: specification + "4.2.6.2 The Content Body",
		Run: func(t *T) {
			ch, q := t.Channel(), t.QueueName("q")
			_, err := ch.QueueDeclare(q, true, false, false, false, nil)
			t.Must(err)
			body := make([]byte, 4<<20)
			for i := range body {
				body[i] = byte(i * 7 >> 3)
			}
			t.Must(ch.Publish("", q, false, false, amqp.Publishing{Body: body}))
			d, ok, err := ch.Get(q, true)
			t.Must(err)
			t.Check("the same", ok && string(d.Body) == string(body), true)
		},
	},
	{
		ID:     "client/wrong-password",
		Title:  "the official client reports a refused login as such",
		Why:    "Programs must not retry it for ever.",
		Source: pageAuth,
		Waits:  true,
		Run: func(t *T) {
			uri := t.uri
			uri.Password += "x"
			_, err := amqp.Dial(uri.String())
			t.Check("error", asClientError(err), clientError{Code: 403, Text: "username or password not allowed"})
		},
	},
	{
		ID:     "client/unknown-vhost",
		Title:  "the official client reports an unknown vhost as such",
		Why:    "It is a configuration error, not an outage.",
		Source: pageConnections,
		Run: func(t *T) {
			uri := t.uri
			uri.Vhost = t.UniqueName("vhost")
			_, err := amqp.Dial(uri.String())
			t.Check("error", asClientError(err), clientError{Code: 530, Text: "NOT_ALLOWED - vhost <vhost> not found", Server: true})
		},
	},
	{
		ID:     "client/flow",
		Title:  "the official client's Flow(true) is answered",
		Why:    "Its deprecated method still waits for the reply.",
		Source: reference + "channel.flow",
		Run: func(t *T) {
			t.Must(t.Channel().Flow(true))
		},
	},
}
