package management

import (
	"strings"

	"github.com/minirabbit/minirabbit/queue"
)

var letters = map[string]string{"e": "enabled", "d": "disabled"}

var stabilities = map[string]string{"s": "stable", "r": "required", "e": "experimental"}

// providers are the plug-ins that features belong to, where that is not the
// broker itself.
var providers = map[string]string{
	"drop_unroutable_metric": "rabbitmq_management_agent", "empty_basic_get_metric": "rabbitmq_management_agent",
	"management_metrics_collection": "rabbitmq_management_agent", "detailed_queues_endpoint": "rabbitmq_management",
}

func provider(name string) string {
	if p := providers[name]; p != "" {
		return p
	}
	return "rabbit"
}

func (r *request) featureFlags() {
	all := []object{}
	for _, entry := range strings.Fields(r.api.rules.FeatureFlags) {
		parts := strings.Split(entry, ":")
		o := object{"name": parts[0], "desc": "", "doc_url": "", "state": letters[parts[1]], "stability": stabilities[parts[2]],
			"provided_by": provider(parts[0])}
		if r.api.rules.HasReadiness {
			o["require_level"], o["experiment_level"], o["callbacks"] = "soft", "supported", []any{}
		}
		all = append(all, o)
	}
	r.list(all)
}

func (r *request) enableFeatureFlag() {
	if !strings.Contains(" "+strings.Join(strings.Fields(r.api.rules.FeatureFlags), " "), " "+r.vars["name"]+":") {
		r.badRequest("unsupported")
		return
	}
	r.noContent()
}

func (r *request) deprecatedFeatures() {
	r.listDeprecated(func(string) bool { return true })
}

// deprecatedFeaturesUsed lists those in use, of which there can be one here:
// queues that are neither durable nor exclusive.
func (r *request) deprecatedFeaturesUsed() {
	r.listDeprecated(func(name string) bool { return name == "transient_nonexcl_queues" && r.hasTransientQueue() })
}

func (r *request) listDeprecated(which func(name string) bool) {
	all := []object{}
	for _, entry := range strings.Fields(r.api.rules.DeprecatedFeatures) {
		name, phase, _ := strings.Cut(entry, ":")
		if !which(name) {
			continue
		}
		o := object{"name": name, "deprecation_phase": phase, "desc": "", "doc_url": "", "provided_by": provider(name)}
		if r.api.rules.HasReadiness {
			o["state"] = "denied"
			if phase == "permitted_by_default" {
				o["state"] = "permitted"
			}
		}
		all = append(all, o)
	}
	r.list(all)
}

func (r *request) hasTransientQueue() bool {
	for _, vh := range r.api.node.VHosts() {
		found := false
		vh.WalkQueues(func(q *queue.Queue) { found = found || !q.Durable && !q.Exclusive })
		if found {
			return true
		}
	}
	return false
}
