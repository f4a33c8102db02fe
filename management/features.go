package management

import (
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/queue"
)

// The feature flags of the releases: name, state (enabled or disabled) and
// stability (stable, required or experimental) by their first letters.
var featureFlagNames = map[*broker.Release]string{
	broker.Release310: `classic_mirrored_queue_version:e:s drop_unroutable_metric:e:s empty_basic_get_metric:e:s
		implicit_default_bindings:e:s maintenance_mode_status:e:s quorum_queue:e:s stream_queue:e:s user_limits:e:s
		virtual_host_metadata:e:s`,
	broker.Release40: `classic_mirrored_queue_version:e:r classic_queue_type_delivery_support:e:r detailed_queues_endpoint:e:s
		direct_exchange_routing_v2:e:r drop_unroutable_metric:e:r empty_basic_get_metric:e:r feature_flags_v2:e:r
		implicit_default_bindings:e:r khepri_db:d:e listener_records_in_ets:e:r maintenance_mode_status:e:r message_containers:e:r
		message_containers_deaths_v2:e:s quorum_queue:e:r quorum_queue_non_voters:e:s rabbit_exchange_type_local_random:e:s
		rabbitmq_4.0.0:e:s restart_streams:e:r stream_filtering:e:r stream_queue:e:r stream_sac_coordinator_unblock_group:e:r
		stream_single_active_consumer:e:r stream_update_config_command:e:r tracking_records_in_ets:e:r user_limits:e:r
		virtual_host_metadata:e:r`,
	broker.Release43: `classic_mirrored_queue_version:e:r classic_queue_type_delivery_support:e:r detailed_queues_endpoint:e:r
		direct_exchange_routing_v2:e:r drop_unroutable_metric:e:r empty_basic_get_metric:e:r feature_flags_v2:e:r
		implicit_default_bindings:e:r khepri_db:e:r listener_records_in_ets:e:r maintenance_mode_status:e:r message_containers:e:r
		message_containers_deaths_v2:e:r quorum_queue:e:r quorum_queue_non_voters:e:r rabbit_exchange_type_local_random:e:r
		rabbitmq_4.0.0:e:r rabbitmq_4.1.0:e:r rabbitmq_4.2.0:e:r rabbitmq_4.3.0:e:s restart_streams:e:r stream_filtering:e:r
		stream_queue:e:r stream_sac_coordinator_unblock_group:e:r stream_single_active_consumer:e:r stream_update_config_command:e:r
		tie_binding_to_dest_with_keep_while_cond:e:s topic_binding_projection_v4:e:s topic_binding_projection_v5:e:s
		track_qq_members_uids:e:s tracking_records_in_ets:e:r user_limits:e:r virtual_host_metadata:e:r`,
}

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
	for _, entry := range strings.Fields(featureFlagNames[r.api.node.Release()]) {
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
	if !strings.Contains(" "+strings.Join(strings.Fields(featureFlagNames[r.api.node.Release()]), " "), " "+r.vars["name"]+":") {
		r.badRequest("unsupported")
		return
	}
	r.noContent()
}

// The deprecated features: name and phase (permitted or denied by default, or
// removed).
var deprecatedFeatures = map[*broker.Release]string{
	broker.Release40: `queue_master_locator:permitted_by_default management_metrics_collection:permitted_by_default
		global_qos:permitted_by_default ram_node_type:permitted_by_default transient_nonexcl_queues:permitted_by_default
		amqp_address_v1:permitted_by_default classic_queue_mirroring:removed`,
	broker.Release43: `queue_master_locator:denied_by_default global_qos:denied_by_default amqp_filter_set_bug:denied_by_default
		amqp_address_v1:denied_by_default management_metrics_collection:permitted_by_default
		transient_nonexcl_queues:permitted_by_default classic_queue_mirroring:removed ram_node_type:removed`,
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
	for _, entry := range strings.Fields(deprecatedFeatures[r.api.node.Release()]) {
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
