package conformance

import "github.com/minirabbit/minirabbit/wire"

var queueUnbindCases = []Case{
	{
		ID:     "queue.unbind/missing-binding",
		Title:  "unbinding what is not bound succeeds, whether or not the exchange or the queue exist",
		Why:    "RabbitMQ made unbinding idempotent, so clean-up code may run twice.",
		Source: measured,
		Run: func(t *T) {
			r, q, x := t.Raw(), t.QueueName("q"), t.ExchangeName("x")
			r.Channel().Queue(q)
			t.Check("no binding", describe(Call[*wire.QueueUnbindOk](r.Channel(), &wire.QueueUnbind{Queue: q, Exchange: "amq.direct", RoutingKey: "k"})), "queue.unbind-ok{}")
			t.Check("no exchange", describe(Call[*wire.QueueUnbindOk](r.Channel(), &wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: "k"})), "queue.unbind-ok{}")
			t.Check("no queue", describe(Call[*wire.QueueUnbindOk](r.Channel(), &wire.QueueUnbind{Queue: t.QueueName("p"), Exchange: "amq.direct", RoutingKey: "k"})), "queue.unbind-ok{}")
		},
	},
}
