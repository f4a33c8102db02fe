package release

// The feature flags of the releases: name, state (enabled or disabled) and stability (stable, required or experimental)
// by their first letters.
const (
	flags3_10 = `classic_mirrored_queue_version:e:s drop_unroutable_metric:e:s empty_basic_get_metric:e:s
		implicit_default_bindings:e:s maintenance_mode_status:e:s quorum_queue:e:s stream_queue:e:s user_limits:e:s
		virtual_host_metadata:e:s`
	flags4_0 = `classic_mirrored_queue_version:e:r classic_queue_type_delivery_support:e:r detailed_queues_endpoint:e:s
		direct_exchange_routing_v2:e:r drop_unroutable_metric:e:r empty_basic_get_metric:e:r feature_flags_v2:e:r
		implicit_default_bindings:e:r khepri_db:d:e listener_records_in_ets:e:r maintenance_mode_status:e:r message_containers:e:r
		message_containers_deaths_v2:e:s quorum_queue:e:r quorum_queue_non_voters:e:s rabbit_exchange_type_local_random:e:s
		rabbitmq_4.0.0:e:s restart_streams:e:r stream_filtering:e:r stream_queue:e:r stream_sac_coordinator_unblock_group:e:r
		stream_single_active_consumer:e:r stream_update_config_command:e:r tracking_records_in_ets:e:r user_limits:e:r
		virtual_host_metadata:e:r`
	flags4_3 = `classic_mirrored_queue_version:e:r classic_queue_type_delivery_support:e:r detailed_queues_endpoint:e:r
		direct_exchange_routing_v2:e:r drop_unroutable_metric:e:r empty_basic_get_metric:e:r feature_flags_v2:e:r
		implicit_default_bindings:e:r khepri_db:e:r listener_records_in_ets:e:r maintenance_mode_status:e:r message_containers:e:r
		message_containers_deaths_v2:e:r quorum_queue:e:r quorum_queue_non_voters:e:r rabbit_exchange_type_local_random:e:r
		rabbitmq_4.0.0:e:r rabbitmq_4.1.0:e:r rabbitmq_4.2.0:e:r rabbitmq_4.3.0:e:s restart_streams:e:r stream_filtering:e:r
		stream_queue:e:r stream_sac_coordinator_unblock_group:e:r stream_single_active_consumer:e:r stream_update_config_command:e:r
		tie_binding_to_dest_with_keep_while_cond:e:s topic_binding_projection_v4:e:s topic_binding_projection_v5:e:s
		track_qq_members_uids:e:s tracking_records_in_ets:e:r user_limits:e:r virtual_host_metadata:e:r`
)

// The deprecated features: name and phase (permitted or denied by default, or removed).
const (
	deprecated4_0 = `queue_master_locator:permitted_by_default management_metrics_collection:permitted_by_default
		global_qos:permitted_by_default ram_node_type:permitted_by_default transient_nonexcl_queues:permitted_by_default
		amqp_address_v1:permitted_by_default classic_queue_mirroring:removed`
	deprecated4_3 = `queue_master_locator:denied_by_default global_qos:denied_by_default amqp_filter_set_bug:denied_by_default
		amqp_address_v1:denied_by_default management_metrics_collection:permitted_by_default
		transient_nonexcl_queues:permitted_by_default classic_queue_mirroring:removed ram_node_type:removed`
)
