package management_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/management"
	"github.com/minirabbit/minirabbit/wire"
)

// trap is an observer that panics once, when a message is routed.
type trap struct{ sprung atomic.Bool }

func (o *trap) Observe(e *broker.Event) {
	if e.Kind == broker.MessageRouted && !o.sprung.Swap(true) {
		panic("sprung")
	}
}

// TestPanicInRequest checks that a request which panics in the midst of a critical section is
// answered, and leaves no lock behind.
func TestPanicInRequest(t *testing.T) {
	panics := make(chan *broker.Panic, 10)
	node := broker.NewNode(broker.Options{Observer: &trap{}, OnPanic: func(p *broker.Panic) { panics <- p }})
	defer node.Close()
	api := management.New(node)
	defer api.Close()
	server := httptest.NewServer(api)
	defer server.Close()
	node.VHost("/").Do(func() {
		_, err := node.VHost("/").DeclareQueue(nil, &wire.QueueDeclare{Queue: "k"})
		require.NoError(t, err)
	})
	publish := func() (status int, body string) {
		r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/api/exchanges/%2F/amq.default/publish",
			strings.NewReader(`{"routing_key":"k","properties":{},"payload":"p","payload_encoding":"string"}`))
		require.NoError(t, err)
		r.SetBasicAuth("guest", "guest")
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(answer)
	}
	status, body := publish()
	require.Equal(t, http.StatusInternalServerError, status)
	require.JSONEq(t, `{"error":"internal_error","reason":"minirabbit panicked: sprung"}`, body)
	require.Contains(t, string((<-panics).Stack), "management_test.(*trap).Observe")
	status, body = publish()
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"routed":true}`, body)
	require.Empty(t, panics)
	require.NoError(t, node.Check())
}
