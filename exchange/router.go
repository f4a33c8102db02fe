package exchange

import (
	"math/rand/v2"

	"github.com/minirabbit/minirabbit/wire"
)

// A Router finds the queues that a message goes to. It keeps its scratch space from call to call, so that routing
// allocates nothing in the long run. Use one at a time; a virtual host needs no more than one. The zero Router is
// ready to use, with the randomness of NewRouter(nil).
type Router struct {
	random *rand.Rand

	walk      uint64      // number of calls of Route
	exchanges []*Exchange // those of this walk, in the order of their visits
	visiting  *Exchange   // one of them,
	pass      uint64      // and which pass over it this is
	found     []*target   // what its bindings chose
	queues    []Destination
	seen      map[Destination]struct{} // what queues holds, when that is long

	delays []Delay
	err    error

	active, next []*topicNode // of topicTable.match
	headers      []wire.Field // of headersTable.match
	patterns     []*headerPattern
}

// NewRouter returns a router that draws from source where the outcome is random, as with the kind x-random: the same
// source and the same calls give the same choices. Nil stands for a source with a fixed seed.
func NewRouter(source rand.Source) *Router {
	r := &Router{}
	r.seed(source)
	return r
}

func (r *Router) seed(source rand.Source) {
	if source == nil {
		source = rand.NewPCG(0, 0)
	}
	r.random = rand.New(source)
}

// Forget lets go of what the last walk met, which the router otherwise keeps reachable until the next one: exchanges and
// queues that are deleted meanwhile. What Route returned is not valid any more.
func (r *Router) Forget() {
	clear(r.exchanges[:cap(r.exchanges)])
	clear(r.found[:cap(r.found)])
	clear(r.queues[:cap(r.queues)])
	clear(r.seen)
	clear(r.delays[:cap(r.delays)])
	clear(r.active[:cap(r.active)])
	clear(r.next[:cap(r.next)])
	clear(r.headers[:cap(r.headers)])
	clear(r.patterns[:cap(r.patterns)])
	r.visiting = nil
}

// intN returns a random number from 0 to n-1.
func (r *Router) intN(n int) int {
	if r.random == nil {
		r.seed(nil)
	}
	return r.random.IntN(n)
}

// longQueues is the length from which on a list of queues is searched through a map.
const longQueues = 16

// Route returns the queues that a message published to x goes to, each once and in a fixed order; see the package's
// documentation. They are valid until the next call.
//
// The function alternate finds an alternate exchange by its name, or returns nil when there is none, which drops the
// message. It is not asked for the empty name, which never is an alternate exchange. Route accepts nil for a function
// that finds nothing.
func (r *Router) Route(x *Exchange, m *Message, alternate func(name string) *Exchange) []Destination {
	return r.route(x, nil, m, alternate)
}

// RouteDue is Route for a message whose delay is over. It has the headers that [Exchange.Due] returned. The exchange that
// held it back may have changed since, or may be gone; now is the one of its name, or nil. Its bindings count, and the
// type and the alternate exchange of then.
func (r *Router) RouteDue(delay Delay, now *Exchange, m *Message, alternate func(name string) *Exchange) ([]Destination, error) {
	x, err := delay.Exchange.successor(now)
	if err != nil {
		return nil, err
	}
	queues := r.route(x, &delay, m, alternate)
	return queues, r.err
}

func (r *Router) route(x *Exchange, due *Delay, m *Message, alternate func(name string) *Exchange) []Destination {
	r.walk++
	r.queues = r.queues[:0]
	r.exchanges = r.exchanges[:0]
	clear(r.seen)
	r.delays = r.delays[:0]
	r.err = nil
	r.visit(x)
	for i := 0; i < len(r.exchanges); i++ {
		x := r.exchanges[i]
		x.pass++
		r.visiting, r.pass = x, x.pass
		r.found = r.found[:0]
		x.table.match(m, r)
		if r.err != nil {
			return nil
		}
		if len(r.found) == 0 && alternate != nil {
			name := x.Alternate()
			if i == 0 && due != nil {
				name = due.Alternate
			}
			if name != "" {
				if x := alternate(name); x != nil {
					r.visit(x)
				}
			}
		}
		for _, t := range r.found {
			switch {
			case t.exchange != nil:
				r.visit(t.exchange)
			case i == 0: // one exchange finds a queue once
				r.queues = append(r.queues, t.destination)
			default:
				r.addQueue(t.destination)
			}
		}
	}
	return r.queues
}

// Delays returns the exchanges of the kind x-delayed-message that the last message met and that hold it back. When a
// delay is over, the broker is to give the message the headers that [Exchange.Due] returns and to route it with RouteDue.
// As in RabbitMQ a delay counts as no destination: the message goes to the exchange's alternate at once,
// and when it is mandatory and Route returned no queue, it is returned as unroutable.
//
// The result is valid until the next call of Route.
func (r *Router) Delays() []Delay { return r.delays }

// Err returns an *[Error] when RabbitMQ fails on routing the last message: its header x-delay is a string, but not of a
// whole number, or a decimal. Route returned nothing then.
func (r *Router) Err() error { return r.err }

// visit puts an exchange on the list of this walk unless it is there.
func (r *Router) visit(x *Exchange) {
	if x.visitor == r && x.visitorWalk == r.walk {
		return
	}
	x.visitor, x.visitorWalk = r, r.walk
	r.exchanges = append(r.exchanges, x)
}

// reach notes the destination of a binding that matches, unless the exchange being visited has chosen it already.
func (r *Router) reach(b *Binding) { r.reachTarget(b.target) }

func (r *Router) reachTarget(t *target) {
	if t.pass != r.pass {
		t.pass = r.pass
		r.found = append(r.found, t)
	}
}

// addQueue puts a queue on the list of this walk unless it is there.
func (r *Router) addQueue(q Destination) {
	if len(r.queues) < longQueues {
		for _, queue := range r.queues {
			if queue == q {
				return
			}
		}
		r.queues = append(r.queues, q)
		return
	}
	if len(r.seen) == 0 {
		if r.seen == nil {
			r.seen = map[Destination]struct{}{}
		}
		for _, queue := range r.queues {
			r.seen[queue] = struct{}{}
		}
	}
	if _, ok := r.seen[q]; !ok {
		r.seen[q] = struct{}{}
		r.queues = append(r.queues, q)
	}
}
