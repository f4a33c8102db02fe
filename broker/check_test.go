package broker

import (
	"strings"
	"testing"

	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// quiet is a client that is told nothing.
type quiet struct{}

func (quiet) Deliver(string, uint64, bool, *queue.Message) {}
func (quiet) Return(wire.ReplyCode, *queue.Message)        {}
func (quiet) Confirm(uint64, bool)                         {}
func (quiet) CancelConsumer(string)                        {}
func (quiet) Fail(error)                                   {}
func (quiet) Writable() bool                               { return true }

// TestCheck: the books balance while a client holds a message, and Check tells when a message is forgotten on either
// side: by the channel, or by the queue.
func TestCheck(t *testing.T) {
	for name, test := range map[string]struct {
		forget func(ch *Channel, q *queue.Queue)
		says   string
	}{
		"nothing":    {func(*Channel, *queue.Queue) {}, ""},
		"by channel": {func(ch *Channel, _ *queue.Queue) { ch.unacked.takeAll() }, `queue "q" counts 1 unacked messages, but channels hold 0`},
		"by queue": {func(ch *Channel, q *queue.Queue) { q.Ack(&ch.unacked.oldest().entry) },
			`queue "q" counts 0 unacked messages, but channels hold 1`},
	} {
		t.Run(name, func(t *testing.T) {
			n := NewNode(Options{})
			defer n.Close()
			vh := n.VHost("/")
			vh.Lock()
			locked := true
			defer func() { // before the node is closed
				if locked {
					vh.Unlock()
				}
			}()
			c := &Connection{Name: "c", User: n.User("guest"), VHost: vh}
			c.Open()
			ch := c.OpenChannel(1, quiet{})
			q, err := vh.DeclareQueue(nil, &wire.QueueDeclare{Queue: "q"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := vh.Publish(Publishing{RoutingKey: "q", Properties: []byte{0, 0}, Body: []byte("m")}); err != nil {
				t.Fatal(err)
			}
			if _, _, ok, err := ch.Get(&wire.BasicGet{Queue: "q"}, q); !ok || err != nil {
				t.Fatal(ok, err)
			}
			test.forget(ch, q)
			vh.Unlock()
			locked = false
			err = n.Check()
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}
