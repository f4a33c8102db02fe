package amqpserver

import (
	"fmt"
	"testing"

	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// BenchmarkOutbox appends deliveries of 128 bytes and takes them out in batches.
func BenchmarkOutbox(b *testing.B) {
	m := &queue.Message{Envelope: &queue.Envelope{RoutingKey: "tasks", Properties: []byte{0, 0}}, Body: make([]byte, 128)}
	deliver := wire.BasicDeliver{ConsumerTag: "worker", RoutingKey: m.RoutingKey}
	for _, batch := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			o := newOutbox()
			ch := &channel{c: &conn{tuned: tuning{frameMax: 131072}}, number: 1}
			b.ReportAllocs()
			for n := 1; b.Loop(); n++ {
				o.end(ch.appendMessage(o.begin(), &deliver, m))
				if n%batch == 0 {
					taken, _ := o.takeSmall()
					o.done(taken, len(taken))
				}
			}
		})
	}
}
