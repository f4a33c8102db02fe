package management

import (
	"runtime"
	"slices"
	"strings"
)

func (r *request) nodes() { r.list([]object{r.node()}) }

func (r *request) nodeByName() {
	if r.vars["node"] != nodeName {
		r.notFound()
		return
	}
	r.one(r.node())
}

func (r *request) nodeMemory() {
	if r.vars["node"] != nodeName {
		r.notFound()
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	memory := object{"total": object{"allocated": m.HeapSys, "rss": m.Sys, "erlang": m.Alloc}, "strategy": "rss"}
	for _, name := range strings.Fields(memoryParts) {
		memory[name] = 0
	}
	memory["other_proc"], memory["allocated_unused"] = m.Alloc, m.HeapIdle
	r.one(object{"memory": memory})
}

// memoryParts are those into which RabbitMQ divides its memory. Here it is all one.
const memoryParts = "connection_readers connection_writers connection_channels connection_other stream_queue_procs " +
	"stream_queue_replica_reader_procs stream_queue_coordinator_procs queue_procs quorum_queue_procs quorum_queue_dlx_procs plugins " +
	"metadata_store other_proc metrics mgmt_db quorum_ets mnesia metadata_store_ets other_ets binary msg_index code atom other_system " +
	"allocated_unused reserved_unallocated"

func (r *request) node() object {
	rules := r.api.rules
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	alarms := r.api.config.alarms()
	used, limit := m.Alloc, uint64(10<<30)
	if c := r.api.config; c.memory != nil {
		used = c.memory()
		if n := c.limit(); n != 0 {
			limit = n
		}
	}
	o := object{
		"name": nodeName, "type": "disc", "running": true, "rates_mode": "basic",
		"os_pid": "1", "processors": runtime.NumCPU(), "run_queue": 0, "net_ticktime": 60,
		"uptime":   r.api.samples.now().Sub(r.api.started).Milliseconds(),
		"fd_total": 1024, "fd_used": 0, "sockets_total": 832, "sockets_used": len(r.api.node.Connections()),
		"proc_total": 1048576, "proc_used": runtime.NumGoroutine(),
		"mem_limit": limit, "mem_used": used, "mem_alarm": slices.Contains(alarms, "memory"), "mem_calculation_strategy": "rss",
		"disk_free": int64(50 << 30), "disk_free_limit": 50000000, "disk_free_alarm": slices.Contains(alarms, "disk"),
		"partitions": []any{}, "cluster_links": []any{}, "log_files": []any{}, "config_files": []any{}, "db_dir": "",
		"enabled_plugins":      []string{"rabbitmq_management", "rabbitmq_consistent_hash_exchange", "rabbitmq_random_exchange", "rabbitmq_recent_history_exchange"},
		"ra_open_file_metrics": object{"ra_log_wal": 0, "ra_log_segment_writer": 0},
		"metrics_gc_queue_length": object{"connection_closed": 0, "channel_closed": 0, "consumer_deleted": 0, "exchange_deleted": 0,
			"queue_deleted": 0, "vhost_deleted": 0, "node_node_deleted": 0, "channel_consumer_deleted": 0},
		"applications":    []object{{"name": "rabbit", "description": "RabbitMQ", "version": r.api.node.Release().Version}},
		"auth_mechanisms": r.mechanisms(),
		"exchange_types":  r.exchangeTypes(),
		"contexts":        bare(r.contexts()),
	}
	nothing := history{now: r.api.samples.now()}
	for _, name := range strings.Fields(idleCounters) {
		o[name] = 0
		if strings.HasSuffix(name, "_avg_time") {
			o[name] = rate(0)
		}
		o[name+"_details"] = details(&nothing, publish, r.asked("node_stats"))
	}
	for _, name := range []string{"fd_used", "sockets_used", "proc_used", "mem_used", "disk_free"} {
		n, _ := number(o[name])
		always := counts{publish: uint64(n)}
		h := history{now: nothing.now, present: always, samples: []sample{{counts: always}}}
		o[name+"_details"] = details(&h, publish, r.asked("node_stats"))
	}
	for name, v := range r.churn(r.asked("node_stats")) {
		o[name] = v
	}
	if rules.Drains {
		o["being_drained"] = false
	}
	if rules.HidesVHosts {
		o["rabbitmq_version"] = r.api.node.Release().Version
		o["erlang_version"], o["erlang_full_version"] = rules.ErlangVersion, rules.ErlangFullVersion
		o["crypto_lib_version"] = "none"
	}
	return o
}

// idleCounters are those of storage that there is none of.
const idleCounters = "gc_num gc_bytes_reclaimed context_switches io_read_count io_read_bytes io_read_avg_time io_write_count " +
	"io_write_bytes io_write_avg_time io_sync_count io_sync_avg_time io_seek_count io_seek_avg_time io_reopen_count " +
	"mnesia_ram_tx_count mnesia_disk_tx_count msg_store_read_count msg_store_write_count queue_index_write_count queue_index_read_count"

// bare leaves out what contexts have in the overview only.
func bare(contexts []object) []object {
	for _, c := range contexts {
		delete(c, "node")
		delete(c, "ssl_opts")
	}
	return contexts
}

func (r *request) mechanisms() []object {
	described := map[string]string{"PLAIN": "SASL PLAIN authentication mechanism", "AMQPLAIN": "QPid AMQPLAIN mechanism",
		"ANONYMOUS": "SASL ANONYMOUS authentication mechanism"}
	all := []object{{"name": "RABBIT-CR-DEMO", "description": "RabbitMQ Demo challenge-response authentication mechanism", "enabled": false}}
	for _, name := range strings.Fields(r.api.node.Release().Mechanisms) {
		all = append(all, object{"name": name, "description": described[name], "enabled": true})
	}
	return all
}
