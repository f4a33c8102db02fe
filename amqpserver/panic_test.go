package amqpserver_test

import (
	"net"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/memnet"
)

// trap is an observer that panics at the first event of a kind.
type trap struct {
	kind   broker.EventKind
	sprung bool // guarded by the virtual host's lock
}

func (o *trap) Observe(e *broker.Event) {
	if e.Kind == o.kind && !o.sprung {
		o.sprung = true
		panic("sprung")
	}
}

// panicky is a broker whose observer panics once.
type panicky struct {
	t       *testing.T
	node    *broker.Node
	network *memnet.Listener

	mu     sync.Mutex
	panics []*broker.Panic
	told   chan struct{} // has a token for each panic
}

func newPanicky(t *testing.T, kind broker.EventKind) *panicky {
	p := &panicky{t: t, told: make(chan struct{}, 100), network: memnet.Listen("test")}
	p.node = broker.NewNode(broker.Options{Observer: &trap{kind: kind}, OnPanic: func(panicked *broker.Panic) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.panics = append(p.panics, panicked)
		p.told <- struct{}{}
	}})
	server := amqpserver.New(p.node)
	go server.Serve(p.network)
	t.Cleanup(func() {
		server.Close()
		p.node.Close()
	})
	return p
}

func (p *panicky) dial(vhost string) (*amqp.Connection, error) {
	return amqp.DialConfig("amqp://guest:guest@test/", amqp.Config{
		Vhost: vhost, Dial: func(string, string) (net.Conn, error) { return p.network.Dial(p.t.Context()) }})
}

func (p *panicky) open() (*amqp.Channel, <-chan *amqp.Error) {
	conn, err := p.dial("/")
	require.NoError(p.t, err)
	p.t.Cleanup(func() { conn.Close() })
	ch, err := conn.Channel()
	require.NoError(p.t, err)
	return ch, conn.NotifyClose(make(chan *amqp.Error, 1))
}

// panicked waits for the panic, and checks that its stack leads to where it was.
func (p *panicky) panicked() {
	p.t.Helper()
	select {
	case <-p.told:
	case <-time.After(10 * time.Second):
		p.t.Fatal("nothing has panicked")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Len(p.t, p.panics, 1)
	require.Equal(p.t, "sprung", p.panics[0].Value)
	require.Contains(p.t, string(p.panics[0].Stack), "amqpserver_test.(*trap).Observe")
}

// works checks that a client can publish and get.
func works(t *testing.T, ch *amqp.Channel) {
	t.Helper()
	require.NoError(t, ch.Confirm(false))
	c, err := ch.PublishWithDeferredConfirmWithContext(t.Context(), "", "q", false, false, amqp.Publishing{Body: []byte("b")})
	require.NoError(t, err)
	require.True(t, c.Wait())
	_, ok, err := ch.Get("q", true)
	require.NoError(t, err)
	require.True(t, ok)
}

// TestPanicInCommand checks that a command which panics, and leaves nothing behind, ends its
// connection and no other.
func TestPanicInCommand(t *testing.T) {
	p := newPanicky(t, broker.MessagePublished)
	ch, ended := p.open()
	other, _ := p.open()
	_, err := other.QueueDeclare("q", false, false, false, false, nil)
	require.NoError(t, err)
	require.NoError(t, ch.PublishWithContext(t.Context(), "", "q", false, false, amqp.Publishing{}))
	p.panicked()
	require.Equal(t, &amqp.Error{Code: amqp.InternalError, Reason: "INTERNAL_ERROR - minirabbit panicked: sprung", Server: true}, <-ended)
	works(t, other)
	require.NoError(t, p.node.Check())
}

// TestPanicLeavesDisorder checks that a virtual host in which a panic has left what does not add
// up refuses everything, and that others do not.
func TestPanicLeavesDisorder(t *testing.T) {
	p := newPanicky(t, broker.MessageDelivered)
	ch, ended := p.open()
	_, err := ch.QueueDeclare("q", false, false, false, false, nil)
	require.NoError(t, err)
	_, err = ch.Consume("q", "", false, false, false, false, nil)
	require.NoError(t, err)
	publisher, publisherEnded := p.open()
	_, bystanderEnded := p.open()
	require.NoError(t, publisher.PublishWithContext(t.Context(), "", "q", false, false, amqp.Publishing{}))
	p.panicked()
	disorder := "INTERNAL_ERROR - virtual host '/' is out of order since minirabbit panicked: sprung"
	for _, ended := range []<-chan *amqp.Error{ended, publisherEnded, bystanderEnded} {
		require.Equal(t, disorder, (<-ended).Reason)
	}
	_, err = p.dial("/")
	require.ErrorContains(t, err, disorder)
	require.ErrorContains(t, p.node.Check(), "out of order")

	p.node.AddVHost("other")
	p.node.User("guest").Permit("other", everything(t))
	conn, err := p.dial("other")
	require.NoError(t, err)
	conn.Close()

	require.True(t, p.node.DeleteVHost("/"))
	p.node.AddVHost("/")
	p.node.User("guest").Permit("/", everything(t))
	ch, _ = p.open()
	_, err = ch.QueueDeclare("q", false, false, false, false, nil)
	require.NoError(t, err)
	works(t, ch)
	require.NoError(t, p.node.Check())
}

// everything is all permissions.
func everything(t *testing.T) *broker.Permissions {
	t.Helper()
	all, err := broker.NewPermissions(".*", ".*", ".*")
	require.NoError(t, err)
	return all
}

// TestPanicInTimer checks that a panic in what happens by the passing of time does not end the
// process.
func TestPanicInTimer(t *testing.T) {
	p := newPanicky(t, broker.MessageDeadLettered)
	ch, ended := p.open()
	_, err := ch.QueueDeclare("q", false, false, false, false, nil)
	require.NoError(t, err)
	_, err = ch.QueueDeclare("dying", false, false, false, false,
		amqp.Table{"x-message-ttl": 1, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "q"})
	require.NoError(t, err)
	require.NoError(t, ch.PublishWithContext(t.Context(), "", "dying", false, false, amqp.Publishing{}))
	p.panicked()
	works(t, ch)
	require.NoError(t, p.node.Check())
	deliveries, err := ch.Consume("q", "", true, false, false, false, nil)
	require.NoError(t, err)
	require.NoError(t, ch.PublishWithContext(t.Context(), "", "dying", false, false, amqp.Publishing{}))
	_, open := <-deliveries // the timer goes on
	require.True(t, open)
	require.Empty(t, ended)
}

// TestPanicAtTheEnd checks that a panic in what the end of a connection leads to leaves no lock
// behind.
func TestPanicAtTheEnd(t *testing.T) {
	for _, kind := range []broker.EventKind{broker.ConnectionClosed, broker.ChannelClosed, broker.ConsumerEnded, broker.MessageRequeued, broker.ConnectionOpened} {
		p := newPanicky(t, kind)
		conn, err := p.dial("/")
		if err == nil {
			ch, err := conn.Channel()
			require.NoError(t, err)
			_, err = ch.QueueDeclare("q", false, false, false, false, nil)
			require.NoError(t, err)
			require.NoError(t, ch.PublishWithContext(t.Context(), "", "q", false, false, amqp.Publishing{}))
			_, err = ch.Consume("q", "", false, false, false, false, nil)
			require.NoError(t, err)
			conn.Close()
		}
		p.panicked()
		conn, err = p.dial("/")
		if err != nil {
			require.ErrorContains(t, err, "out of order")
			continue
		}
		conn.Close()
	}
}
