package management_test

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/management"
	"github.com/minirabbit/minirabbit/wire"
)

// BenchmarkQueues lists 1,000 queues, as a page that shows them all does every five
// seconds.
func BenchmarkQueues(b *testing.B) {
	node := broker.NewNode(broker.Options{})
	defer node.Close()
	vh := node.VHost("/")
	vh.Lock()
	for i := range 1000 {
		if _, err := vh.DeclareQueue(nil, &wire.QueueDeclare{Queue: fmt.Sprint("queue", i)}); err != nil {
			b.Fatal(err)
		}
	}
	vh.Unlock()
	api := management.New(node)
	defer api.Close()
	for _, query := range []string{"", "?page=1&page_size=100", "?columns=name,messages"} {
		b.Run("queues"+query, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest("GET", "http://localhost/api/queues"+query, nil)
				r.RemoteAddr = "127.0.0.1:1"
				r.SetBasicAuth("guest", "guest")
				w := httptest.NewRecorder()
				if api.ServeHTTP(w, r); w.Code != 200 {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}
