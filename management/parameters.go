package management

import (
	"encoding/json"
	"net/http"

	"github.com/minirabbit/minirabbit/broker"
)

// The components that have parameters in a broker without plug-ins.
const (
	componentLimits   = "vhost-limits"
	componentOperator = "operator_policy"
	componentPolicy   = "policy"
)

// parameterObjects describes the parameters of a virtual host: those of limits
// and of operator policies.
// policyValue is an operator policy as a parameter, in RabbitMQ's order, which
// tools print.
type policyValue struct {
	Pattern    any `json:"pattern"`
	Definition any `json:"definition"`
	Priority   any `json:"priority"`
	ApplyTo    any `json:"apply-to"`
}

func parameterObjects(vh *broker.VHost) []object {
	items := []object{}
	if l := vh.Limits(); len(l) > 0 {
		items = append(items, object{"component": componentLimits, "vhost": vh.Name(), "name": "limits", "value": limitsObject(l)})
	}
	for _, p := range policyObjects(vh, broker.OperatorPolicy) {
		items = append(items, object{"component": componentOperator, "vhost": vh.Name(), "name": p["name"], "value": policyValue{
			p["pattern"], p["definition"], p["priority"], p["apply-to"]}})
	}
	return items
}

func (r *request) parameters() {
	hosts, ok := r.visible()
	if !ok {
		return
	}
	component, one := r.vars["component"]
	items := []object{}
	for _, vh := range hosts {
		for _, o := range parameterObjects(vh) {
			if !one || o["component"] == component {
				items = append(items, o)
			}
		}
	}
	r.list(items)
}

func (r *request) parameter() {
	if vh := r.inVHost(); vh != nil {
		for _, o := range parameterObjects(vh) {
			if o["component"] == r.vars["component"] && o["name"] == r.vars["name"] {
				r.one(o)
				return
			}
		}
	}
	r.notFound()
}

func (r *request) putParameter() {
	vh := r.inVHost()
	if vh == nil {
		r.noVHost()
		return
	}
	in, ok := r.read()
	if !ok || !r.require(in, "value") {
		return
	}
	created, err := setParameter(vh, r.vars["component"], r.vars["name"], in["value"])
	if err != nil {
		r.reply(err)
		return
	}
	r.done(created)
}

// setParameter sets a parameter as the API and definitions describe it, and says
// whether it was not there before.
func setParameter(vh *broker.VHost, component, name string, value any) (created bool, err error) {
	o, _ := value.(map[string]any)
	switch component {
	case componentLimits:
		limits, err := readLimits(o, vhostLimitNames, "limits")
		if err != nil {
			return false, err
		}
		created = len(vh.Limits()) == 0
		vh.SetLimits(limits)
		return created, nil
	case componentPolicy:
		return false, &problem{"policies may not be set using this method"}
	case componentOperator:
		return setPolicy(vh, broker.OperatorPolicy, name, o)
	}
	return false, &broker.ValidationError{Problems: []string{"component " + component + " not found"}}
}

func (r *request) deleteParameter() {
	vh := r.inVHost()
	if vh == nil || r.vars["component"] != componentLimits || len(vh.Limits()) == 0 {
		r.notFound()
		return
	}
	vh.SetLimits(nil)
	r.noContent()
}

// clusterTags is the global parameter that later releases have from the start.
const clusterTags = "cluster_tags"

func (r *request) globalParameterValue(name string) json.RawMessage {
	v := r.api.node.GlobalParameter(name)
	switch {
	case v != nil:
	case name == clusterTags && r.api.rules.MetadataQueueType:
		v = json.RawMessage("[]")
	case name == "internal_cluster_id":
		v = json.RawMessage(`"rabbitmq-cluster-id-minirabbit"`)
	}
	return v
}

func (r *request) globalParameterObjects() []object {
	names := append([]string{clusterTags, "internal_cluster_id"}, r.api.node.GlobalParameters()...)
	items, seen := []object{}, map[string]bool{}
	for _, name := range names {
		if v := r.globalParameterValue(name); v != nil && !seen[name] {
			items = append(items, object{"name": name, "value": v})
			seen[name] = true
		}
	}
	return items
}

func (r *request) globalParameters() { r.list(r.globalParameterObjects()) }

func (r *request) globalParameter() {
	v := r.globalParameterValue(r.vars["name"])
	if v == nil {
		r.notFound()
		return
	}
	r.one(object{"name": r.vars["name"], "value": v})
}

func (r *request) putGlobalParameter() {
	in, ok := r.read()
	if !ok || !r.require(in, "value") {
		return
	}
	value, err := json.Marshal(in["value"])
	if err != nil {
		r.badRequest("not_json")
		return
	}
	r.done(r.api.node.SetGlobalParameter(r.vars["name"], value))
}

func (r *request) deleteGlobalParameter() {
	if r.api.node.GlobalParameter(r.vars["name"]) == nil {
		r.notFound()
		return
	}
	r.api.node.SetGlobalParameter(r.vars["name"], nil)
	r.w.WriteHeader(http.StatusNoContent)
}
