package management

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
)

// nodeName is what the node is called. It is one node, whatever the release.
const nodeName = "rabbit@minirabbit"

func (r *request) overview() {
	shown, rules := r.api.node.Release(), r.api.rules
	total := r.totals()
	o := object{
		"management_version":        shown.Version,
		"rabbitmq_version":          shown.Version,
		"product_version":           shown.Version,
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
		"churn_rates":               r.churn(r.churnWindow()),
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
	h := r.api.samples.sum(r.totalled(), total)
	stats := object{}
	for name, v := range r.messageStats(&h, publishing, delivering) {
		stats[name] = v
	}
	nothing := history{now: h.now}
	for _, name := range []string{"disk_reads", "disk_writes"} {
		stats[name], stats[name+"_details"] = 0, details(&nothing, publish, r.asked("msg_rates"))
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
	if asked := r.form["columns"]; len(asked) > 0 { // of what is within, RabbitMQ sends all
		names := strings.Split(asked[0], ",")
		for i, name := range names {
			names[i], _, _ = strings.Cut(name, ".")
		}
		r.form["columns"] = []string{strings.Join(names, ",")}
	}
	r.one(o)
}

// totalled returns what is sampled that makes up what the user may see.
func (r *request) totalled() []subject {
	if isMonitor(r.user) {
		return []subject{{kind: 'n'}}
	}
	var all []subject
	for _, vh := range r.api.node.VHosts() {
		if r.user.MayEnter(vh.Name()) {
			all = append(all, subject{kind: 'v', vhost: vh.Name()})
		}
	}
	return all
}

// totals sums up what the user may see.
func (r *request) totals() counts {
	var total counts
	for _, vh := range r.api.node.VHosts() {
		if !isMonitor(r.user) && !r.user.MayEnter(vh.Name()) {
			continue
		}
		c := vhostCounts(vh)
		total.sum(&c)
	}
	return total
}

// churnWindow is what the overview shows of its churn: RabbitMQ wants to be asked for lengths and rates.
func (r *request) churnWindow() window {
	if r.asked("msg_rates").age == 0 {
		return window{}
	}
	return r.asked("lengths")
}

// churn tells what has come and gone, and how fast it does.
func (r *request) churn(w window) object {
	h := r.api.samples.history(subject{kind: 'u'}, churnCounts(r.api.node))
	o := object{}
	for c, name := range churnNames {
		o[name], o[name+"_details"] = h.present[c], details(&h, count(c), w)
	}
	return o
}

func (r *request) objectTotals() object {
	connections, channels, consumers, exchanges, queues := 0, 0, 0, 0, 0
	for _, vh := range r.api.node.VHosts() {
		if !isMonitor(r.user) && !r.user.MayEnter(vh.Name()) {
			continue
		}
		vh.WalkExchanges(func(*exchange.Exchange) { exchanges++ })
		vh.WalkQueues(func(q *queue.Queue) {
			queues++
			consumers += len(q.Consumers())
		})
		vh.WalkChannels(
			func(c *broker.Connection) {
				if isMonitor(r.user) || c.User == r.user {
					connections++
				}
			},
			func(ch *broker.Channel) {
				if isMonitor(r.user) || ch.Connection().User == r.user {
					channels++
				}
			})
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
		o := object{"node": nodeName, "protocol": l.Protocol, "ip_address": l.Host, "port": l.Port,
			"socket_opts": object{"backlog": 128, "nodelay": true, "linger": []any{true, 0}, "exit_on_close": false}}
		if l.Protocol == "http" {
			o["socket_opts"] = object{"cowboy_opts": object{"sendfile": false}, "ip": l.Host, "port": l.Port}
		}
		if r.api.rules.TellsTLS {
			o["tls"] = false
		}
		all = append(all, o)
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
	r.write(http.StatusOK, r.api.node.Release().Version)
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
	if !isText(in["name"]) {
		r.reply(errCrash)
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

func (r *request) rebalance() { r.noContent() }
