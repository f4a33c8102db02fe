package broker

import (
	"crypto/rand"
	"encoding/base64"
	"slices"
	"sort"
	"strings"

	"github.com/minirabbit/minirabbit/internal/lists"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// Queue returns a queue, nil if there is none of this name.
func (vh *VHost) Queue(name string) *queue.Queue { return vh.queues[name] }

// Queues returns the queues by name.
func (vh *VHost) Queues() []*queue.Queue {
	all := make([]*queue.Queue, 0, len(vh.queues))
	for _, q := range vh.queues {
		all = append(all, q)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name() < all[j].Name() })
	return all
}

// generatedName returns a name as the server makes them up: a prefix, such as
// "amq.gen", and 22 characters that nobody can guess.
func generatedName(prefix string) string {
	var id [16]byte
	rand.Read(id[:])
	return prefix + "-" + base64.RawURLEncoding.EncodeToString(id[:])
}

// ServerNamedQueue returns a name for a queue that was declared without one.
func ServerNamedQueue() string { return generatedName(generatedPrefix) }

const generatedPrefix = "amq.gen"

// CheckQueueName refuses a name that only the server may give.
func CheckQueueName(name string) error { return checkNotReserved("queue", name) }

// DeclareQueue creates the queue that m names, or checks that the one that is
// there is equivalent. An exclusive queue belongs to owner; nil stands for the
// server itself, which may do anything.
func (vh *VHost) DeclareQueue(owner *Connection, m *wire.QueueDeclare) (*queue.Queue, error) {
	vh.node.churn.QueueDeclared.Add(1)
	m.Arguments = vh.withDefaultType(m)
	if q := vh.queues[m.Queue]; q != nil {
		if err := vh.checkEquivalentQueue(q, owner, m); err != nil {
			return nil, err
		}
		q.Touch(vh.Now())
		return q, nil
	}
	resource := vh.queueText(m.Queue)
	if err := vh.checkQueueLimit(m.Queue); err != nil && vh.node.release.QueueLimitFirst {
		return nil, err
	}
	deadLetter, set, err := nameArgument(m.Arguments, argDeadLetter, resource)
	if err != nil {
		return nil, err
	}
	if set && owner != nil {
		if err := owner.Check(Read, "queue", m.Queue); err != nil {
			return nil, err
		}
		if err := owner.Check(Write, "exchange", deadLetter); err != nil {
			return nil, err
		}
	}
	settings, err := parseQueueArguments(vh.node.release, m.Arguments, resource)
	if err != nil {
		return nil, err
	}
	if err := checkQueueProperties(m, settings, resource); err != nil {
		return nil, err
	}
	if err := vh.checkQueueLimit(m.Queue); err != nil {
		return nil, err
	}
	q := queue.New(m.Queue, settings, vh, vh.Now())
	q.Durable, q.AutoDelete, q.Exclusive, q.Arguments = m.Durable && !m.Exclusive, m.AutoDelete, m.Exclusive, m.Arguments
	if m.Exclusive && owner != nil {
		q.Owner = owner
		owner.exclusive = append(owner.exclusive, q)
	}
	vh.observeQueue(q)
	vh.queues[m.Queue] = q
	vh.node.churn.QueueCreated.Add(1)
	vh.applyToQueue(q)
	vh.fixSegments(q)
	vh.watch(q)
	return q, nil
}

// checkQueueProperties refuses properties that the queue's type does not support.
func checkQueueProperties(m *wire.QueueDeclare, s queue.Settings, resource string) error {
	property := ""
	switch {
	case s.Kind == queue.Classic:
		return nil
	case strings.HasPrefix(m.Queue, generatedPrefix+"-"):
		return Errorf(wire.PreconditionFailed, "Cannot declare a server-named queue for type rabbit_%s_queue", s.Kind)
	case m.AutoDelete:
		property = "auto-delete"
	case m.Exclusive:
		property = "exclusive-owner"
	case !m.Durable:
		property = "non-durable"
	}
	if property != "" {
		return Errorf(wire.PreconditionFailed, "invalid property '%s' for %s", property, resource)
	}
	return nil
}

func (vh *VHost) checkEquivalentQueue(q *queue.Queue, owner *Connection, m *wire.QueueDeclare) error {
	if m.Exclusive != q.Exclusive || q.Exclusive && q.Owner != any(owner) {
		return vh.lockedQueue(q)
	}
	resource := vh.queueText(m.Queue)
	// An exclusive queue does not survive its connection: whether it was
	// declared durable is of no consequence.
	if err := checkSameField("durable", resource, m.Durable && !m.Exclusive, q.Durable); err != nil {
		return err
	}
	if err := checkSameField("auto_delete", resource, m.AutoDelete, q.AutoDelete); err != nil {
		return err
	}
	received, current := m.Arguments, q.Arguments
	if q.IsStream() && vh.node.release.ComparesAges {
		received, current = withAgeInMilliseconds(received), withAgeInMilliseconds(current)
	}
	if vh.node.release.NamesDefaultType {
		received, current = withQueueType(received), withQueueType(current)
	}
	if vh.node.release.SameAsClassic && isClassic(received) && isClassic(current) {
		received, current = withQueueType(received), withQueueType(current)
	}
	for _, key := range argumentsToRepeat(vh.node.release, q.Kind()) {
		if err := checkSameArgument(key, resource, received, current); err != nil {
			return err
		}
	}
	return nil
}

func isClassic(args wire.Table) bool {
	kind, set := args.Get(argQueueType)
	return !set || kind == string(queue.Classic)
}

// withQueueType names the default type in arguments that name none.
func withQueueType(args wire.Table) wire.Table {
	if _, set := args.Get(argQueueType); set {
		return args
	}
	return append(slices.Clone(args), wire.Field{Key: argQueueType, Value: string(queue.Classic)})
}

// UseQueue returns a queue that must be there and, if it is exclusive, must
// belong to user.
func (vh *VHost) UseQueue(user *Connection, name string) (*queue.Queue, error) {
	q := vh.queues[name]
	if q == nil {
		return nil, vh.noQueue(name)
	}
	if q.Exclusive && q.Owner != any(user) {
		return nil, vh.lockedQueue(q)
	}
	return q, nil
}

func (vh *VHost) lockedQueue(q *queue.Queue) error {
	return Errorf(wire.ResourceLocked, "cannot obtain exclusive access to locked %s. It could be originally declared on "+
		"another connection or the exclusive property value does not match that of the original declaration.", vh.queueText(q.Name()))
}

// DeleteQueue deletes a queue and returns how many ready messages it had. One
// that is not there counts as deleted.
func (vh *VHost) DeleteQueue(user *Connection, m *wire.QueueDelete) (messages int, err error) {
	if vh.queues[m.Queue] == nil {
		return 0, nil
	}
	q, err := vh.UseQueue(user, m.Queue)
	if err != nil {
		return 0, err
	}
	if q.IsStream() { // conditions do not count, nor do messages
		vh.removeQueue(q)
		return 0, nil
	}
	if err := vh.checkConditionalDelete(q, m); err != nil {
		return 0, err
	}
	q.Expire(vh.Now())
	if m.IfEmpty && q.Len() > 0 {
		return 0, Errorf(wire.PreconditionFailed, "%s not empty", vh.queueText(m.Queue))
	}
	if m.IfUnused && len(q.Consumers()) > 0 {
		return 0, Errorf(wire.PreconditionFailed, "%s in use", vh.queueText(m.Queue))
	}
	messages = q.Len()
	vh.removeQueue(q)
	return messages, nil
}

// checkConditionalDelete refuses conditions that quorum queues do not support.
func (vh *VHost) checkConditionalDelete(q *queue.Queue, m *wire.QueueDelete) error {
	if q.Settings().Kind != queue.Quorum {
		return nil
	}
	for _, condition := range []struct {
		name string
		set  bool
	}{{"if-unused", m.IfUnused}, {"if-empty", m.IfEmpty}} {
		if condition.set {
			return Errorf(wire.NotImplemented, "cannot delete %s. queue.delete operations with %s flag set are not supported by quorum queues",
				vh.queueText(q.Name()), condition.name)
		}
	}
	return nil
}

// removeQueue deletes a queue and its bindings and tells its consumers.
func (vh *VHost) removeQueue(q *queue.Queue) {
	vh.stale = true
	delete(vh.queues, q.Name())
	delete(vh.applied, q)
	vh.node.churn.QueueDeleted.Add(1)
	if owner, ok := q.Owner.(*Connection); ok {
		owner.disown(q)
	}
	vh.removeBindingsTo(q)
	vh.observeReady(q, reasonDeleted)
	for _, c := range q.Delete() {
		c.Receiver.(*Consumer).queueDeleted()
	}
}

func (c *Connection) disown(q *queue.Queue) {
	c.exclusive, _ = lists.Remove(c.exclusive, q)
}
