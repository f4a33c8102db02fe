package management

import (
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/queue"
)

// definitions exports everything that can be imported again.
func (r *request) definitions() {
	node := r.api.node
	o := r.definitionsHead()
	if r.api.rules.VHostDefinitions {
		o["rabbitmq_definition_format"], o["original_cluster_name"] = "cluster", node.ClusterName()
		o["explanation"] = "Definitions of cluster '" + node.ClusterName() + "'"
	}
	users, permissions, hosts := []object{}, []object{}, []object{}
	for _, u := range node.Users() {
		users = append(users, userObject(u))
	}
	r.takeTurn()
	parameters, policies := []object{}, []object{}
	var t topology
	for _, vh := range node.VHosts() {
		hosts = append(hosts, r.vhostDefinition(vh))
		for _, u := range node.Users() {
			if p := u.Permissions(vh.Name()); p != nil {
				permissions = append(permissions, permissionObject(u.Name(), vh.Name(), p))
			}
		}
		parameters = append(parameters, parameterObjects(vh)...)
		policies = append(policies, policyObjects(vh, broker.UserPolicy)...)
		t.add(r, vh)
	}
	o["users"], o["vhosts"], o["permissions"] = users, hosts, permissions
	o["topic_permissions"] = r.topicObjects(func(*broker.User, string) bool { return true })
	o["parameters"], o["policies"], o["global_parameters"] = parameters, policies, r.globalParameterObjects()
	if r.api.rules.OmitsInternal {
		o["global_parameters"] = slices.DeleteFunc(r.globalParameterObjects(), func(p object) bool { return p["name"] == "internal_cluster_id" })
	}
	t.export(r, o, true)
	if name := r.URL.Query().Get("download"); name != "" {
		r.w.Header().Set("Content-Disposition", "attachment; filename="+name)
	}
	r.one(o)
}

func (r *request) definitionsHead() object {
	version := r.api.node.Release().Version
	return object{"rabbit_version": version, "rabbitmq_version": version, "product_name": "RabbitMQ", "product_version": version}
}

func (r *request) vhostDefinition(vh *broker.VHost) object {
	o := object{"name": vh.Name()}
	if !r.api.rules.VHostDefinitions {
		return o
	}
	m := vh.Metadata()
	o["metadata"] = r.metadataObject(m)
	if r.api.rules.VHostLimitsInDefinitions {
		o["limits"] = limitsObject(vh.Limits())
		return o
	}
	o["description"], o["tags"], o["default_queue_type"] = m.Description, append([]string{}, m.Tags...), r.defaultQueueType(m)
	return o
}

// topology is what of virtual hosts is in definitions.
type topology struct {
	queues    []queueRef
	exchanges []exchangeRef
	bindings  []bindingInfo
}

// add adds what is in a virtual host and can be exported.
func (t *topology) add(r *request, vh *broker.VHost) {
	for _, q := range vh.SnapshotQueues() {
		if !q.Exclusive {
			t.queues = append(t.queues, queueRef{vh, q})
		}
	}
	for _, x := range vh.SnapshotExchanges() {
		if x.Name() != "" && !strings.HasPrefix(x.Name(), "amq.") && !(r.api.rules.OmitsInternal && x.Internal) {
			t.exchanges = append(t.exchanges, exchangeRef{vh, x})
		}
		for _, b := range vh.SnapshotBindings(x) {
			if q, ok := b.Destination.(*queue.Queue); !ok || !q.Exclusive {
				t.bindings = append(t.bindings, bindingInfo{vhost: vh.Name(), Binding: b})
			}
		}
	}
}

// export puts the lists into definitions, with or without the virtual hosts' names.
func (t *topology) export(r *request, o object, vhosts bool) {
	queues := things[queueRef]{all: t.queues, describe: func(batch []queueRef, yield func(int, object) bool) bool {
		for i, info := range lookAtQueues(nil, batch) {
			if info.vhost != "" && !yield(i, r.queueDefinition(&info)) {
				return false
			}
		}
		return true
	}}
	exchanges := things[exchangeRef]{all: t.exchanges, describe: func(batch []exchangeRef, yield func(int, object) bool) bool {
		for i, ref := range batch {
			if !yield(i, r.exchangeDefinition(ref)) {
				return false
			}
		}
		return true
	}}
	bindings := things[bindingInfo]{all: t.bindings, describe: func(batch []bindingInfo, yield func(int, object) bool) bool {
		for i := range batch {
			b := batch[i].object()
			delete(b, "properties_key")
			if !yield(i, b) {
				return false
			}
		}
		return true
	}}
	o["queues"], o["exchanges"], o["bindings"] = defined(r, queues, vhosts), defined(r, exchanges, vhosts), defined(r, bindings, vhosts)
}

func defined[T any](r *request, t things[T], vhosts bool) objects {
	return func(yield func(object) bool) {
		described(r, t, func(_ T, o object) bool {
			if !vhosts {
				delete(o, "vhost")
			}
			return yield(o)
		})
	}
}

func (r *request) queueDefinition(q *queueInfo) object {
	o := object{"name": q.name, "vhost": q.vhost, "durable": q.durable, "auto_delete": q.autoDelete, "arguments": r.queueArguments(q.arguments, q.kind)}
	if r.api.rules.HidesVHosts {
		o["type"] = string(q.kind)
	}
	return o
}

// exchangeDefinition looks at nothing that changes, and so without the lock.
func (r *request) exchangeDefinition(ref exchangeRef) object {
	x := ref.x
	o := object{"name": x.Name(), "vhost": ref.vh.Name(), "type": string(x.Kind()), "durable": x.Durable,
		"auto_delete": x.AutoDelete, "arguments": fromTable(x.Arguments)}
	if !r.api.rules.OmitsInternal {
		o["internal"] = x.Internal
	}
	return o
}

// vhostDefinitions exports one virtual host, without its name, so that it can be
// imported into another.
func (r *request) vhostDefinitions() {
	vh := r.inVHost()
	if vh == nil {
		r.badRequest("vhost_not_found")
		return
	}
	r.takeTurn()
	var t topology
	t.add(r, vh)
	parameters, policies := parameterObjects(vh), policyObjects(vh, broker.UserPolicy)
	o := object{"rabbit_version": r.api.node.Release().Version}
	if r.api.rules.VHostDefinitions {
		for _, p := range slices.Concat(parameters, policies) {
			delete(p, "vhost")
		}
		o = r.definitionsHead()
		m := vh.Metadata()
		o["rabbitmq_definition_format"], o["original_vhost_name"] = "single_virtual_host", vh.Name()
		o["explanation"] = "Definitions of virtual host '" + vh.Name() + "'"
		o["metadata"], o["description"], o["limits"] = r.metadataObject(m), m.Description, limitsObject(vh.Limits())
		if !r.api.rules.OmitsInternal {
			o["default_queue_type"] = r.defaultQueueType(m)
			o["limits"] = orList(limitsObject(vh.Limits()))
		}
	}
	o["parameters"], o["policies"] = parameters, policies
	t.export(r, o, false)
	r.one(o)
}

// orList is an object, or an empty list instead of an empty one: Erlang cannot tell
// them apart.
func orList(o object) any {
	if len(o) == 0 {
		return []any{}
	}
	return o
}
