package management

// streamObject describes a stream as it appears in lists. RabbitMQ says less of a
// stream than of other queues, and nothing of what is unacked.
func (r *request) streamObject(q *queueInfo) object {
	o := r.queueHead(q)
	o["memory"], o["reductions"], o["reductions_details"] = 10000, 0, noRate
	o["members"], o["online"], o["readers"] = []string{nodeName}, []string{nodeName}, object{nodeName: q.consumers}
	if !r.api.rules.BackingQueue {
		o["leader"], o["segments"] = nodeName, q.segments
	}
	if r.api.rules.InternalQueues {
		o["internal"], o["internal_owner"] = false, false
		o["first_timestamp"] = 0
	}
	if q.policy != "" || q.operator != "" {
		o["policy"], o["operator_policy"] = orNull(q.policy), orNull(q.operator)
	}
	r.addQueueCounts(o, q)
	return o
}

// addStreamDetails adds what a look at one stream shows beside.
func (r *request) addStreamDetails(o object, q *queueInfo) {
	o["consumer_details"] = r.consumerObjects(q.details)
	o["deliveries"], o["incoming"] = []any{}, []any{}
	o["garbage_collection"] = object{"fullsweep_after": -1, "max_heap_size": -1, "min_bin_vheap_size": -1, "min_heap_size": -1, "minor_gcs": -1}
	o["policy"], o["operator_policy"] = orNull(q.policy), orNull(q.operator)
}
