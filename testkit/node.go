package testkit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	amqp "github.com/rabbitmq/amqp091-go"
)

// node is what a Broker stands for: the emulator in this process, or a real
// RabbitMQ. What a test can ask of a Broker is written once, over these verbs and
// those of [vhost]. What only the emulator can do is a method of [emulator], which
// [Broker.emulator] returns.
//
// Virtual hosts and users have the names that the test gives them. On a real
// RabbitMQ, which other tests share, these stand for others.
type node interface {
	name() string // for people
	// url returns what a client dials to log in as a user and to open a
	// virtual host. A user of nil is guest.
	url(user *url.Userinfo, vhost string) string
	managementURL() string
	// dial connects to where AMQP is spoken.
	dial(ctx context.Context) (net.Conn, error)

	// vhosts returns the names of the virtual hosts, sorted.
	vhosts() []string
	// enter calls f with a virtual host; on the emulator, with its lock held.
	// If there is no such virtual host, that is the error.
	enter(name string, f func(vh vhost) error) error
	// watch looks at virtual hosts whenever something may have changed, until
	// it has seen enough, and then closes done. forget ends that, and returns
	// the error that kept it from looking.
	watch(w wait) (done <-chan struct{}, forget func() error)
	// load creates what the JSON of definitions describes.
	load(definitions []byte) error
	// closeConnections closes all connections, for a reason.
	closeConnections(reason string) error
	// network returns the network between clients and node, which can fail.
	network() (network, error)

	// close ends the node. Its error is a failure of the test.
	close() error
}

// vhost is a virtual host of a node.
type vhost interface {
	// queue returns the state of a queue, the zero state if there is none.
	queue(name string) (queueState, error)
	// queues returns the states of all queues, by name, with previews.
	queues() ([]queueState, error)
	// idle says whether all queues are.
	idle() (bool, error)
	// consumers returns the consumers of a queue, in order of arrival.
	consumers(queue string) ([]Consumer, error)
	// messages returns the ready messages of a queue.
	messages(queue string) ([]Message, error)
	// take takes n ready messages out of a queue, if there are so many.
	take(queue string, n int) (taken []Message, enough bool, err error)
	// acked returns how many messages of a queue clients have acknowledged.
	acked(queue string) (int, error)
	topology() (Topology, error)
	// connections returns the open connections; if brief, only who they are.
	connections(brief bool) ([]openConnection, error)

	publish(exchange, routingKey string, m *amqp.Publishing) error
	declare(topology Topology) error
}

// queueState is what there is to count of a queue.
type queueState struct {
	name                      string
	exists, stream            bool
	ready, unacked, consumers int
	// idle says that nothing is left to do. What a stream keeps does not
	// count, once its consumers have had it.
	idle bool
	// preview has the first ready messages, if a look at them has no effect,
	// and the tags of the consumers.
	preview struct {
		messages  []Message
		consumers []string
	}
}

// openConnection is a connection with the time of its opening, in nanoseconds.
type openConnection struct {
	Connection
	opened int64
}

// network is what lies between clients and node.
type network interface {
	drop() // cuts all connections
	pause()
	resume()
}

// wait is something to wait for.
type wait struct {
	// vhost is the one to look at; empty for all.
	vhost string
	// lasting says that the absence of something is waited for. RabbitMQ tells
	// of some things with a delay, and so is asked for longer.
	lasting bool
	// see looks at one virtual host.
	see func(vh vhost) (any, error)
	// enough is called with what was seen of each virtual host last.
	enough func(seen []any) bool
	// hint says, if it is not nil, what may be wrong when it did not come.
	hint func() string
}

// ErrNeedsEmulator is the error of [Run] on a real RabbitMQ if an option asks for
// what only the emulator can do. [Start] skips the test instead.
var ErrNeedsEmulator = errors.New("needs the emulator")

// needsEmulator is the error for what a real RabbitMQ cannot do.
func needsEmulator(what string) error {
	return fmt.Errorf("%s %w, and this test runs on a real RabbitMQ (%s)", what, ErrNeedsEmulator, environmentAMQP)
}

// noVHost is the error for a virtual host that is not there.
type noVHost struct {
	name  string
	there []string
}

var _ error = (*noVHost)(nil)

func (e *noVHost) Error() string {
	return fmt.Sprintf("no virtual host %q; there is %s", e.name, quoted(e.there))
}

// fail ends a test for an error, or skips it if the error is that of a real
// RabbitMQ that is no emulator.
func fail(t T, err error) {
	t.Helper()
	if errors.Is(err, ErrNeedsEmulator) {
		t.Skipf("testkit: %v", err)
		return
	}
	t.Fatalf("testkit: %v", err)
}
