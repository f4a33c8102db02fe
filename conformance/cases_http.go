package conformance

import (
	"net/http"
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// awaitListed waits until the connection of a user is listed, which takes RabbitMQ some seconds.
func (t *T) awaitListed(user string) {
	t.Helper()
	t.awaitStatistics("the connection of user "+user, func() bool {
		list, _ := t.Ask("GET", "/api/connections/username/"+user, nil).Body.([]any)
		return len(list) == 1
	})
}

// awaitStatistics waits until the API shows something, which takes RabbitMQ some seconds.
func (t *T) awaitStatistics(what string, shown func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !shown(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s is not shown", what)
		}
	}
}

var httpCases = []Case{
	{
		ID: "http/login", Title: "who is nobody, or says a wrong password, is answered 401",
		Why: "Health checks of a suite tell a broker that is not ready from a wrong password.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			t.Check("nobody", t.AskAs(nil, "GET", "/api/whoami", nil).Status, http.StatusUnauthorized)
			wrong := t.uri
			wrong.Password = "wrong"
			t.Check("wrong password", t.AskAs(&wrong, "GET", "/api/whoami", nil), ByRelease(t,
				On(Only("3.10"), HTTPAnswer{Status: 401, Body: map[string]any{"error": "not_authorized", "reason": "Login failed"}}),
				On(Since("3.12"), HTTPAnswer{Status: 401, Body: map[string]any{"error": "not_authorized", "reason": "Not_Authorized"}})))
			user := t.User("user")
			t.Observe("a user without tags", t.AskAs(&user, "GET", "/api/whoami", nil))
		},
	},
	{
		ID: "http/missing", Title: "what is not there is answered 404, with a body of its own for virtual hosts",
		Why: "Tools tell an object that is not there from an API that is not.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			missing := HTTPAnswer{Status: 404, Body: map[string]any{"error": "Object Not Found", "reason": "Not Found"}}
			for _, path := range []string{"queues/{vhost}/missing", "exchanges/{vhost}/missing", "vhosts/missing", "users/missing", "connections/missing",
				"channels/missing", "policies/{vhost}/missing", "permissions/{vhost}/missing", "parameters/federation-upstream/{vhost}/missing", "global-parameters/missing"} {
				t.Check(path, t.Ask("GET", "/api/"+path, nil), missing)
			}
			t.asks("GET /api/queues/missing", "GET /api/exchanges/missing/x", "PUT /api/queues/missing/q {}", "PUT /api/exchanges/missing/x {\"type\":\"direct\"}",
				"DELETE /api/queues/{vhost}/missing", "DELETE /api/exchanges/{vhost}/missing", "DELETE /api/vhosts/missing", "DELETE /api/users/missing",
				"DELETE /api/connections/missing", "GET /api/nonsense")
		},
	},
	{
		ID: "http/method", Title: "a method that a path does not have is answered 405, with those that it has",
		Why: "Client libraries find out what a broker can do.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			t.asks("POST /api/overview {}", "DELETE /api/overview", "PUT /api/queues {}", "DELETE /api/exchanges/{vhost}", "POST /api/vhosts/x {}", "PUT /api/queues/{vhost}/q/get {}")
		},
	},
	{
		ID: "http/body", Title: "a body that is no JSON, or not an object, is answered 400",
		Why: "Hand-written requests go wrong in a test suite first.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			q := t.QueueName("q")
			for _, body := range []string{`[`, `"text"`, `{"durable":`, `{"durable":"perhaps"}`} {
				t.Observe(body, t.Ask("PUT", "/api/queues/{vhost}/"+q, body))
			}
			t.asks("POST /api/exchanges/{vhost}/amq.direct/publish {}", "POST /api/exchanges/{vhost}/amq.direct/publish {\"routing_key\":\"k\",\"payload\":\"x\",\"payload_encoding\":\"string\"}",
				"POST /api/exchanges/{vhost}/amq.direct/publish {\"properties\":{},\"routing_key\":\"k\",\"payload\":\"x\",\"payload_encoding\":\"nonsense\"}",
				"POST /api/exchanges/{vhost}/amq.direct/publish {\"properties\":{},\"routing_key\":\"k\",\"payload\":\"=\",\"payload_encoding\":\"base64\"}",
				"POST /api/exchanges/{vhost}/amq.direct/publish {\"properties\":{\"priority\":\"high\"},\"routing_key\":\"k\",\"payload\":\"x\",\"payload_encoding\":\"string\"}",
				"PUT /api/vhost-limits/{vhost}/nonsense {\"value\":1}", "PUT /api/users/ {\"password\":\"x\"}")
		},
	},
	{
		ID: "http/pages", Title: "lists come in pages, filtered by name, with their counts",
		Why: "Tools that list thousands of queues ask for pages.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			name := t.UniqueName("q")
			for _, suffix := range []string{"-a", "-b", "-c"} {
				t.Ask("PUT", "/api/queues/{vhost}/"+name+suffix, map[string]any{"durable": true})
				t.Cleanup(func() { t.Ask("DELETE", "/api/queues/{vhost}/"+name+suffix, nil) })
			}
			observe := func(query string, answer HTTPAnswer) {
				if body, ok := answer.Body.(map[string]any); ok {
					delete(body, "total_count") // others use the vhost as well
				}
				t.Observe(query, answer)
			}
			for _, query := range []string{"page=1", "page=1&page_size=2", "page=2&page_size=2", "page=1&page_size=2&sort=name&sort_reverse=true"} {
				observe(query, t.Ask("GET", "/api/queues/{vhost}?columns=name&name="+name+"&"+query, nil))
			}
			for _, query := range []string{"page=0", "page=x", "page=1&page_size=501", "page=1&page_size=0", "page=99&name=" + name, "page=1&use_regex=true&name=("} {
				observe(query, t.Ask("GET", "/api/queues/{vhost}?columns=name&"+query, nil))
			}
			exact := t.Ask("GET", "/api/queues/{vhost}?columns=name&page=1&use_regex=true&name=^"+name+"-[ab]$", nil)
			t.Check("by expression", exact.Body.(map[string]any)["filtered_count"], 2.0)
		},
	},
	{
		ID: "http/columns", Title: "columns choose fields, dots lead into objects, and nothing chosen is an empty list",
		Why: "Tools poll for two numbers, not for everything.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			q := t.QueueName("q")
			t.Ask("PUT", "/api/queues/{vhost}/"+q, map[string]any{"durable": true, "arguments": map[string]any{"x-max-length": 5}})
			list, _ := t.Ask("GET", "/api/vhosts?columns=name", nil).Body.([]any)
			for _, vhost := range list {
				if o, _ := vhost.(map[string]any); o["name"] == t.uri.Vhost {
					_, whole := o["tracing"]
					t.Check("a list of virtual hosts has all columns", whole, !t.In(UpTo("3.13")))
				}
			}
			for _, columns := range []string{"name,durable", "arguments.x-max-length", "arguments", "nonsense", "name,nonsense"} {
				t.Observe(columns, t.Ask("GET", "/api/queues/{vhost}/"+q+"?columns="+columns, nil))
			}
		},
	},
	{
		ID: "http/close", Title: "a connection that is closed reads who wanted it, or why",
		Why: "Tests of reconnection close connections through the API.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			user := t.TaggedUser("user", "")
			for _, reason := range []string{"", "enough of it"} {
				r := t.RawAs(*user)
				request, err := http.NewRequest("DELETE", t.target.ManagementURL+"/api/connections/username/"+user.Username, nil)
				t.Must(err)
				request.SetBasicAuth(t.uri.Username, t.uri.Password)
				want := "CONNECTION_FORCED - Closed via management plugin"
				if reason != "" {
					request.Header.Set("X-Reason", reason)
					want = "CONNECTION_FORCED - " + reason
				}
				t.awaitListed(user.Username)
				response, err := http.DefaultClient.Do(request)
				t.Must(err)
				response.Body.Close()
				t.Check("status", response.StatusCode, http.StatusNoContent)
				t.Check("close", r.Channel0().Error(), ConnectionError(wire.ConnectionForced, strings.TrimPrefix(want, "CONNECTION_FORCED - "), 0))
			}
		},
	},
}
