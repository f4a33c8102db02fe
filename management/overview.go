package management

import (
	"encoding/json"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/exchange"
)

// nodeName is what the node is called. It is one node, whatever the release.
const nodeName = "rabbit@minirabbit"

func (r *request) overview() {
	release, rules := r.api.node.Release(), r.api.rules
	total, churn := r.totals()
	o := object{
		"management_version":        release.Version(),
		"rabbitmq_version":          release.Version(),
		"product_version":           release.Version(),
		"product_name":              "RabbitMQ",
		"cluster_name":              r.api.node.ClusterName(),
		"erlang_version":            rules.ErlangVersion,
		"erlang_full_version":       rules.ErlangFullVersion,
		"rates_mode":                "basic",
		"sample_retention_policies": object{"global": []int{600, 3600, 28800, 86400}, "basic": []int{600, 3600}, "detailed": []int{600}},
		"exchange_types":            r.exchangeTypes(),
		"disable_stats":             false,
		"enable_queue_totals":       false,
		"statistics_db_event_queue": 0,
		"message_stats":             object{},
		"queue_totals":              object{},
		"churn_rates":               churn,
		"object_totals":             r.objectTotals(),
	}
	if rules.MetadataQueueType {
		o["cluster_tags"], o["node_tags"] = object{}, object{}
		o["default_queue_type"] = "classic"
		o["is_op_policy_updating_enabled"] = true
	} else {
		o["release_series_support_status"] = "supported"
	}
	if rules.HidesVHosts {
		o["crypto_lib_version"] = "none"
		o["require_definition_json_extension"] = false
	}
	h := r.api.samples.history(subject{kind: 'n'}, total)
	stats := object{}
	r.detailed(stats, &h, "msg_rates", publishing...)
	r.detailed(stats, &h, "msg_rates", delivering...)
	for _, name := range []string{"disk_reads", "disk_writes"} {
		stats[name], stats[name+"_details"] = 0, object{"rate": rate(0)}
	}
	o["message_stats"] = stats
	queueTotals := object{}
	r.detailed(queueTotals, &h, "lengths", lengths...)
	o["queue_totals"] = queueTotals
	if isMonitor(r.user) {
		o["node"] = nodeName
		o["listeners"] = r.listeners()
		o["contexts"] = r.contexts()
	}
	r.one(o)
}

// totals sums up what the user may see.
func (r *request) totals() (counts, object) {
	var total counts
	for _, vh := range r.api.node.VHosts() {
		if !isMonitor(r.user) && !r.user.MayEnter(vh.Name()) {
			continue
		}
		vh.Lock()
		c := vhostCounts(vh)
		vh.Unlock()
		total.sum(&c)
	}
	churn := r.api.node.Churn()
	o := object{}
	for name, n := range churnCounts(churn) {
		o[name], o[name+"_details"] = n, object{"rate": rate(0)}
	}
	return total, o
}

func churnCounts(c *broker.Churn) map[string]uint64 {
	return map[string]uint64{
		"connection_created": c.ConnectionCreated.Load(), "connection_closed": c.ConnectionClosed.Load(),
		"channel_created": c.ChannelCreated.Load(), "channel_closed": c.ChannelClosed.Load(),
		"queue_declared": c.QueueDeclared.Load(), "queue_created": c.QueueCreated.Load(), "queue_deleted": c.QueueDeleted.Load(),
	}
}

func (r *request) objectTotals() object {
	connections, channels, consumers, exchanges, queues := 0, 0, 0, 0, 0
	for _, vh := range r.api.node.VHosts() {
		if !isMonitor(r.user) && !r.user.MayEnter(vh.Name()) {
			continue
		}
		vh.Lock()
		exchanges += len(vh.Exchanges())
		for _, q := range vh.Queues() {
			queues++
			consumers += len(q.Consumers())
		}
		for _, c := range vh.Connections() {
			if isMonitor(r.user) || c.User == r.user {
				connections++
				channels += len(c.Channels())
			}
		}
		vh.Unlock()
	}
	o := object{"connections": connections, "channels": channels, "exchanges": exchanges, "queues": queues}
	if isMonitor(r.user) {
		o["consumers"] = consumers
	}
	return o
}

// exchangeTypes lists the exchange types that the node has.
func (r *request) exchangeTypes() []object {
	descriptions := []struct{ name, description string }{
		{"direct", "AMQP direct exchange, as per the AMQP specification"},
		{"fanout", "AMQP fanout exchange, as per the AMQP specification"},
		{"headers", "AMQP headers exchange, as per the AMQP specification"},
		{"topic", "AMQP topic exchange, as per the AMQP specification"},
		{"x-consistent-hash", "Consistent Hashing Exchange"},
		{"x-delayed-message", "Delayed Message Exchange."},
		{"x-local-random", "Picks one random local binding (queue) to route via (to)."},
		{"x-modulus-hash", "Modulus Hashing Exchange"},
		{"x-random", "Randomly picks a binding (queue) to route via (to)."},
		{"x-recent-history", "Recent History Exchange."},
	}
	var all []object
	vh := r.api.node.VHosts()
	for _, d := range descriptions {
		if len(vh) > 0 && d.name != string(exchange.Direct) && vh[0].CheckExchangeType(d.name) != nil {
			continue
		}
		all = append(all, object{"name": d.name, "description": d.description, "enabled": true})
	}
	return all
}

func (r *request) listeners() []object {
	all := []object{}
	for _, l := range r.api.config.listeners() {
		all = append(all, object{"node": nodeName, "protocol": l.Protocol, "ip_address": l.Host, "port": l.Port,
			"socket_opts": object{"backlog": 128, "nodelay": true, "linger": []any{true, 0}, "exit_on_close": false}})
	}
	return all
}

func (r *request) contexts() []object {
	all := []object{}
	for _, l := range r.api.config.listeners() {
		if l.Protocol == "http" {
			all = append(all, object{"ssl_opts": []any{}, "node": nodeName, "description": "RabbitMQ Management", "path": "/",
				"cowboy_opts": "[{sendfile,false}]", "ip": l.Host, "port": strconv.Itoa(l.Port)})
		}
	}
	return all
}

func (r *request) whoami() {
	o := object{"name": r.user.Name(), "tags": tags(r.user)}
	if r.api.rules.InternalUser {
		o["is_internal_user"] = true
	}
	r.one(o)
}

func tags(u *broker.User) []string { return append([]string{}, u.Tags()...) }

func (r *request) extensions() {
	r.write(http.StatusOK, []object{{"javascript": "dispatcher.js"}})
}

func (r *request) version() {
	if !r.api.rules.HasVersion {
		r.notFound()
		return
	}
	r.write(http.StatusOK, r.api.node.Release().Version())
}

func (r *request) clusterName() { r.one(object{"name": r.api.node.ClusterName()}) }

func (r *request) setClusterName() {
	if !isAdministrator(r.user) {
		r.notAuthorised("Not administrator user")
		return
	}
	in, ok := r.read()
	if !ok || !r.require(in, "name") {
		return
	}
	value, err := json.Marshal(in.text("name"))
	if err != nil {
		r.badRequest("not_json")
		return
	}
	r.api.node.SetClusterName(in.text("name"))
	r.api.node.SetGlobalParameter("cluster_name", value)
	r.noContent()
}

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
	o := object{
		"name": nodeName, "type": "disc", "running": true, "rates_mode": "basic",
		"os_pid": "1", "processors": runtime.NumCPU(), "run_queue": 0, "net_ticktime": 60,
		"uptime":   r.api.samples.now().Sub(r.api.started).Milliseconds(),
		"fd_total": 1024, "fd_used": 0, "sockets_total": 832, "sockets_used": len(r.api.node.Connections()),
		"proc_total": 1048576, "proc_used": runtime.NumGoroutine(),
		"mem_limit": 10 << 30, "mem_used": m.Alloc, "mem_alarm": slices.Contains(alarms, "memory"), "mem_calculation_strategy": "rss",
		"disk_free": 50 << 30, "disk_free_limit": 50000000, "disk_free_alarm": slices.Contains(alarms, "disk"),
		"partitions": []any{}, "cluster_links": []any{}, "log_files": []any{}, "config_files": []any{}, "db_dir": "",
		"enabled_plugins":      []string{"rabbitmq_management"},
		"ra_open_file_metrics": object{"ra_log_wal": 0, "ra_log_segment_writer": 0},
		"metrics_gc_queue_length": object{"connection_closed": 0, "channel_closed": 0, "consumer_deleted": 0, "exchange_deleted": 0,
			"queue_deleted": 0, "vhost_deleted": 0, "node_node_deleted": 0, "channel_consumer_deleted": 0},
		"applications":    []object{{"name": "rabbit", "description": "RabbitMQ", "version": r.api.node.Release().Version()}},
		"auth_mechanisms": r.mechanisms(),
		"exchange_types":  r.exchangeTypes(),
		"contexts":        r.contexts(),
	}
	for name, n := range churnCounts(r.api.node.Churn()) {
		o[name] = n
	}
	for _, name := range strings.Fields(idleCounters) {
		o[name] = 0
	}
	for name, v := range o {
		if _, isInt := number(v); isInt && (strings.HasSuffix(name, "_used") || strings.HasSuffix(name, "_count") || name == "disk_free") {
			o[name+"_details"] = object{"rate": rate(0)}
		}
	}
	for name := range churnCounts(r.api.node.Churn()) {
		o[name+"_details"] = object{"rate": rate(0)}
	}
	if rules.HidesVHosts {
		o["rabbitmq_version"] = r.api.node.Release().Version()
		o["erlang_version"], o["erlang_full_version"] = rules.ErlangVersion, rules.ErlangFullVersion
		o["being_drained"] = false
	}
	return o
}

// idleCounters are those of storage that there is none of.
const idleCounters = "gc_num gc_bytes_reclaimed context_switches io_read_count io_read_bytes io_read_avg_time io_write_count " +
	"io_write_bytes io_write_avg_time io_sync_count io_sync_avg_time io_seek_count io_seek_avg_time io_reopen_count " +
	"mnesia_ram_tx_count mnesia_disk_tx_count msg_store_read_count msg_store_write_count queue_index_write_count queue_index_read_count"

func (r *request) mechanisms() []object {
	all := []object{}
	for _, name := range strings.Fields(r.api.node.Release().Mechanisms()) {
		all = append(all, object{"name": name, "description": name, "enabled": true})
	}
	return all
}

func (r *request) rebalance() { r.noContent() }
