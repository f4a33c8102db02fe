package conformance

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

// listed waits until the API lists a virtual host's connections, of which there are n.
func (t *T) listed(vhost string, n int) {
	t.Helper()
	t.unrecorded(func() {
		t.CheckLater("connections", func() any {
			all, _ := t.Manage(http.MethodGet, "/api/vhosts/"+url.PathEscape(vhost)+"/connections", nil).([]any)
			return len(all)
		}, n)
	})
}

// refusedIn opens a connection as a user to a virtual host and gives the refusal.
func (t *T) refusedIn(vhost string, response []byte) Error {
	t.Helper()
	r := t.Socket()
	h := Handshake{Response: response}
	var offered *wire.ConnectionTune
	t.unrecorded(func() { offered = r.Login(h) })
	r.TuneOk(h, offered)
	return r.Channel0().Refused(&wire.ConnectionOpen{VirtualHost: vhost})
}

var vhostCases = []Case{
	{
		ID:         "vhost/separate",
		Title:      "queues, exchanges and bindings of the same names in two virtual hosts have nothing to do with each other",
		Why:        "Suites give each test a virtual host and use the same names in all.",
		Source:     pageVhosts,
		Management: true,
		Run: func(t *T) {
			one, two := t.RawIn(t.Vhost("one")).Channel(), t.RawIn(t.Vhost("two")).Channel()
			q, x := t.UniqueName("q"), t.UniqueName("x")
			one.Queue(q)
			one.Exchange(x, "fanout")
			one.Bind(q, x, "")
			t.Check("queue in the other", t.answer(two, &wire.QueueDeclare{Queue: q, Passive: true}), `channel error 404 "NOT_FOUND - no queue '<q>' in vhost '<two>'" by queue.declare`)
			two.Open()
			Call[*wire.QueueDeclareOk](two, &wire.QueueDeclare{Queue: q, AutoDelete: true, Arguments: argument("x-max-length", int32(1))})
			two.Exchange(x, "direct")
			two.Bind(q, x, "k")
			one.Publish(x, "k", "for one")
			two.Publish(x, "k", "for two")
			t.Check("queues", [][]string{one.Drain(q), two.Drain(q)}, [][]string{{"for one"}, {"for two"}})
			Call[*wire.QueueDeleteOk](two, &wire.QueueDelete{Queue: q})
			one.Publish(x, "k", "still")
			t.Check("still there", one.Drain(q), []string{"still"})
		},
	},
	{
		ID:         "vhost/predeclared",
		Title:      "a new virtual host has the amq.* exchanges and no queue",
		Why:        "Programs publish to amq.topic without declaring it.",
		Source:     pageVhosts,
		Management: true,
		Run: func(t *T) {
			vhost := t.Vhost("v")
			c := t.RawIn(vhost).Channel()
			for _, name := range []string{"amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match", "amq.rabbitmq.trace"} {
				t.Check(name, t.answer(c, &wire.ExchangeDeclare{Exchange: name, Passive: true}), "exchange.declare-ok{}")
			}
			t.Check("queues", t.Manage(http.MethodGet, "/api/queues/"+vhost, nil), []any{})
		},
	},
	{
		ID:         "vhost/no-permission",
		Title:      "who may enter one virtual host may not enter another, and a user's name and the vhost's are in the text",
		Why:        "Tenants are separated.",
		Source:     pageVhosts,
		Management: true,
		Run: func(t *T) {
			mine, theirs := t.Vhost("mine"), t.Vhost("theirs")
			user := t.User("user")
			t.PermitIn(mine, user.Username, ".*", ".*", ".*")
			response := plainResponse(user.Username, user.Password)
			t.Check("refusal", t.refusedIn(theirs, response),
				ConnectionError(wire.NotAllowed, "access to vhost '<theirs>' refused for user '<user>'", wire.IDConnectionOpen))
			r := t.Socket()
			t.unrecorded(func() { r.Handshake(Handshake{Response: response, Vhost: mine}) })
			r.Channel().Queue(t.UniqueName("q"))
			t.Manage(http.MethodDelete, "/api/permissions/"+mine+"/"+user.Username, nil)
			t.Check("no longer", t.refusedIn(mine, response),
				ConnectionError(wire.NotAllowed, "access to vhost '<mine>' refused for user '<user>'", wire.IDConnectionOpen))
			r.Channel().Publish("amq.direct", "k", "m")
			c := r.Channel()
			c.Publish("amq.direct", "k", "m")
			t.Observe("publishing on the connection that is open", c.Error())
		},
	},
	{
		ID:         "vhost/deleted",
		Title:      "a virtual host that is deleted takes its connections with it",
		Why:        "The code tells a client that it was not its fault.",
		Source:     pageVhosts,
		Management: true,
		Racy:       "either who deletes the virtual host or the end of its process closes the connection first, and the texts differ",
		Run: func(t *T) {
			vhost := t.UniqueName("v")
			t.VhostWith(vhost, map[string]any{})
			r := t.RawIn(vhost)
			c := r.Channel()
			c.Queue(t.UniqueName("q"))
			t.listed(vhost, 1)
			t.Manage(http.MethodDelete, "/api/vhosts/"+vhost, nil)
			e := c.Error()
			t.Check("close", []any{e.Scope, e.Code}, []any{OnConnection, wire.ConnectionForced})
			t.Check("known text", strings.HasSuffix(e.Text, " is deleted") || strings.HasSuffix(e.Text, " is down"), true)
			t.Check("entering it", t.refusedIn(vhost, plainResponse(t.uri.Username, t.uri.Password)),
				ConnectionError(wire.NotAllowed, "vhost <v> not found", wire.IDConnectionOpen))
		},
	},
	{
		ID:         "vhost/again",
		Title:      "a virtual host that is deleted and made again is empty, and nobody may enter it yet",
		Why:        "Tests start afresh with it.",
		Source:     pageVhosts,
		Management: true,
		Run: func(t *T) {
			vhost, q := t.UniqueName("v"), t.UniqueName("q")
			user := t.User("user")
			t.VhostWith(vhost, map[string]any{})
			t.PermitIn(vhost, user.Username, ".*", ".*", ".*")
			t.RawIn(vhost).Channel().Queue(q)
			t.Manage(http.MethodDelete, "/api/vhosts/"+vhost, nil)
			t.VhostWith(vhost, map[string]any{})
			t.Check("queue", t.answer(t.RawIn(vhost).Channel(), &wire.QueueDeclare{Queue: q, Passive: true}), `channel error 404 "NOT_FOUND - no queue '<q>' in vhost '<v>'" by queue.declare`)
			t.Check("permission", t.refusedIn(vhost, plainResponse(user.Username, user.Password)),
				ConnectionError(wire.NotAllowed, "access to vhost '<v>' refused for user '<user>'", wire.IDConnectionOpen))
		},
	},
	{
		ID:         "vhost/names",
		Title:      "a virtual host may have a name of any letters, slashes and blanks included",
		Why:        "Names come from branches, paths and test names.",
		Source:     pageVhosts,
		Management: true,
		Run: func(t *T) {
			for _, suffix := range []string{"/a/b", " with blanks", "ü", "%2F", "'quoted'"} {
				name := t.UniqueName("v") + suffix
				t.VhostWith(name, map[string]any{})
				shown := suffix
				if suffix == "ü" && t.In(Between("3.12", "3.13")) {
					shown = `\xfc` // Latin-1
				}
				t.Check(suffix, t.answer(t.RawIn(name).Channel(), &wire.ExchangeDeclare{Exchange: "none", Passive: true}),
					`channel error 404 "NOT_FOUND - no exchange 'none' in vhost '<v>`+shown+`'" by exchange.declare`)
			}
		},
	},
	{
		ID:         "vhost/policies",
		Title:      "a policy of one virtual host does not apply in another",
		Why:        "Limits of one tenant must not drop another's messages.",
		Source:     pageVhosts,
		Management: true,
		Run: func(t *T) {
			one, two, q := t.Vhost("one"), t.Vhost("two"), t.UniqueName("q")
			t.Manage(http.MethodPut, "/api/policies/"+one+"/p", map[string]any{"pattern": ".*", "definition": map[string]any{"max-length": 1}, "apply-to": "queues"})
			for _, vhost := range []string{one, two} {
				c := t.RawIn(vhost).Channel()
				c.Queue(q)
				c.Publish("", q, "a", "b")
				c.Confirm()
				c.Publish("", q, "c")
				c.Lines(1)
				want := []string{"c"}
				if vhost == two {
					want = []string{"a", "b", "c"}
				}
				t.Check(vhost, c.Drain(q), want)
			}
		},
	},
	{
		ID:         "vhost/max-queues",
		Title:      "a virtual host's limit of queues is a 406 that names the limit; those that are there stay",
		Why:        "Operators bound what leaks.",
		Source:     pageVhosts + "#limits",
		Management: true,
		Run: func(t *T) {
			vhost := t.Vhost("v")
			r := t.RawIn(vhost)
			c := r.Channel()
			first := t.UniqueName("first")
			c.Queue(first)
			t.Manage(http.MethodPut, "/api/vhost-limits/"+vhost+"/max-queues", map[string]any{"value": 1})
			second := t.UniqueName("second")
			t.Observe("second", t.answer(r.Channel(), &wire.QueueDeclare{Queue: second}))
			t.Observe("named by the server", t.answer(r.Channel(), &wire.QueueDeclare{Exclusive: true}))
			c.Queue(first)
			t.Manage(http.MethodPut, "/api/vhost-limits/"+vhost+"/max-queues", map[string]any{"value": 0})
			t.Observe("none at all", t.answer(r.Channel(), &wire.QueueDeclare{Queue: second}))
			t.Manage(http.MethodPut, "/api/vhost-limits/"+vhost+"/max-queues", map[string]any{"value": -1})
			t.Observe("no limit", t.answer(r.Channel(), &wire.QueueDeclare{Queue: second}))
		},
	},
	{
		ID:         "vhost/max-connections",
		Title:      "a virtual host's limit of connections is a 530 that names the limit",
		Why:        "A client that leaks connections must not starve the others.",
		Source:     pageVhosts + "#limits",
		Management: true,
		Run: func(t *T) {
			vhost := t.Vhost("v")
			t.Manage(http.MethodPut, "/api/vhost-limits/"+vhost+"/max-connections", map[string]any{"value": 1})
			t.RawIn(vhost).Channel()
			t.listed(vhost, 1)
			t.Observe("second", t.refusedIn(vhost, plainResponse(t.uri.Username, t.uri.Password)))
			t.Manage(http.MethodPut, "/api/vhost-limits/"+vhost+"/max-connections", map[string]any{"value": 0})
			t.Observe("none at all", t.refusedIn(vhost, plainResponse(t.uri.Username, t.uri.Password)))
		},
	},
	{
		ID:         "vhost/alternate-and-dead-letter",
		Title:      "an alternate or dead letter exchange is looked for in the same virtual host",
		Why:        "A name does not lead out of it.",
		Source:     pageVhosts,
		Management: true,
		Run: func(t *T) {
			one, two := t.RawIn(t.Vhost("one")), t.RawIn(t.Vhost("two"))
			x, spare, q := t.UniqueName("x"), t.UniqueName("spare"), t.UniqueName("q")
			c, other := one.Channel(), two.Channel()
			other.Exchange(spare, "fanout")
			other.Queue(q)
			other.Bind(q, spare, "")
			c.Exchange(x, "direct", alternate(spare))
			c.Queue(q, argument("x-dead-letter-exchange", spare)...)
			t.Check("returned", c.mandatory(x, "k", "lost"), []string{`return 312 NO_ROUTE <x> k "lost"`})
			c.Publish("", q, "dies")
			c.reject(q)
			c.CheckCounts("gone", q, Counts{})
			other.Publish("", q, "only this")
			t.Check("elsewhere", other.Drain(q), []string{"only this"})
		},
	},
}
