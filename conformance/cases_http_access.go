package conformance

import (
	"net/http"
	"strings"
)

var httpAccessCases = []Case{
	{
		ID: "http/elsewhere", Title: "administrators look into every virtual host, monitors into their limits and consumers, others into their own",
		Why: "A suite's administrator has no permissions in the virtual hosts that it looks into.", Source: "rabbitmq.com/docs/management#permissions", Management: true,
		Run: func(t *T) {
			vhost := t.UniqueName("v")
			t.Ask("PUT", "/api/vhosts/"+vhost, "{}")
			t.Cleanup(func() { t.Ask("DELETE", "/api/vhosts/"+vhost, nil) })
			t.Ask("PUT", "/api/queues/"+vhost+"/q", `{"durable":true}`)
			for _, tags := range []string{"management", "policymaker", "monitoring", "administrator"} {
				user := t.TaggedUser("user", tags)
				for _, line := range []string{"GET queues/<v>/q", "GET exchanges/<v>/amq.topic", "GET bindings/<v>", "GET queues/<v>/q/bindings", "GET vhosts/<v>/connections",
					"GET vhosts/<v>/channels", "GET consumers/<v>", "GET vhost-limits/<v>", "GET policies/<v>", "GET operator-policies/<v>", "GET operator-policies/<v>/p",
					"GET parameters/x/<v>", "GET parameters/x/missing", "GET definitions/<v>", "GET aliveness-test/<v>", "GET user-limits", "GET user-limits/guest",
					"GET user-limits/<u>", "GET auth/hash_password/x", "GET deprecated-features", "PUT queues/<v>/new {}", "DELETE queues/<v>/q/contents",
					`POST queues/<v>/q/get {"count":1,"ackmode":"ack_requeue_true","encoding":"auto"}`,
					`POST exchanges/<v>/amq.default/publish {"properties":{},"routing_key":"q","payload":"x","payload_encoding":"string"}`} {
					method, path, _ := strings.Cut(strings.NewReplacer("<v>", vhost, "<u>", user.Username).Replace(line), " ")
					path, text, _ := strings.Cut(path, " ")
					var body any
					if text != "" {
						body = text
					}
					answer := t.AskAs(user, method, "/api/"+path, body)
					if answer.Status == http.StatusOK {
						answer.Body = nil // whose shape other cases are about
					}
					t.Observe(tags+": "+line, answer)
				}
			}
		},
	},
	{
		ID: "http/others", Title: "who is no monitor is told nothing of the connections and channels of others",
		Why: "Dashboards of tenants show a tenant's own.", Source: "rabbitmq.com/docs/management#permissions", Management: true,
		Run: func(t *T) {
			owner := t.TaggedUser("owner", "management")
			t.RawAs(*owner).Channel()
			var name string
			t.awaitStatistics("the channel", func() bool {
				list, _ := t.Ask("GET", "/api/channels", nil).Body.([]any)
				for _, item := range list {
					if o, _ := item.(map[string]any); o["user"] == owner.Username {
						details, _ := o["connection_details"].(map[string]any)
						name, _ = details["name"].(string)
					}
				}
				return name != ""
			})
			path := strings.NewReplacer(" ", "%20", ">", "%3E").Replace(name)
			for _, tags := range []string{"management", "monitoring"} {
				user := t.TaggedUser("user", tags)
				want := HTTPAnswer{Status: http.StatusOK}
				if tags == "management" {
					want = HTTPAnswer{Status: http.StatusUnauthorized, Body: map[string]any{"error": "not_authorised", "reason": "User not authorised to access object"}}
				}
				for _, path := range []string{"connections/" + path, "channels/" + path + "%20(1)", "connections/" + path + "/channels"} {
					answer := t.AskAs(user, "GET", "/api/"+path, nil)
					if answer.Status == http.StatusOK {
						answer.Body = nil
					}
					kind, _, _ := strings.Cut(path, "/")
					t.Check(tags+": "+kind, answer, want)
				}
			}
		},
		Racy: "the connection is listed when its statistics are there",
	},
	{
		ID: "http/lists-in-pages", Title: "some lists come in pages, and the others do not heed that they are asked to",
		Why: "A client must not find an object where it looks for an array.", Source: measured, Management: true,
		Run: func(t *T) {
			for _, path := range []string{"queues", "queues/{vhost}", "exchanges", "exchanges/{vhost}", "connections", "channels", "users", "users/without-permissions",
				"bindings", "bindings/{vhost}", "exchanges/{vhost}/amq.direct/bindings/source", "consumers", "permissions", "topic-permissions", "users/guest/permissions",
				"policies", "policies/{vhost}", "operator-policies", "vhost-limits", "user-limits", "parameters", "global-parameters", "nodes", "feature-flags",
				"vhosts/{vhost}/connections", "vhosts/{vhost}/channels", "vhosts/{vhost}/permissions", "connections/username/guest"} {
				_, paged := t.Ask("GET", "/api/"+path+"?page=1", nil).Body.(map[string]any)
				t.Check(path, paged, strings.HasPrefix(path, "queues") || path == "exchanges" || path == "exchanges/{vhost}" || path == "connections" || path == "channels" ||
					path == "connections/username/guest" || !t.In(Only("3.10")) && (path == "users" || path == "users/without-permissions"))
			}
			for _, path := range []string{"users", "exchanges", "exchanges/{vhost}"} {
				list, _ := t.Ask("GET", "/api/"+path+"?columns=nonsense", nil).Body.([]any)
				t.Check(path+" without columns", len(list) > 0 && len(list[0].([]any)) == 0, true)
			}
			overview, _ := t.Ask("GET", "/api/overview?columns=object_totals.queues", nil).Body.(map[string]any)
			totals, _ := overview["object_totals"].(map[string]any)
			_, exchanges := totals["exchanges"]
			t.Check("the overview has whole columns", exchanges, true)
		},
		Racy: "only whether lists come in pages is of interest, and not what others have in them",
	},
	{
		ID: "http/ranges", Title: "samples come for the whole range that is asked for, and no range may be empty or of more than 500 steps",
		Why: "Dashboards draw what they get.", Source: pageHTTP, Management: true,
		Run: func(t *T) {
			q := t.QueueName("q")
			t.Ask("PUT", "/api/queues/{vhost}/"+q, `{"durable":true}`)
			for _, query := range []string{"lengths_age=60&lengths_incr=0", "msg_rates_age=-5&msg_rates_incr=5", "data_rates_age=600&data_rates_incr=1", "node_stats_age=0&node_stats_incr=1"} {
				for _, path := range []string{"overview", "queues/{vhost}/" + q, "queues", "exchanges", "exchanges/{vhost}/amq.direct", "connections", "channels", "vhosts", "nodes"} {
					t.Observe(path+"?"+query, t.Ask("GET", "/api/"+path+"?"+query, nil))
				}
			}
			samples := func(query string) (n int, average bool) {
				overview, _ := t.Ask("GET", "/api/overview?"+query, nil).Body.(map[string]any)
				totals, _ := overview["queue_totals"].(map[string]any)
				details, _ := totals["messages_details"].(map[string]any)
				list, _ := details["samples"].([]any)
				_, average = details["avg"]
				return len(list), average
			}
			t.awaitStatistics("a sample", func() bool { n, _ := samples("lengths_age=60&lengths_incr=5"); return n > 0 })
			for _, c := range []struct {
				query string
				want  int
			}{{"lengths_age=60&lengths_incr=5", 13}, {"lengths_age=60&lengths_incr=61", 1}, {"lengths_age=500&lengths_incr=1", 501},
				{"lengths_age=x&lengths_incr=5", 0}, {"lengths_age=60", 0}, {"lengths_age=1.5&lengths_incr=1", 0}} {
				n, average := samples(c.query)
				t.Check(c.query, n, c.want)
				t.Check(c.query+": average", average, c.want > 1)
			}
		},
		Racy: "statistics take some seconds to come",
	},
	{
		ID: "http/import", Title: "definitions pass over what is named as the broker's own",
		Why: "RabbitMQ's own files have the exchange amq.rabbitmq.log in them.", Source: measured, Management: true,
		Run: func(t *T) {
			for _, body := range []string{`{"exchanges":[{"name":"amq.conformance","type":"topic","durable":true,"auto_delete":false,"internal":true,"arguments":{}}]}`,
				`{"exchanges":[{"name":"amq.direct","type":"topic","durable":true,"auto_delete":false,"internal":false,"arguments":{}}]}`,
				`{"exchanges":[{"name":"","type":"direct","durable":true,"auto_delete":false,"internal":false,"arguments":{}}]}`,
				`{"queues":[{"name":"amq.conformance","durable":true,"auto_delete":false,"arguments":{}}]}`} {
				t.Observe(body, t.Ask("POST", "/api/definitions/{vhost}", body))
			}
			t.asks("GET /api/exchanges/{vhost}/amq.conformance", "GET /api/exchanges/{vhost}/amq.direct?columns=type", "GET /api/queues/{vhost}/amq.conformance")
		},
	},
	{
		ID: "http/types", Title: "a publishing's numbers are no texts and its payload is one; a boolean is not null",
		Why: "What a language's JSON makes of a variable that is not set must not pass for a value.", Source: measured, Management: true,
		Run: func(t *T) {
			q := t.QueueName("q")
			for _, what := range []string{`"properties":{"delivery_mode":"2"},"payload":"x","payload_encoding":"string"`, `"properties":{"priority":"3"},"payload":"x","payload_encoding":"string"`,
				`"properties":{"timestamp":"5"},"payload":"x","payload_encoding":"string"`, `"properties":{"delivery_mode":3},"payload":"x","payload_encoding":"string"`,
				`"properties":{"headers":{"a":null},"priority":"3"},"payload":"x","payload_encoding":"string"`, `"properties":{},"payload":5,"payload_encoding":"string"`,
				`"properties":{},"payload":null,"payload_encoding":"string"`, `"properties":{},"payload":{"a":1},"payload_encoding":"base64"`,
				`"properties":{},"payload":"x","payload_encoding":null`} {
				t.Observe(what, t.Ask("POST", "/api/exchanges/{vhost}/amq.direct/publish", `{"routing_key":"nowhere",`+what+`}`))
			}
			t.asks(`PUT /api/queues/{vhost}/`+q+` {"durable":null}`, `PUT /api/exchanges/{vhost}/`+q+` {"type":"direct","durable":null}`,
				`PUT /api/users/`+q+` {"password":5,"tags":""}`, `PUT /api/users/`+q+` {"password":null,"tags":""}`, `PUT /api/users/`+q+` {"password":"x","tags":null}`,
				`PUT /api/users/`+q+` {"password":"x","tags":1}`, `PUT /api/policies/{vhost}/`+q+` {"pattern":5,"definition":{"max-length":5}}`,
				`PUT /api/policies/{vhost}/`+q+` {"pattern":"x","definition":{"max-length":5},"priority":null}`,
				`POST /api/queues/{vhost}/`+q+`/get {}`, `POST /api/queues/{vhost}/`+q+`/get {"count":1,"ackmode":"ack_requeue_true","encoding":"auto","truncate":"x"}`,
				`POST /api/users/bulk-delete {"users":5}`)
		},
	},
}
