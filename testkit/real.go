package testkit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minirabbit/minirabbit/internal/record"
)

// The environment variables that name a real RabbitMQ.
const (
	environmentAMQP = "MINIRABBIT_AMQP_URL"
	environmentHTTP = "MINIRABBIT_HTTP_URL"
)

const (
	// realPoll is how often a wait asks a real RabbitMQ.
	realPoll = 50 * time.Millisecond
	// realLag is by how much the counts of unacked messages that the
	// management API gives may be behind: five seconds, and some.
	realLag = 6 * time.Second
)

// real is a virtual host on a real RabbitMQ that belongs to one test.
type real struct {
	amqp  *url.URL // with the vhost
	http  *url.URL
	api   string // http without the user
	vhost string
	link  link
	proxy *proxy // what clients dial, nil over TLS
}

// vhosts tells the vhosts of a process apart.
var vhosts atomic.Int64

// realFromEnvironment returns what the environment names, nil if it names nothing.
func realFromEnvironment(t T) *real {
	t.Helper()
	amqpText, httpText := os.Getenv(environmentAMQP), os.Getenv(environmentHTTP)
	if amqpText == "" && httpText == "" {
		return nil
	}
	if amqpText == "" || httpText == "" {
		t.Fatalf("testkit: %s is %q and %s is %q: to use a real RabbitMQ, both must be set", environmentAMQP, amqpText, environmentHTTP, httpText)
	}
	amqpURL, err := url.Parse(amqpText)
	if err != nil || amqpURL.User == nil {
		t.Fatalf("testkit: %s does not name a broker and a user, as in amqp://guest:guest@localhost:5672/", environmentAMQP)
	}
	httpURL, err := url.Parse(httpText)
	if err != nil || httpURL.Host == "" {
		t.Fatalf("testkit: %s does not name the management API, as in http://localhost:15672", environmentHTTP)
	}
	if httpURL.User == nil {
		httpURL.User = amqpURL.User
	}
	api := *httpURL
	api.User = nil
	return &real{amqp: amqpURL, http: httpURL, api: strings.TrimSuffix(api.String(), "/")}
}

// startReal gives the test its virtual host.
func startReal(t T, c config, r *real) *Broker {
	t.Helper()
	r.check(t, c)
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune("/ %?#", r) {
			return '-'
		}
		return r
	}, t.Name())
	r.vhost = fmt.Sprintf("minirabbit-%d-%d-%s", os.Getpid(), vhosts.Add(1), name)
	withVHost := *r.amqp
	withVHost.Path, withVHost.RawPath = "/"+r.vhost, "/"+url.PathEscape(r.vhost)
	r.amqp = &withVHost
	ctx := t.Context()
	if err := r.call(ctx, http.MethodPut, "/api/vhosts/"+url.PathEscape(r.vhost), struct{}{}, nil); err != nil {
		t.Fatalf("testkit: create a virtual host: %v", err)
	}
	t.Cleanup(func() {
		r.link.close()
		if err := r.call(context.Background(), http.MethodDelete, "/api/vhosts/"+url.PathEscape(r.vhost), nil, nil); err != nil {
			t.Errorf("testkit: delete the test's virtual host: %v", err)
		}
	})
	all := map[string]string{"configure": ".*", "write": ".*", "read": ".*"}
	path := "/api/permissions/" + url.PathEscape(r.vhost) + "/" + url.PathEscape(r.amqp.User.Username())
	if err := r.call(ctx, http.MethodPut, path, all, nil); err != nil {
		t.Fatalf("testkit: permit the virtual host: %v", err)
	}
	b := &Broker{t: t, config: c, mu: newPatientMutex(), real: r, url: r.amqp.String(), trace: &record.Trace{}}
	address := r.amqp.Host
	if r.amqp.Port() == "" {
		address = net.JoinHostPort(r.amqp.Hostname(), map[string]string{"amqp": "5672", "amqps": "5671"}[r.amqp.Scheme])
	}
	b.faults = &faults{trace: b.trace}
	if r.amqp.Scheme == "amqp" {
		target := address
		door := func(c net.Conn) net.Conn { return c }
		if c.capture != nil {
			b.capture = newCapture(c.capture)
			door = b.capture.conn
			t.Cleanup(func() {
				if err := b.capture.close(); err != nil {
					t.Errorf("testkit: %v", err)
				}
			})
		}
		p, err := newProxy(func() (net.Conn, error) { return net.Dial("tcp", target) }, b.faults.refusesDial, door)
		if err != nil {
			t.Fatalf("testkit: no port for the proxy before RabbitMQ: %v", err)
		}
		t.Cleanup(p.close)
		r.proxy, address = p, p.listener.Addr().String()
		through := *r.amqp
		through.Host = address
		b.url = through.String()
	}
	b.dial.Store(dialTCP(address))
	t.Cleanup(func() {
		if t.Failed() {
			report(t, "%s at the end of %s:\n%s", r.http.Host, t.Name(), b.Dump())
		}
	})
	return b
}

// check skips a test that asks for what a real RabbitMQ is not or cannot do.
func (r *real) check(t T, c config) {
	t.Helper()
	for _, option := range []struct {
		set  bool
		what string
	}{
		{c.inMemory, "a broker in memory"},
		{c.options.ConsumerTimeout != 0, "setting the consumer timeout"},
		{c.options.MaxMessageSize != 0, "setting the size of messages"},
		{c.options.WithoutPlugins, "a broker without plug-ins"},
	} {
		if option.set {
			t.Skipf("testkit: %s needs the emulator, and this test runs on a real RabbitMQ (%s)", option.what, environmentAMQP)
		}
	}
	if c.capture != nil && r.amqp.Scheme != "amqp" {
		t.Skipf("testkit: a capture on a real RabbitMQ needs a connection without TLS, not %s", r.amqp.Redacted())
	}
	if !c.chosen {
		return
	}
	var overview struct {
		Version string `json:"rabbitmq_version"`
	}
	if err := r.call(t.Context(), http.MethodGet, "/api/overview", nil, &overview); err != nil {
		t.Fatalf("testkit: look at RabbitMQ: %v", err)
	}
	if !strings.HasPrefix(overview.Version+".", c.release+".") {
		t.Skipf("testkit: this test is about RabbitMQ %s, and runs on a real RabbitMQ %s (%s)", c.release, overview.Version, environmentAMQP)
	}
}

// call calls the management API. A nil result is not read.
func (r *real) call(ctx context.Context, method, path string, body, result any) error {
	return r.callWith(ctx, method, path, body, result, nil)
}

func (r *real) callWith(ctx context.Context, method, path string, body, result any, header http.Header) error {
	var payload io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, r.api+path, payload)
	if err != nil {
		return err
	}
	password, _ := r.http.User.Password()
	request.SetBasicAuth(r.http.User.Username(), password)
	maps.Copy(request.Header, header)
	request.Header.Set("Content-Type", "application/json")
	request.Close = true // leave no idle connections behind
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return &statusError{method + " " + path, response.StatusCode, string(text)}
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(text, result)
}

// statusError is an answer of the management API that is not a success.
type statusError struct {
	request string
	code    int
	text    string
}

var _ error = (*statusError)(nil)

func (e *statusError) Error() string { return fmt.Sprintf("%s: %d %s", e.request, e.code, e.text) }

// realQueue is what the management API says of a queue.
type realQueue struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Ready   int    `json:"messages_ready"`
	Unacked int    `json:"messages_unacknowledged"`
}

func (r *real) queues() (all []realQueue, err error) {
	err = r.call(context.Background(), http.MethodGet, "/api/queues/"+url.PathEscape(r.vhost), nil, &all)
	return all, err
}

// state asks AMQP for what it knows exactly, and the management API for the rest.
func (r *real) state(name string) queueState {
	q, ok := r.link.inspect(r.amqp.String(), name)
	if !ok {
		return queueState{}
	}
	s := queueState{exists: true, ready: q.Messages, consumers: q.Consumers}
	var known realQueue
	path := "/api/queues/" + url.PathEscape(r.vhost) + "/" + url.PathEscape(name)
	if err := r.call(context.Background(), http.MethodGet, path, nil, &known); err == nil {
		s.unacked = known.Unacked
	}
	s.idle = s.unacked == 0 && (s.ready == 0 || known.Type == "stream")
	return s
}

// await asks until check is true. What is told of unacked messages and of connections
// lags behind, so that there is nothing of them must last.
func (r *real) await(t T, what string, lasting bool, check func() bool) {
	t.Helper()
	poll := time.NewTicker(realPoll)
	defer poll.Stop()
	patience := time.NewTimer(2*realLag + defaultPatience)
	defer patience.Stop()
	var since time.Time
	for {
		switch {
		case !check():
			since = time.Time{}
		case !lasting:
			return
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > realLag:
			return
		}
		select {
		case <-poll.C:
		case <-patience.C:
			t.Fatalf("testkit: waited for %s, which did not happen in time. There is:\n%s", what, r.dump())
			return
		case <-t.Context().Done():
			t.Fatalf("testkit: waited for %s, which did not happen before the context ended. There is:\n%s", what, r.dump())
			return
		}
	}
}

// idle says whether no queue holds anything.
func (r *real) idle() bool {
	all, err := r.queues()
	if err != nil {
		return false
	}
	for _, q := range all {
		if q.Type == "stream" {
			continue // it keeps what it has, and does not tell what is unacked
		}
		exact, ok := r.link.inspect(r.amqp.String(), q.Name)
		if q.Unacked > 0 || ok && exact.Messages > 0 {
			return false
		}
	}
	return true
}

func (r *real) dump() string {
	all, err := r.queues()
	if err != nil {
		return fmt.Sprintf("  %v\n", err)
	}
	if len(all) == 0 {
		return "  no queues\n"
	}
	var s strings.Builder
	for _, q := range all {
		state := r.state(q.Name)
		fmt.Fprintf(&s, "  queue %q: %d ready, %d unacked, %d consumers\n", q.Name, state.ready, state.unacked, state.consumers)
	}
	if names, err := r.connections(context.Background()); err == nil {
		fmt.Fprintf(&s, "  %d connections that RabbitMQ lists: %s\n", len(names), strings.Join(names, ", "))
	}
	return s.String()
}
