package broker

import (
	"crypto/rand"
	"encoding/base64"
	"sort"

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
func ServerNamedQueue() string { return generatedName("amq.gen") }

// CheckQueueName refuses a name that only the server may give.
func CheckQueueName(name string) error { return checkNotReserved("queue", name) }

// DeclareQueue creates the queue that m names, or checks that the one that is
// there is equivalent. An exclusive queue belongs to owner; nil stands for the
// server itself, which may do anything.
func (vh *VHost) DeclareQueue(owner *Connection, m *wire.QueueDeclare) (*queue.Queue, error) {
	if q := vh.queues[m.Queue]; q != nil {
		if err := vh.checkEquivalentQueue(q, owner, m); err != nil {
			return nil, err
		}
		q.Touch(vh.Now())
		return q, nil
	}
	resource := vh.queueText(m.Queue)
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
	q := queue.New(m.Queue, settings, vh, vh.Now())
	q.Durable, q.AutoDelete, q.Exclusive, q.Arguments = m.Durable && !m.Exclusive, m.AutoDelete, m.Exclusive, m.Arguments
	if m.Exclusive && owner != nil {
		q.Owner = owner
		owner.exclusive = append(owner.exclusive, q)
	}
	vh.observeQueue(q)
	vh.queues[m.Queue] = q
	vh.watch(q)
	return q, nil
}

// equivalentArguments are the queue arguments that a redeclaration must repeat.
var equivalentArguments = []string{
	"x-expires", "x-message-ttl", argDeadLetter, argDeadLetterKey, "x-max-length", "x-max-length-bytes",
	"x-max-priority", "x-overflow", "x-queue-mode", "x-single-active-consumer", "x-queue-type",
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
	for _, key := range equivalentArguments {
		if err := checkSameArgument(key, resource, m.Arguments, q.Arguments); err != nil {
			return err
		}
	}
	return nil
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

// removeQueue deletes a queue and its bindings and tells its consumers.
func (vh *VHost) removeQueue(q *queue.Queue) {
	delete(vh.queues, q.Name())
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
	for i, other := range c.exclusive {
		if other == q {
			c.exclusive = append(c.exclusive[:i], c.exclusive[i+1:]...)
			return
		}
	}
}
