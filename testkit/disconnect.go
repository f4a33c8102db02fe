package testkit

import (
	"context"
	"net/http"
	"net/url"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// DropConnections cuts all connections without a word, as a network does that
// breaks. New ones are welcome. On a real RabbitMQ a proxy does it, which tests are
// given the address of.
func (b *Broker) DropConnections() {
	b.t.Helper()
	if b.real != nil {
		b.real.needProxy(b.t).drop()
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.server.Abort()
}

// CloseConnections closes all connections as an administrator does in RabbitMQ's
// web page: with 320 CONNECTION_FORCED and the text of the reason.
func (b *Broker) CloseConnections(reason string) {
	b.t.Helper()
	if b.real != nil {
		b.real.closeConnections(b.t, reason)
		return
	}
	b.vhost.Lock()
	all := b.vhost.Connections()
	b.vhost.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range all {
		b.server.EndConnection(c.Name, broker.Errorf(wire.ConnectionForced, "%s", reason))
	}
}

// connections lists the connections to the test's virtual host by name, but for the
// testkit's own.
func (r *real) connections(ctx context.Context) (names []string, err error) {
	var all []struct {
		Name             string         `json:"name"`
		ClientProperties map[string]any `json:"client_properties"`
	}
	err = r.call(ctx, http.MethodGet, "/api/vhosts/"+url.PathEscape(r.vhost)+"/connections", nil, &all)
	for _, c := range all {
		if c.ClientProperties["connection_name"] != linkName {
			names = append(names, c.Name)
		}
	}
	return names, err
}

// closeConnections closes the connections to the test's virtual host.
func (r *real) closeConnections(t T, reason string) {
	t.Helper()
	ctx := context.Background()
	var names []string
	// A new connection is listed after a moment only.
	r.await(t, "a connection to close", false, func() bool {
		var err error
		if names, err = r.connections(ctx); err != nil {
			t.Fatalf("testkit: list connections: %v", err)
		}
		return len(names) > 0
	})
	for _, name := range names {
		if err := r.callWith(ctx, http.MethodDelete, "/api/connections/"+url.PathEscape(name), nil, nil, http.Header{"X-Reason": {reason}}); err != nil {
			t.Fatalf("testkit: close a connection: %v", err)
		}
	}
}

// needProxy skips the test if there is no proxy: over TLS there is none.
func (r *real) needProxy(t T) *proxy {
	t.Helper()
	if r.proxy == nil {
		t.Skipf("testkit: network faults on a real RabbitMQ need a connection without TLS, not %s", r.amqp.Redacted())
	}
	return r.proxy
}
