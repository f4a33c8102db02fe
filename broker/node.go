package broker

import (
	"log/slog"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/release"
)

// Options says what kind of node to make. The zero value is a node of the
// default release.
type Options struct {
	// Release is the release whose behaviour the node shows; release.Default()
	// if nil.
	Release *release.Release
	// MaxMessageSize limits the body of a message in bytes; zero means the
	// release's default.
	MaxMessageSize int
	// ConsumerTimeout is how long a client may hold a message; zero means
	// DefaultConsumerTimeout. See [Node.SetConsumerTimeout].
	ConsumerTimeout time.Duration
	// WithoutPlugins leaves out the exchange types of plug-ins, as in a
	// RabbitMQ that has none enabled: x-consistent-hash, x-random,
	// x-recent-history and x-delayed-message.
	WithoutPlugins bool
	// Logger takes the node's log; nil discards it.
	Logger *slog.Logger
	// Observer is told what happens; nil if nobody wants to know.
	Observer Observer
	// OnPanic is told of each panic that the node has survived, in the goroutine that
	// panicked, without locks; nil prints it with its stack on standard error.
	OnPanic func(p *Panic)
}

// Node is a broker: its virtual hosts, its users and its clock.
type Node struct {
	// immutable
	release        *release.Release
	maxMessageSize int
	log            *slog.Logger
	observer       Observer
	onPanic        func(p *Panic)
	clock          clock
	withoutPlugins bool

	consumerTimeout atomic.Int64 // in milliseconds
	deadLetterRetry atomic.Int64 // in nanoseconds

	mu sync.Mutex
	// guarded by mu
	vhosts map[string]*VHost
	users  map[string]*User
	// connections are those that are in a virtual host, in order of opening.
	connections []*Connection
	watchers    []*watcher
	clusterName string
	parameters  globalParameters

	churn Churn
}

// NewNode returns a running node with what a new RabbitMQ has: the virtual host
// "/" and the administrator guest, who has every permission in it.
func NewNode(o Options) *Node {
	if o.Release == nil {
		o.Release = release.Default()
	}
	if o.MaxMessageSize == 0 {
		o.MaxMessageSize = o.Release.MaxMessageSize
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	n := &Node{
		release:        o.Release,
		maxMessageSize: o.MaxMessageSize,
		log:            o.Logger,
		observer:       o.Observer,
		onPanic:        o.OnPanic,
		withoutPlugins: o.WithoutPlugins,
		vhosts:         make(map[string]*VHost),
		users:          make(map[string]*User),
	}
	if o.ConsumerTimeout == 0 {
		o.ConsumerTimeout = DefaultConsumerTimeout
	}
	n.SetConsumerTimeout(o.ConsumerTimeout)
	n.SetDeadLetterRetry(DefaultDeadLetterRetry)
	n.clusterName = "rabbit@minirabbit"
	n.AddVHost("/").metadata = defaultMetadata
	guest := n.AddUser("guest", "guest", "administrator")
	guest.Permit("/", allPermissions)
	return n
}

// Release returns the release that the node shows.
func (n *Node) Release() *release.Release { return n.release }

// HasPlugins says whether there are the exchange types of plug-ins.
func (n *Node) HasPlugins() bool { return !n.withoutPlugins }

// routing is how the node's exchanges work.
func (n *Node) routing() exchange.Rules {
	return exchange.Rules{Routing: n.release.Routing, NoPlugins: n.withoutPlugins}
}

// MaxMessageSize is the limit for a message's body, in bytes.
func (n *Node) MaxMessageSize() int { return n.maxMessageSize }

// Logger returns where the node logs to.
func (n *Node) Logger() *slog.Logger { return n.log }

// SetConsumerTimeout sets for how long clients may hold messages from queues that
// say nothing else. It counts in whole milliseconds; a negative time means for
// ever. RabbitMQ's name for it is consumer_timeout. It holds from the next
// delivery on.
func (n *Node) SetConsumerTimeout(d time.Duration) {
	if d < 0 {
		n.consumerTimeout.Store(noTimeout)
		return
	}
	n.consumerTimeout.Store(d.Milliseconds())
}

// AddVHost creates a virtual host, or returns the one that is there.
func (n *Node) AddVHost(name string) *VHost {
	n.mu.Lock()
	defer n.mu.Unlock()
	vh := n.vhosts[name]
	if vh == nil {
		vh = newVHost(n, name)
		vh.watchers = slices.Clone(n.watchers)
		n.vhosts[name] = vh
	}
	return vh
}

// VHost returns a virtual host, nil if there is none of this name.
func (n *Node) VHost(name string) *VHost {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.vhosts[name]
}

// VHosts returns the virtual hosts by name.
func (n *Node) VHosts() []*VHost {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := make([]*VHost, 0, len(n.vhosts))
	for _, vh := range n.vhosts {
		all = append(all, vh)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].name < all[j].name })
	return all
}

// Close stops the node's timers. Connections are their server's to close, before.
func (n *Node) Close() {
	for _, vh := range n.VHosts() {
		vh.mu.Lock()
		vh.closed = true
		vh.timers.alarm.stop()
		vh.mu.Unlock()
	}
	n.clock.alarms.Wait()
}
