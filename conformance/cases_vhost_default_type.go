package conformance

import (
	"net/http"
	"net/url"

	"github.com/minirabbit/minirabbit/wire"
)

// typedVhost makes a virtual host whose queues have that type unless they name one, and opens a connection to it.
func (t *T) typedVhost(kind string) (vhost string, r *Raw) {
	t.Helper()
	vhost = t.UniqueName("v")
	t.VhostWith(vhost, map[string]any{"default_queue_type": kind})
	return vhost, t.RawIn(vhost)
}

// typeOf observes what the HTTP API says of a queue that was just declared.
func (t *T) typeOf(label, vhost, queue string) {
	t.Helper()
	t.Observe(label, t.Ask(http.MethodGet, "/api/queues/"+url.PathEscape(vhost)+"/"+url.PathEscape(queue)+"?columns=type,arguments,durable,exclusive", nil).Body)
}

var vhostDefaultTypeCases = []Case{
	{
		ID:         "vhost.default-type/quorum",
		Title:      "where the default queue type is quorum, a durable queue that names no type is one from 4.0 on",
		Why:        "Operators move programs to quorum queues without touching them.",
		Source:     pageVhosts + "#default-queue-type",
		Management: true,
		Run: func(t *T) {
			vhost, r := t.typedVhost("quorum")
			c, q := r.Channel(), t.UniqueName("q")
			c.Queue(q)
			t.typeOf("type", vhost, q)
			c.Confirm()
			c.Publish("", q, "m")
			c.Lines(1)
			c.Send(&wire.BasicGet{Queue: q})
			got := c.Next()
			c.Send(&wire.BasicReject{DeliveryTag: got.Method.(*wire.BasicGetOk).DeliveryTag, Requeue: true})
			t.Observe("comes back", c.getWithHeaders(q))
		},
	},
	{
		ID:         "vhost.default-type/named",
		Title:      "a type that a declaration names is not changed by the default",
		Why:        "Programs that know what they need get it.",
		Source:     pageVhosts + "#default-queue-type",
		Management: true,
		Run: func(t *T) {
			vhost, r := t.typedVhost("quorum")
			for _, kind := range []string{"classic", "quorum", "stream"} {
				q := t.UniqueName(kind)
				r.Channel().Queue(q, queueType(kind))
				t.typeOf(kind, vhost, q)
			}
		},
	},
	{
		ID:         "vhost.default-type/transient",
		Title:      "what becomes of transient, exclusive, auto-delete and server-named queues where the default is quorum",
		Why:        "Quorum queues are none of that, and reply queues are all of it.",
		Source:     pageVhosts + "#default-queue-type",
		Management: true,
		Run: func(t *T) {
			vhost, _ := t.typedVhost("quorum")
			for _, each := range []struct {
				label   string
				declare wire.QueueDeclare
			}{
				{"transient", wire.QueueDeclare{}}, {"exclusive", wire.QueueDeclare{Exclusive: true}}, {"auto-delete", wire.QueueDeclare{AutoDelete: true}},
				{"durable exclusive", wire.QueueDeclare{Durable: true, Exclusive: true}}, {"durable auto-delete", wire.QueueDeclare{Durable: true, AutoDelete: true}},
				{"durable exclusive auto-delete", wire.QueueDeclare{Durable: true, Exclusive: true, AutoDelete: true}},
				{"exclusive auto-delete", wire.QueueDeclare{Exclusive: true, AutoDelete: true}},
			} {
				declare, q := each.declare, t.UniqueName("q")
				declare.Queue = q
				t.Observe(each.label, t.answer(t.RawIn(vhost).Channel(), &declare))
			}
			for _, declare := range []*wire.QueueDeclare{{}, {Durable: true}, {Exclusive: true}} {
				c := t.RawIn(vhost).Channel()
				c.Send(declare)
				t.Observe("named by the server "+describe(declare), c.Next().Method.ID().String())
			}
		},
	},
	{
		ID:         "vhost.default-type/arguments",
		Title:      "an argument that the default type does not know is ignored or refused as if the type had been named",
		Why:        "Priorities and modes of classic queues meet quorum queues.",
		Source:     pageVhosts + "#default-queue-type",
		Management: true,
		Run: func(t *T) {
			vhost, _ := t.typedVhost("quorum")
			for _, arguments := range []wire.Table{argument("x-max-priority", int32(5)), argument("x-queue-mode", "lazy"), argument("x-overflow", "reject-publish-dlx"),
				argument("x-delivery-limit", int32(3)), argument("x-max-age", "1h")} {
				q := t.UniqueName("q")
				t.Observe(arguments.String(), t.answer(t.RawIn(vhost).Channel(), &wire.QueueDeclare{Queue: q, Durable: true, Arguments: arguments}))
			}
		},
	},
	{
		ID:         "vhost.default-type/again",
		Title:      "a queue is declared again with or without the default type, and not with another",
		Why:        "Some programs name it, others do not.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			vhost, r := t.typedVhost("quorum")
			q, named := t.UniqueName("q"), t.UniqueName("named")
			c := r.Channel()
			c.Queue(q)
			c.Queue(named, queueType("quorum"))
			for _, name := range []string{q, named} {
				for _, arguments := range []wire.Table{nil, {queueType("quorum")}, {queueType("classic")}, {queueType("stream")}} {
					t.Observe(name+" "+arguments.String(), t.answer(t.RawIn(vhost).Channel(), &wire.QueueDeclare{Queue: name, Durable: true, Arguments: arguments}))
				}
			}
		},
	},
	{
		ID:         "vhost.default-type/changed",
		Title:      "a default that is changed is for queues to come, and is compared with in a redeclaration",
		Why:        "A virtual host is migrated in place.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			vhost := t.UniqueName("v")
			t.VhostWith(vhost, map[string]any{})
			c := t.RawIn(vhost).Channel()
			before, after := t.UniqueName("before"), t.UniqueName("after")
			c.Queue(before)
			t.VhostWith(vhost, map[string]any{"default_queue_type": "quorum"})
			t.Observe("again", t.answer(t.RawIn(vhost).Channel(), &wire.QueueDeclare{Queue: before, Durable: true}))
			c.Queue(after)
			t.typeOf("before", vhost, before)
			t.typeOf("after", vhost, after)
		},
	},
	{
		ID:         "vhost.default-type/stream",
		Title:      "where the default is stream, a durable queue is one",
		Why:        "It is read without being emptied.",
		Source:     pageVhosts + "#default-queue-type",
		Management: true,
		Run: func(t *T) {
			vhost, r := t.typedVhost("stream")
			q := t.UniqueName("q")
			r.Channel().Queue(q)
			t.typeOf("type", vhost, q)
			for _, declare := range []wire.QueueDeclare{{Exclusive: true}, {}, {Durable: true, AutoDelete: true}} {
				declare.Queue = t.UniqueName("other")
				t.Observe(describe(&declare), t.answer(t.RawIn(vhost).Channel(), &declare))
			}
		},
	},
	{
		ID:         "vhost.default-type/values",
		Title:      "which default types a virtual host can have, and how they are read back",
		Why:        "A typing error is found when it is made, or when a queue is declared.",
		Source:     pageVhosts + "#default-queue-type",
		Management: true,
		Run: func(t *T) {
			for _, kind := range []any{"classic", "quorum", "stream", "nonsense", "", nil, 1} {
				name := t.UniqueName("v")
				path := "/api/vhosts/" + name
				t.Cleanup(func() { t.unrecorded(func() { t.manage(http.MethodDelete, path, nil) }) })
				t.Observe(render(kind), t.Ask(http.MethodPut, path, map[string]any{"default_queue_type": kind}))
				t.Observe(render(kind)+" read back", t.Ask(http.MethodGet, path+"?columns=default_queue_type", nil))
			}
		},
	},
	{
		ID:         "vhost.default-type/nonsense",
		Title:      "what a queue without a type is where the default is no type",
		Why:        "The mistake shows at the latest here.",
		Source:     measured,
		Management: true,
		Releases:   Only("3.10"),
		Run: func(t *T) {
			vhost, r := t.typedVhost("nonsense")
			t.Observe("declare", t.answer(r.Channel(), &wire.QueueDeclare{Queue: t.UniqueName("q"), Durable: true}))
			_ = vhost
		},
	},
}
