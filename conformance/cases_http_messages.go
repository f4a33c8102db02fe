package conformance

import "net/http"

var httpMessagesCases = []Case{
	{
		ID: "http/publish", Title: "a message that is published is told to be routed, or not",
		Why: "Tests publish through the API, and look whether anybody took it.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			q := t.QueueName("q")
			c := t.Raw().Channel()
			c.Queue(q)
			publish := func(label, exchange, body string) {
				t.Observe(label, t.Ask("POST", "/api/exchanges/{vhost}/"+exchange+"/publish", body))
			}
			publish("routed", "amq.default", `{"properties":{},"routing_key":"`+q+`","payload":"text","payload_encoding":"string"}`)
			publish("base64", "amq.default", `{"properties":{},"routing_key":"`+q+`","payload":"AP8=","payload_encoding":"base64"}`)
			publish("properties", "amq.default", `{"properties":{"content_type":"text/plain","delivery_mode":2,"priority":"3","timestamp":1700000000,"headers":{"n":1,"f":1.5,"t":true,"l":["a",{"b":null}]},"nonsense":1},"routing_key":"`+q+`","payload":"p","payload_encoding":"string"}`)
			publish("nowhere", "amq.direct", `{"properties":{},"routing_key":"nowhere","payload":"x","payload_encoding":"string"}`)
			publish("no exchange", "missing", `{"properties":{},"routing_key":"k","payload":"x","payload_encoding":"string"}`)
			publish("an expiration that is no text", "amq.default", `{"properties":{"expiration":5},"routing_key":"`+q+`","payload":"x","payload_encoding":"string"}`)
			for range 3 {
				t.Observe("got", t.Ask("POST", "/api/queues/{vhost}/"+q+"/get", `{"count":1,"ackmode":"ack_requeue_false","encoding":"auto"}`))
			}
		},
	},
	{
		ID: "http/get", Title: "messages are got with what they say of themselves, and put back if that is asked for",
		Why: "Tests look into queues through the API.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			q := t.QueueName("q")
			t.Raw().Channel().Queue(q)
			t.Publish("", q, "one", "two", "a longer one")
			get := func(body string) {
				t.Observe(body, t.Ask("POST", "/api/queues/{vhost}/"+q+"/get", body))
			}
			get(`{"count":"2","ackmode":"ack_requeue_true","encoding":"auto"}`)
			get(`{"count":5,"ackmode":"reject_requeue_true","encoding":"base64","truncate":4}`)
			get(`{"count":1,"ackmode":"reject_requeue_false","encoding":"auto"}`)
			get(`{"count":0,"ackmode":"ack_requeue_true","encoding":"auto"}`)
			get(`{"count":1,"ackmode":"ack_requeue_true","encoding":"nonsense"}`)
			get(`{"count":1,"encoding":"auto"}`)
			get(`{"count":"many","ackmode":"ack_requeue_true","encoding":"auto"}`)
			get(`{"count":9,"ackmode":"ack_requeue_false","encoding":"auto"}`)
			t.Check("empty", t.Ask("POST", "/api/queues/{vhost}/"+q+"/get", `{"count":1,"ackmode":"ack_requeue_true","encoding":"auto"}`),
				HTTPAnswer{Status: http.StatusOK, Body: []any{}})
			t.asks(`POST /api/queues/{vhost}/missing/get {"count":1,"ackmode":"ack_requeue_true","encoding":"auto"}`)
		},
	},
	{
		ID: "http/get-ackmode", Title: "an unknown way to acknowledge is refused on 4.3",
		Why: "A misspelt mode must not throw messages away.", Source: measured, Releases: Since("4.2"), Management: true,
		Run: func(t *T) {
			q := t.QueueName("q")
			t.Raw().Channel().Queue(q)
			t.asks(`POST /api/queues/{vhost}/` + q + `/get {"count":1,"ackmode":"nonsense","encoding":"auto"}`)
		},
	},
}
