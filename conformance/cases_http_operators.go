package conformance

import (
	"net/http"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// askFromOutside asks for a virtual host that a user may not enter.
func (t *T) askFromOutside(user *amqp.URI) {
	t.Helper()
	name := t.UniqueName("v")
	t.Ask("PUT", "/api/vhosts/"+name, "{}")
	t.Cleanup(func() { t.Ask("DELETE", "/api/vhosts/"+name, nil) })
	for _, path := range []string{"/api/queues/" + name, "/api/queues/" + name + "/q", "/api/policies/" + name, "/api/policies/" + name + "/p"} {
		t.Observe("GET "+path, t.AskAs(user, "GET", path, nil))
	}
}

var httpOperatorsCases = []Case{
	{
		ID: "http/tags", Title: "a user's tags say which parts of the API answer",
		Why: "Dashboards log in with no more rights than they need.", Source: "rabbitmq.com/docs/management#permissions", Management: true,
		Run: func(t *T) {
			requests := []struct{ method, path, body string }{
				{"GET", "/api/whoami?columns=tags", ""}, {"GET", "/api/overview?columns=product_name,node", ""}, {"GET", "/api/nodes?columns=type", ""},
				{"GET", "/api/users?columns=nonsense", ""}, {"GET", "/api/vhosts?columns=nonsense", ""}, {"GET", "/api/permissions?columns=nonsense", ""},
				{"GET", "/api/queues/{vhost}?columns=nonsense&name=none&page=1", ""}, {"GET", "/api/policies/{vhost}?columns=nonsense", ""},
				{"PUT", "/api/policies/{vhost}/<p>", `{"pattern":"^none$","definition":{"max-length":1}}`},
				{"PUT", "/api/operator-policies/{vhost}/<p>", `{"pattern":"^none$","definition":{"max-length":1},"apply-to":"queues"}`},
				{"GET", "/api/parameters", ""}, {"GET", "/api/definitions?columns=product_name", ""}, {"PUT", "/api/vhosts/<v>", "{}"},
				{"GET", "/api/health/checks/alarms", ""}, {"GET", "/api/vhost-limits", ""}, {"GET", "/api/feature-flags?columns=nonsense", ""},
			}
			for _, tags := range []string{"", "management", "policymaker", "monitoring", "nonsense"} {
				user := t.TaggedUser("user", tags)
				name := t.UniqueName("p")
				t.Cleanup(func() {
					t.Ask("DELETE", "/api/policies/{vhost}/"+name, nil)
					t.Ask("DELETE", "/api/operator-policies/{vhost}/"+name, nil)
				})
				for _, r := range requests {
					var body any
					if r.body != "" {
						body = r.body
					}
					answer := t.AskAs(user, r.method, strings.NewReplacer("<p>", name, "<v>", name).Replace(r.path), body)
					if answer.Status == http.StatusOK && r.path != "/api/whoami?columns=tags" {
						answer.Body = nil // what others have, too
					}
					t.Observe(tags+": "+r.method+" "+r.path, answer)
				}
			}
		},
	},
	{
		ID: "http/permissions", Title: "what a user may not do over AMQP it may not do over HTTP",
		Why: "The API must be no way around permissions.", Source: pageAuth, Management: true,
		Run: func(t *T) {
			user := t.TaggedUser("user", "management")
			t.Permit(user.Username, "", "", "")
			q := t.QueueName("q")
			t.Raw().Channel().Queue(q)
			for _, line := range []struct{ method, path, body string }{
				{"PUT", "/api/queues/{vhost}/" + t.QueueName("new"), "{}"}, {"DELETE", "/api/queues/{vhost}/" + q, ""}, {"DELETE", "/api/queues/{vhost}/" + q + "/contents", ""},
				{"POST", "/api/queues/{vhost}/" + q + "/get", `{"count":1,"ackmode":"ack_requeue_true","encoding":"auto"}`},
				{"POST", "/api/exchanges/{vhost}/amq.default/publish", `{"properties":{},"routing_key":"` + q + `","payload":"x","payload_encoding":"string"}`},
				{"PUT", "/api/exchanges/{vhost}/" + t.ExchangeName("x"), `{"type":"direct"}`}, {"POST", "/api/bindings/{vhost}/e/amq.direct/q/" + q, `{"routing_key":"k"}`},
			} {
				var body any
				if line.body != "" {
					body = line.body
				}
				t.Observe(line.method+" "+line.path, t.AskAs(user, line.method, line.path, body))
			}
			t.askFromOutside(user)
		},
	},
	{
		ID: "http/policy", Title: "a policy is checked, and kept as it was given",
		Why: "A typing error in a policy is found when it is set.", Source: "rabbitmq.com/docs/parameters#policies", Management: true,
		Run: func(t *T) {
			name := t.UniqueName("p")
			path := "/api/policies/{vhost}/" + name
			t.Cleanup(func() { t.Ask("DELETE", path, nil) })
			for _, body := range []string{`{"pattern":"^none$","definition":{"max-length":5}}`, `{"pattern":"^none$","definition":{"max-length":5},"priority":"2","apply-to":"queues"}`,
				`{"pattern":"(","definition":{"max-length":5}}`, `{"pattern":"^none$","definition":{"max-length":-5}}`, `{"pattern":"^none$","definition":{"nonsense":5}}`,
				`{"pattern":"^none$","definition":{}}`, `{"pattern":"^none$"}`, `{"definition":{"max-length":5}}`, `{"pattern":"^none$","definition":{"max-length":5},"priority":"high"}`,
				`{"pattern":"^none$","definition":{"max-length":5},"apply-to":"nonsense"}`} {
				t.Observe(body, t.Ask("PUT", path, body))
			}
			t.asks("GET "+path, "DELETE "+path, "DELETE "+path)
		},
	},
	{
		ID: "http/user", Title: "a user is created with a password or its hash, and read back with the hash alone",
		Why: "Suites create users for their tenants.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			name := t.UniqueName("user")
			path := "/api/users/" + name
			t.Cleanup(func() { t.Ask("DELETE", path, nil) })
			for _, body := range []string{`{"password":"x","tags":"management,policymaker"}`, `{"password":"x","tags":["monitoring"]}`, `{"password_hash":"","tags":""}`,
				`{"tags":"management"}`, `{"password":"x"}`, `{"password_hash":"nonsense","tags":""}`} {
				t.Observe(body, t.Ask("PUT", path, body))
			}
			t.Observe("last", t.Ask("GET", path+"?columns=name,tags,password_hash,hashing_algorithm", nil))
			t.asks("PUT /api/permissions/{vhost}/"+name+` {"configure":".*","write":".*"}`, "PUT /api/permissions/{vhost}/"+name+` {"configure":"(","write":".*","read":".*"}`,
				"PUT /api/permissions/{vhost}/"+name+` {"configure":"a","write":"b","read":"c"}`, "PUT /api/permissions/{vhost}/"+name+` {"configure":"a","write":"b","read":""}`,
				"PUT /api/permissions/{vhost}/missing {\"configure\":\"a\",\"write\":\"b\",\"read\":\"c\"}", "PUT /api/permissions/missing/"+name+` {"configure":"a","write":"b","read":"c"}`,
				"GET /api/permissions/{vhost}/"+name, "DELETE /api/permissions/{vhost}/"+name, "DELETE /api/permissions/{vhost}/"+name, "DELETE "+path, "DELETE "+path)
		},
	},
	{
		ID: "http/vhost", Title: "a virtual host is created with 201, changed with 204, limited and deleted",
		Why: "Suites give each test a virtual host.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			name := t.UniqueName("v")
			path := "/api/vhosts/" + name
			t.Cleanup(func() { t.Ask("DELETE", path, nil) })
			t.asks("PUT "+path+` {"description":"a","tags":"b,c"}`, "PUT "+path+` {"description":"d"}`, "PUT "+path, "GET "+path+"?columns=name,description,tags,tracing",
				"PUT /api/vhost-limits/"+name+`/max-queues {"value":1}`, "PUT /api/vhost-limits/"+name+`/max-queues {"value":"x"}`, "GET /api/vhost-limits/"+name,
				"DELETE /api/vhost-limits/"+name+"/max-queues", "GET /api/vhost-limits/"+name, "PUT "+path+` {"tracing":"yes"}`, "DELETE "+path, "DELETE "+path)
		},
	},
	{
		ID: "http/health", Title: "health checks answer 200, or 503 and why",
		Why: "Start-up scripts wait for them.", Source: "rabbitmq.com/docs/monitoring#health-checks", Management: true,
		Run: func(t *T) {
			const queue = "/api/queues/{vhost}/aliveness-test" // which the test of that name makes and leaves behind
			if t.Ask(http.MethodGet, queue, nil).Status == http.StatusNotFound {
				t.Cleanup(func() { t.Ask(http.MethodDelete, queue, nil) })
			}
			t.asks("GET /api/health/checks/alarms", "GET /api/health/checks/local-alarms", "GET /api/health/checks/virtual-hosts", "GET /api/health/checks/node-is-quorum-critical",
				"GET /api/health/checks/certificate-expiration/1/months", "GET /api/health/checks/certificate-expiration/1/nonsense", "GET /api/health/checks/port-listener/x",
				"GET /api/aliveness-test/{vhost}", "GET /api/healthchecks/node")
		},
	},
}
