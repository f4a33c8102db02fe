package management

import (
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
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
	parameters, policies, queues, exchanges, bindings := []object{}, []object{}, []object{}, []object{}, []object{}
	for _, vh := range node.VHosts() {
		hosts = append(hosts, r.vhostDefinition(vh))
		for _, u := range node.Users() {
			if p := u.Permissions(vh.Name()); p != nil {
				permissions = append(permissions, permissionObject(u.Name(), vh.Name(), p))
			}
		}
		parameters = append(parameters, parameterObjects(vh)...)
		policies = append(policies, policyObjects(vh, broker.UserPolicy)...)
		part := r.topologyOf(vh)
		queues, exchanges, bindings = append(queues, part.queues...), append(exchanges, part.exchanges...), append(bindings, part.bindings...)
	}
	o["users"], o["vhosts"], o["permissions"] = users, hosts, permissions
	o["topic_permissions"] = r.topicObjects(func(*broker.User, string) bool { return true })
	o["parameters"], o["policies"], o["global_parameters"] = parameters, policies, r.globalParameterObjects()
	if r.api.rules.OmitsInternal {
		o["global_parameters"] = slices.DeleteFunc(r.globalParameterObjects(), func(p object) bool { return p["name"] == "internal_cluster_id" })
	}
	o["queues"], o["exchanges"], o["bindings"] = queues, exchanges, bindings
	if name := r.URL.Query().Get("download"); name != "" {
		r.w.Header().Set("Content-Disposition", "attachment; filename="+name)
	}
	r.one(o)
}

func (r *request) definitionsHead() object {
	version := r.api.node.Release().Version()
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

// topology is what of a virtual host is in definitions.
type topology struct{ queues, exchanges, bindings []object }

func (r *request) topologyOf(vh *broker.VHost) topology {
	vh.Lock()
	defer vh.Unlock()
	t := topology{[]object{}, []object{}, []object{}}
	exported := map[string]bool{}
	for _, q := range vh.Queues() {
		if q.Exclusive {
			continue
		}
		exported[q.Name()] = true
		o := object{"name": q.Name(), "vhost": vh.Name(), "durable": q.Durable, "auto_delete": q.AutoDelete,
			"arguments": r.queueArguments(q.Arguments, q.Settings().Kind)}
		if r.api.rules.HidesVHosts {
			o["type"] = string(q.Settings().Kind)
		}
		t.queues = append(t.queues, o)
	}
	for _, x := range vh.Exchanges() {
		if x.Name() == "" || strings.HasPrefix(x.Name(), "amq.") || r.api.rules.OmitsInternal && x.Internal {
			continue
		}
		o := object{"name": x.Name(), "vhost": vh.Name(), "type": string(x.Kind()), "durable": x.Durable,
			"auto_delete": x.AutoDelete, "arguments": fromTable(x.Arguments)}
		if !r.api.rules.OmitsInternal {
			o["internal"] = x.Internal
		}
		t.exchanges = append(t.exchanges, o)
	}
	for _, b := range bindingsIn(vh) {
		if b.source == "" || b.toQueue && !exported[b.destination] {
			continue
		}
		o := b.object()
		delete(o, "properties_key")
		t.bindings = append(t.bindings, o)
	}
	return t
}

// vhostDefinitions exports one virtual host, without its name, so that it can be
// imported into another.
func (r *request) vhostDefinitions() {
	vh := r.inVHost()
	if vh == nil {
		r.badRequest("vhost_not_found")
		return
	}
	t := r.topologyOf(vh)
	parameters, policies := parameterObjects(vh), policyObjects(vh, broker.UserPolicy)
	for _, o := range slices.Concat(t.queues, t.exchanges, t.bindings) {
		delete(o, "vhost")
	}
	o := object{"rabbit_version": r.api.node.Release().Version()}
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
	o["queues"], o["exchanges"], o["bindings"] = t.queues, t.exchanges, t.bindings
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
