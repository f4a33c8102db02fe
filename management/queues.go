package management

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// queueInfo is what is known of a queue at one moment. It is gathered under the
// lock, in little time, and put into words without it.
type queueInfo struct {
	vhost, name                    string
	durable, autoDelete, exclusive bool
	kind                           queue.Kind
	arguments                      wire.Table
	policy, operator               string
	definition                     wire.Table
	counts                         counts
	bytes, unackedBytes            int64
	persistent, persistentBytes    int64
	consumers                      int
	exclusiveTag, activeTag        string
	singleActive                   bool
	segments                       int // of a stream
	owner                          *broker.Connection
	deliveryLimit                  queue.Optional
	details                        []consumerInfo
}

// lookAtQueue looks at a queue, whose vhost is locked.
func lookAtQueue(vh *broker.VHost, q *queue.Queue, detail bool) queueInfo {
	info := queueInfo{
		vhost: vh.Name(), name: q.Name(), durable: q.Durable, autoDelete: q.AutoDelete, exclusive: q.Exclusive,
		kind: q.Settings().Kind, arguments: q.Arguments, counts: queueCounts(q), consumers: len(q.Consumers()),
		singleActive: q.Settings().SingleActiveConsumer, deliveryLimit: q.Settings().DeliveryLimit,
	}
	info.bytes, info.unackedBytes = q.Bytes()
	info.persistent, info.persistentBytes = q.Persistent()
	applied := vh.Applied(q)
	info.definition = applied.Definition
	if applied.Policy != nil {
		info.policy = applied.Policy.Name
	}
	if applied.Operator != nil {
		info.operator = applied.Operator.Name
	}
	for _, c := range q.Consumers() {
		if c.Exclusive {
			info.exclusiveTag = c.Tag
		}
		if q.ActiveConsumer(c) {
			info.activeTag = c.Tag
		}
	}
	if owner, ok := q.Owner.(*broker.Connection); ok {
		info.owner = owner
	}
	if q.IsStream() {
		info.segments = q.Segments()
	}
	if detail {
		for _, c := range vh.Consumers(q) {
			info.details = append(info.details, lookAtConsumer(c))
		}
	}
	return info
}

func (r *request) queues() { r.listQueues(false) }

// detailedQueues lists queues with what else only a request for one tells.
func (r *request) detailedQueues() {
	if r.api.rules.BackingQueue {
		r.notFound()
		return
	}
	r.listQueues(true)
}

func (r *request) listQueues(detail bool) {
	hosts, ok := r.visible()
	if !ok {
		return
	}
	r.takeTurn()
	t := things[queueRef]{name: func(ref queueRef) string { return ref.q.Name() }}
	for _, vh := range hosts {
		for _, q := range vh.SnapshotQueues() {
			t.all = append(t.all, queueRef{vh, q})
		}
	}
	infos := make([]queueInfo, 0, batchSize)
	t.describe = func(batch []queueRef, yield func(int, object) bool) bool {
		infos = lookAtQueues(infos[:0], batch)
		for i := range infos {
			if infos[i].vhost != "" && !yield(i, r.queueObject(&infos[i], detail)) {
				return false
			}
		}
		return true
	}
	list(r, t)
}

// queueRef is a queue in a list.
type queueRef struct {
	vh *broker.VHost
	q  *queue.Queue
}

// lookAtQueues looks at some queues. What it says of one that is gone is nothing.
func lookAtQueues(infos []queueInfo, batch []queueRef) []queueInfo {
	for len(infos) < len(batch) {
		vh := batch[len(infos)].vh
		vh.Do(func() {
			for len(infos) < len(batch) && batch[len(infos)].vh == vh {
				var info queueInfo
				if q := batch[len(infos)].q; !q.Deleted() {
					info = lookAtQueue(vh, q, false)
				}
				infos = append(infos, info)
			}
		})
	}
	return infos
}

// findQueue looks at the queue in the path. It answers the request and returns
// nil if there is none.
func (r *request) findQueue() *queueInfo {
	if vh := r.inVHost(); vh != nil {
		vh.Lock()
		defer vh.Unlock()
		if q := vh.Queue(r.vars["queue"]); q != nil {
			info := lookAtQueue(vh, q, true)
			return &info
		}
	}
	r.notFound()
	return nil
}

func (r *request) queue() {
	q := r.findQueue()
	if q == nil {
		return
	}
	o := r.queueObject(q, true)
	if q.kind == queue.Stream {
		r.addStreamDetails(o, q)
		r.one(o)
		return
	}
	o["consumer_details"] = r.consumerObjects(q.details)
	o["deliveries"], o["incoming"] = []any{}, []any{} // RabbitMQ fills them in its rates mode "detailed" only
	if q.owner != nil {
		o["owner_pid_details"] = connectionDetails(q.owner)
	}
	r.one(o)
}

// addDetail adds what is null or left out in the lists of later releases.
func (r *request) addDetail(o object, q *queueInfo) {
	o["garbage_collection"] = noGarbage
	o["head_message_timestamp"] = nil
	o["policy"], o["operator_policy"] = orNull(q.policy), orNull(q.operator)
	o["exclusive_consumer_tag"] = orNull(q.exclusiveTag)
	o["single_active_consumer_tag"] = nil
	if q.singleActive {
		o["single_active_consumer_tag"] = orNull(q.activeTag)
	}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// queueObject describes a queue as it appears in lists, or in detail.
func (r *request) queueObject(q *queueInfo, detail bool) object {
	if q.kind == queue.Stream {
		return r.streamObject(q)
	}
	rules, c := r.api.rules, &q.counts
	total := q.bytes + q.unackedBytes
	capacity := any(0)
	if q.consumers > 0 {
		capacity = rate(1)
	}
	o := r.queueHead(q)
	o["consumer_capacity"], o["consumer_utilisation"] = capacity, capacity
	o["memory"], o["reductions"], o["reductions_details"] = 10000+total, c[publish], noRate
	o["message_bytes"], o["message_bytes_ready"], o["message_bytes_unacknowledged"] = total, q.bytes, q.unackedBytes
	o["message_bytes_ram"], o["message_bytes_persistent"] = total, q.persistentBytes
	o["messages_ram"], o["messages_ready_ram"], o["messages_unacknowledged_ram"] = c[messages], c[messagesReady], c[messagesUnacked]
	o["messages_persistent"] = q.persistent
	if q.policy != "" {
		o["policy"] = q.policy
	}
	if q.operator != "" {
		o["operator_policy"] = q.operator
	}
	if q.exclusiveTag != "" {
		o["exclusive_consumer_tag"] = q.exclusiveTag
	}
	if q.singleActive && q.activeTag != "" {
		o["single_active_consumer_tag"] = q.activeTag
	}
	if rules.PagedOut {
		o["message_bytes_paged_out"], o["messages_paged_out"] = 0, 0
	}
	if rules.StorageVersion && q.kind == queue.Classic {
		o["storage_version"] = 2
	}
	if rules.InternalQueues {
		o["internal"], o["internal_owner"] = false, false
	}
	if rules.BackingQueue {
		r.addBackingQueue(o, q)
	}
	h := r.addQueueCounts(o, q)
	if detail || rules.BackingQueue {
		addIdle(o, h)
	}
	if detail {
		r.addDetail(o, q)
	}
	if q.kind == queue.Quorum {
		r.makeQuorum(o, q)
	}
	return o
}

// queueHead says of a queue what is said of each kind.
func (r *request) queueHead(q *queueInfo) object {
	o := r.object()
	o["name"], o["vhost"], o["node"], o["type"], o["state"] = q.name, q.vhost, nodeName, string(q.kind), "running"
	o["durable"], o["auto_delete"], o["exclusive"], o["consumers"] = q.durable, q.autoDelete, q.exclusive, q.consumers
	if r.wants("arguments") {
		o["arguments"] = r.queueArguments(q.arguments, q.kind)
	}
	if r.wants("effective_policy_definition") {
		o["effective_policy_definition"] = fromDefinition(q.definition)
	}
	return o
}

// countFields are the fields for which the samples are looked at.
var countFields = []string{"messages", "messages_details", "messages_ready", "messages_ready_details",
	"messages_unacknowledged", "messages_unacknowledged_details", "message_stats", "idle_since"}

// addQueueCounts adds how many messages there are and what was done with them.
func (r *request) addQueueCounts(o object, q *queueInfo) *history {
	if !r.wants(countFields...) {
		return &history{}
	}
	h := r.api.samples.history(queueSubject(q.vhost, q.name), q.counts)
	r.detailed(o, &h, "lengths", lengths...)
	r.addStats(o, &h, []count{publish}, delivering)
	return &h
}

// addBackingQueue adds what RabbitMQ 3.10 says in lists already.
func (r *request) addBackingQueue(o object, q *queueInfo) {
	ready := q.counts[messagesReady]
	o["backing_queue_status"] = object{
		"avg_ack_egress_rate": rate(0), "avg_ack_ingress_rate": rate(0), "avg_egress_rate": rate(0), "avg_ingress_rate": rate(0),
		"delta": []any{"delta", "undefined", 0, 0, "undefined"}, "len": ready, "mode": "default",
		"next_seq_id": q.counts[publish], "next_deliver_seq_id": q.counts[publish] - ready,
		"q1": 0, "q2": 0, "q3": 0, "q4": ready, "target_ram_count": "infinity", "version": 1,
	}
	o["garbage_collection"] = noGarbage
	o["head_message_timestamp"], o["recoverable_slaves"] = nil, nil
	o["policy"], o["operator_policy"] = orNull(q.policy), orNull(q.operator)
	o["exclusive_consumer_tag"], o["single_active_consumer_tag"] = orNull(q.exclusiveTag), nil
	if q.singleActive {
		o["single_active_consumer_tag"] = orNull(q.activeTag)
	}
}

// queueArguments returns a queue's arguments, which in later releases always say
// its type.
func (r *request) queueArguments(args wire.Table, kind queue.Kind) object {
	o := fromTable(args)
	if r.api.rules.NamesQueueType {
		o["x-queue-type"] = string(kind)
	}
	return o
}

func (r *request) putQueue() {
	vh := r.inVHost()
	if vh == nil {
		r.noVHost()
		return
	}
	in, ok := r.read()
	if !ok {
		return
	}
	if node := in.text("node"); node != "" && node != nodeName {
		text := r.api.rules.UnknownNodeText
		r.badRequest(fmt.Sprintf(text, node))
		return
	}
	m, err := queueDeclaration(r.vars["queue"], in)
	if err != nil {
		r.reply(err)
		return
	}
	if len(m.Queue) > maxQueueName {
		r.badRequest(fmt.Sprintf("queue should be less than 255 bytes, actually was %d\n", len(m.Queue)))
		return
	}
	if !r.may(vh, broker.Configure, "queue", m.Queue) {
		return
	}
	var created bool
	vh.Do(func() { created, err = declareQueue(vh, m) })
	if err != nil {
		r.reply(err)
		return
	}
	r.done(created)
}

// maxQueueName is how long the name of a queue may be that is declared by PUT.
// RabbitMQ checks no other name, and not this one in definitions.
const maxQueueName = 255

// queueDeclaration reads a queue as the API and definitions describe it. There
// is no connection to which a queue could be exclusive.
func queueDeclaration(name string, in input) (*wire.QueueDeclare, error) {
	m := &wire.QueueDeclare{Queue: name}
	var err error
	if m.Durable, err = in.flag("durable"); err != nil {
		return nil, err
	}
	if m.AutoDelete, err = in.flag("auto_delete"); err != nil {
		return nil, err
	}
	m.Arguments, err = in.table("arguments")
	return m, err
}

// declareQueue creates a queue in a vhost that is locked, and says whether it was
// not there before.
func declareQueue(vh *broker.VHost, m *wire.QueueDeclare) (created bool, err error) {
	if err := broker.CheckQueueName(m.Queue); err != nil {
		return false, err
	}
	created = vh.Queue(m.Queue) == nil
	_, err = vh.DeclareQueue(nil, m)
	return created, err
}

func (r *request) deleteQueue() {
	if r.findQueue() == nil {
		return
	}
	vh, name := r.inVHost(), r.vars["queue"]
	if !r.may(vh, broker.Configure, "queue", name) {
		return
	}
	var err error
	vh.Do(func() {
		_, err = vh.DeleteQueue(nil, &wire.QueueDelete{Queue: name, IfUnused: r.flag("if-unused"), IfEmpty: r.flag("if-empty")})
	})
	if err != nil {
		r.refuse(err)
		return
	}
	r.noContent()
}

func (r *request) purgeQueue() {
	if r.findQueue() == nil {
		return
	}
	vh := r.inVHost()
	var err error
	vh.Do(func() { err = vh.PurgeAs(r.user, r.vars["queue"]) })
	if err != nil {
		r.refuse(err)
		return
	}
	r.noContent()
}

func hasQueue(vh *broker.VHost, name string) bool {
	vh.Lock()
	defer vh.Unlock()
	return vh.Queue(name) != nil
}

// queueAction synchronises mirrors, of which there are none.
func (r *request) queueAction() {
	in, ok := r.read()
	if !ok {
		return
	}
	if vh := r.inVHost(); vh == nil || r.api.rules.MissingObject && !hasQueue(vh, r.vars["queue"]) {
		r.fail(http.StatusNotFound, "not_found", "queue_not_found")
		return
	}
	if r.findQueue() == nil || !r.require(in, "action") {
		return
	}
	action := in.text("action")
	if r.api.rules.BackingQueue && strings.Contains("sync cancel_sync", action) {
		r.noContent()
		return
	}
	r.badRequest([]any{"unknown", action})
}
