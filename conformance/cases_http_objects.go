package conformance

import "net/http"

var httpObjectsCases = []Case{
	{
		ID: "http/queue", Title: "a queue is created with 201, declared again with 204, and otherwise with 400 and AMQP's text",
		Why: "Set-up scripts are run again and again.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			q := t.QueueName("q")
			path := "/api/queues/{vhost}/" + q
			for _, body := range []string{`{"durable":true,"arguments":{"x-max-length":5}}`, `{"durable":true,"arguments":{"x-max-length":5}}`,
				`{"durable":"true","auto_delete":"false","arguments":{"x-max-length":5}}`, `{"durable":false,"arguments":{"x-max-length":5}}`,
				`{"durable":true,"arguments":{"x-max-length":6}}`, `{"durable":true}`, `{"durable":true,"arguments":{"x-max-length":-1}}`,
				`{"durable":true,"arguments":{"x-max-length":"5"}}`} {
				t.Observe(body, t.Ask("PUT", path, body))
			}
			t.asks("PUT /api/queues/{vhost}/amq.conformance {}", "PUT /api/queues/{vhost}/"+t.QueueName("odd")+` {"arguments":{"x-queue-type":"nonsense"}}`,
				"PUT /api/queues/{vhost}/"+t.QueueName("node")+` {"durable":true,"node":"rabbit@nowhere"}`)
			t.Observe("declared", t.Ask("GET", path+"?columns=name,durable,auto_delete,exclusive,arguments.x-max-length,type", nil))
		},
	},
	{
		ID: "http/queue-delete", Title: "a queue is deleted unless it is to be empty or unused and is not, and purged",
		Why: "Tear-down must not throw away what somebody still uses.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			q := t.QueueName("q")
			c := t.Raw().Channel()
			c.Queue(q)
			t.Publish("", q, "m")
			path := "/api/queues/{vhost}/" + q
			t.asks("DELETE "+path+"?if-empty=true", "DELETE "+path+"/contents", "DELETE /api/queues/{vhost}/missing/contents")
			c.Consume(q, "tag")
			t.asks("DELETE "+path+"?if-unused=true", "DELETE "+path+"?if-unused=false&if-empty=true", "DELETE "+path)
		},
	},
	{
		ID: "http/exchange", Title: "an exchange is created with 201, declared again with 204, and otherwise with 400 and AMQP's text",
		Why: "Set-up scripts are run again and again.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			x := t.ExchangeName("x")
			path := "/api/exchanges/{vhost}/" + x
			for _, body := range []string{`{"type":"direct","durable":true}`, `{"type":"direct","durable":"true"}`, `{"type":"fanout","durable":true}`,
				`{"type":"direct","durable":true,"internal":true}`, `{"durable":true}`, `{"type":"x-conformance-nonsense"}`} {
				t.Observe(body, t.Ask("PUT", path, body))
			}
			t.asks(`PUT /api/exchanges/{vhost}/amq.conformance {"type":"direct"}`, `PUT /api/exchanges/{vhost}/amq.direct {"type":"direct","durable":true}`,
				"DELETE /api/exchanges/{vhost}/amq.direct", "DELETE /api/exchanges/{vhost}/amq.default", "GET /api/exchanges/{vhost}/amq.default?columns=name,type,durable")
			t.Observe("declared", t.Ask("GET", path+"?columns=name,type,durable,auto_delete,internal,arguments", nil))
			q := t.QueueName("q")
			t.Raw().Channel().Queue(q)
			t.Observe("bind", t.Ask("POST", "/api/bindings/{vhost}/e/"+x+"/q/"+q, map[string]any{"routing_key": "k"}))
			t.asks("DELETE "+path+"?if-unused=true", "DELETE "+path)
		},
	},
	{
		ID: "http/binding", Title: "a binding is created with 201 and its address, and known by a key made of routing key and arguments",
		Why: "Tools delete bindings by that key.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			x, q := t.ExchangeName("x"), t.QueueName("q")
			c := t.Raw().Channel()
			c.Exchange(x, "topic")
			c.Queue(q)
			path := "/api/bindings/{vhost}/e/" + x + "/q/" + q
			for _, body := range []string{`{"routing_key":"k"}`, `{"routing_key":"k"}`, `{}`, `{"routing_key":"a b/%~é"}`, `{"routing_key":"k","arguments":{"n":1}}`,
				`{"routing_key":"","arguments":{"x-match":"all","s":"text","t":{"deep":[1,true,"x"]}}}`} {
				t.Observe(body, t.Ask("POST", path, body))
			}
			t.Observe("listed", t.Ask("GET", path+"?columns=routing_key,properties_key,destination_type&sort=properties_key", nil))
			t.Check("gone", t.Ask("DELETE", path+"/k", nil), HTTPAnswer{Status: http.StatusNoContent})
			t.Check("not there", t.Ask("DELETE", path+"/k", nil).Status, http.StatusNotFound)
			t.asks("GET "+path+"/~", "GET "+path+"/a+b%2F%25%7E%C3%A9", "GET "+path+"/a%2Bb%252F%2525%257E%25C3%25A9", "DELETE "+path+"/nonsense",
				"POST /api/bindings/{vhost}/e/"+x+"/q/missing {}", "POST /api/bindings/{vhost}/e/missing/q/"+q+" {}",
				"POST /api/bindings/{vhost}/e/amq.default/q/"+q+" {}")
			t.Observe("of the queue", t.Ask("GET", "/api/queues/{vhost}/"+q+"/bindings?columns=source,routing_key,properties_key", nil))
		},
	},
}
