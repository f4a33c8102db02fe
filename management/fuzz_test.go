package management

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// write is a request that takes a body: a method and a path with names of what is there, or is made.
type write struct{ method, path string }

// writes are the PUTs and POSTs of all routes.
func writes() (all []write) {
	names := strings.NewReplacer("{vhost}", "%2F", "{queue}", "q", "{exchange}", "amq.topic", "{user}", "u", "{component}", "federation-upstream",
		"{source}", "amq.direct", "{kind}", "q", "{destination}", "q", "{resource}", "memory", "{node}", "rabbit@minirabbit", "{name}", "max-queues")
	for _, r := range routes {
		if r.exists != nil && !r.exists(&release.Default().HTTP) {
			continue
		}
		path := "/api/" + names.Replace(r.pattern)
		if r.put != nil {
			all = append(all, write{http.MethodPut, path}, write{http.MethodPut, strings.NewReplacer("/q", "/new", "/u", "/new").Replace(path)})
		}
		if r.post != nil {
			all = append(all, write{http.MethodPost, path})
		}
	}
	return all
}

// fuzzedNode is a node with a queue "q", which holds a message, and a user "u".
func fuzzedNode(t *testing.T, shown *release.Release) (*broker.Node, *API) {
	node := broker.NewNode(broker.Options{Release: shown, OnPanic: func(p *broker.Panic) { t.Errorf("%v\n\n%s", p, p.Stack) }})
	t.Cleanup(node.Close)
	node.AddUser("u", "p", "management")
	vh := node.VHost("/")
	vh.Lock()
	defer vh.Unlock()
	if _, err := vh.DeclareQueue(nil, &wire.QueueDeclare{Queue: "q", Durable: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := vh.Publish(broker.Publishing{RoutingKey: "q", Properties: []byte{0, 0}, Body: []byte("m")}); err != nil {
		t.Fatal(err)
	}
	api := New(node)
	t.Cleanup(api.Close)
	return node, api
}

// ask sends a request to an API and returns its answer. It must not take more memory than is in proportion: something
// for each request, and for each byte of the body.
func ask(t *testing.T, api *API, method, path string, body []byte) *httptest.ResponseRecorder {
	const always, forByte = 2 << 20, 500
	u, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, "http://localhost/", bytes.NewReader(body))
	r.URL = u // which may be one that no line of HTTP can hold
	r.RemoteAddr = "127.0.0.1:1"
	r.SetBasicAuth("guest", "guest")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	before := allocated()
	api.ServeHTTP(w, r)
	if got, most := allocated()-before, always+forByte*uint64(len(body)); method != http.MethodGet && got > most {
		t.Errorf("%s %s with %d bytes allocated %d, at most %d are in proportion", method, path, len(body), got, most)
	}
	return w
}

// FuzzBody: whatever body comes with a request, it is answered, the books balance, and everything can be listed after.
func FuzzBody(f *testing.F) {
	all := writes()
	bodies := []string{`{}`, `[]`, `"x"`, `{"durable":true,"auto_delete":"false","arguments":{"x-message-ttl":1000,"x-queue-type":"quorum"}}`,
		`{"type":"topic","arguments":{"alternate-exchange":"amq.fanout"}}`, `{"routing_key":"q","payload":"eA==","payload_encoding":"base64","properties":{"delivery_mode":2,"headers":{"a":[1,2.5,null,{"b":"c"}]}}}`,
		`{"count":1,"ackmode":"ack_requeue_true","encoding":"auto","truncate":10}`, `{"pattern":"^q$","definition":{"max-length":1,"dead-letter-exchange":"x"},"priority":1,"apply-to":"queues"}`,
		`{"value":10}`, `{"configure":".*","write":"","read":"^a|b"}`, `{"exchange":"amq.topic","write":"a","read":"b"}`, `{"password":"p","tags":"administrator,x"}`,
		`{"users":["u"]}`, `{"name":"n"}`, `{"description":"d","tags":"a,b","default_queue_type":"quorum"}`, `{"action":"sync"}`}
	for i := range all {
		for _, body := range bodies {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		w := all[int(which)%len(all)]
		node, api := fuzzedNode(t, release.All()[int(which)/len(all)%len(release.All())])
		if answer := ask(t, api, w.method, w.path, body); answer.Code < 200 || answer.Code > 599 {
			t.Errorf("%s %s: status %d", w.method, w.path, answer.Code)
		}
		if err := node.Check(); err != nil {
			t.Error(err)
		}
		for _, list := range []string{"overview", "queues", "exchanges", "bindings", "definitions", "users", "policies", "vhosts", "parameters", "permissions"} {
			if answer := ask(t, api, http.MethodGet, "/api/"+list, nil); answer.Code != http.StatusOK && answer.Code != http.StatusUnauthorized {
				t.Errorf("after %s %s: /api/%s has status %d", w.method, w.path, list, answer.Code)
			}
		}
	})
}

// FuzzDefinitions: definitions that are imported can be exported, what is exported can be imported by a new node of the
// same release, and that exports the same.
func FuzzDefinitions(f *testing.F) {
	for i, definitions := range []string{
		`{"users":[{"name":"u","password":"p","tags":["administrator"]}],"vhosts":[{"name":"v","metadata":{"description":"d","tags":["t"]},"limits":{"max-queues":3}}],"permissions":[{"user":"u","vhost":"v","configure":".*","write":".*","read":".*"}]}`,
		`{"queues":[{"name":"a","vhost":"/","durable":true,"auto_delete":false,"arguments":{"x-queue-type":"quorum","x-max-length":5}}],"exchanges":[{"name":"x","vhost":"/","type":"topic","durable":true,"auto_delete":false,"internal":false,"arguments":{}}],"bindings":[{"source":"x","vhost":"/","destination":"a","destination_type":"queue","routing_key":"k.#","arguments":{"a":1}}]}`,
		`{"policies":[{"vhost":"/","name":"p","pattern":"^a","apply-to":"queues","definition":{"message-ttl":1000,"dead-letter-exchange":""},"priority":3}],"parameters":[{"vhost":"/","component":"federation-upstream","name":"n","value":{"uri":"amqp://"}}],"global_parameters":[{"name":"cluster_name","value":"c"}]}`,
		`{"topic_permissions":[{"user":"guest","vhost":"/","exchange":"amq.topic","write":"^a","read":"b$"}]}`,
	} {
		for n := range release.All() {
			f.Add(uint8(n), []byte(definitions))
		}
		f.Add(uint8(i), []byte(definitions[:len(definitions)/2]))
	}
	f.Fuzz(func(t *testing.T, which uint8, definitions []byte) {
		shown := release.All()[int(which)%len(release.All())]
		node, api := fuzzedNode(t, shown)
		imported := ask(t, api, http.MethodPost, "/api/definitions", definitions)
		if err := node.Check(); err != nil {
			t.Error(err)
		}
		exported := ask(t, api, http.MethodGet, "/api/definitions", nil)
		if exported.Code != http.StatusOK && exported.Code != http.StatusUnauthorized {
			t.Fatalf("imported with status %d, exported with %d", imported.Code, exported.Code)
		}
		if imported.Code >= 300 || exported.Code != http.StatusOK {
			return
		}
		_, second := fuzzedNode(t, shown)
		if again := ask(t, second, http.MethodPost, "/api/definitions", exported.Body.Bytes()); again.Code != http.StatusNoContent {
			t.Fatalf("what was exported is imported with status %d %s:\n%s", again.Code, again.Body, exported.Body)
		}
		if diff := cmp.Diff(exported.Body.String(), ask(t, second, http.MethodGet, "/api/definitions", nil).Body.String()); diff != "" {
			t.Errorf("exported, and exported again by another node (-first +second):\n%s", diff)
		}
	})
}

// FuzzPath: whatever path and query are asked for, there is an answer.
func FuzzPath(f *testing.F) {
	for _, r := range routes {
		f.Add(r.pattern, "page=1&page_size=10&sort=name&columns=name,messages&name=q&use_regex=true&lengths_age=60&lengths_incr=5")
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		u, err := url.Parse("http://localhost/api/" + path + "?" + query)
		if err != nil {
			return
		}
		_, api := fuzzedNode(t, release.Default())
		if answer := ask(t, api, http.MethodGet, u.String(), nil); answer.Code < 200 || answer.Code >= 500 && answer.Code != http.StatusServiceUnavailable {
			t.Errorf("status %d", answer.Code)
		}
	})
}

// allocated is how many bytes the process has allocated, ever.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
