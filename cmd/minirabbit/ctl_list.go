package main

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
)

// listing is a command that lists things: the columns that it shows unless told
// otherwise, those that it knows beside them, where the API has the things, and
// how to get at a column whose name differs there.
type listing struct {
	what     string // in the banner
	scoped   bool   // by virtual host
	columns  string
	more     string
	path     func(c *ctl) string
	fields   map[string]func(o map[string]any) any
	fixed    bool   // takes no columns as arguments
	strict   bool   // refuses a virtual host that is not there
	prepared string // what the banner says instead
}

func (l listing) command() ctlCommand {
	usage, most := "[COLUMN ...]", -1
	if l.fixed {
		usage, most = "", 0
	}
	return ctlCommand{0, most, usage, l.run}
}

func (l listing) run(c *ctl, ctx context.Context) error {
	columns := strings.Fields(l.columns)
	if !l.fixed && len(c.args) > 0 {
		columns = nil
		for _, arg := range c.args {
			columns = append(columns, strings.FieldsFunc(arg, func(r rune) bool { return r == ',' || r == ' ' })...)
		}
	}
	known := append(strings.Fields(l.columns), strings.Fields(l.more)...)
	var unknown []string
	for _, column := range columns {
		if !slices.Contains(known, column) {
			unknown = append(unknown, column)
		}
	}
	if len(unknown) > 0 {
		return c.invalid(ctlUsage, "Info key(s) %s are not supported", strings.Join(unknown, ","))
	}
	if l.what == "queues" {
		c.say("Timeout: %d.0 seconds ...", c.timeout(60))
	}
	c.say("%s", l.banner(c))
	var items []map[string]any
	if l.strict {
		if err := c.checkVHost(ctx); err != nil {
			return err
		}
	}
	if err := c.api.get(ctx, l.path(c), &items); err != nil && !(l.scoped && isStatus(err, 404)) {
		return err
	}
	var rows []row
	for _, o := range items {
		if c.options["offline"] != "" && c.options["online"] == "" && l.what == "queues" {
			continue // each queue is where the node is
		}
		r := make(row, len(columns))
		for i, column := range columns {
			if field := l.fields[column]; field != nil {
				r[i] = field(o)
			} else {
				r[i] = plain(o[column])
			}
		}
		rows = append(rows, r)
	}
	return c.print(columns, rows)
}

func (l listing) banner(c *ctl) string {
	switch {
	case l.prepared != "":
		return fmt.Sprintf(l.prepared, c.vhost)
	case l.scoped:
		return fmt.Sprintf("Listing %s for vhost %s ...", l.what, c.vhost)
	}
	return fmt.Sprintf("Listing %s ...", l.what)
}

// plain makes objects print as Erlang's.
func plain(v any) any {
	if o, ok := v.(map[string]any); ok {
		return erlangArguments(o)
	}
	return v
}

func inVHost(kind string) func(c *ctl) string {
	return func(c *ctl) string { return path(kind, c.vhost) }
}

func everywhere(kind string) func(c *ctl) string { return func(*ctl) string { return kind } }

// within returns a field of an object in an object.
func within(outer, inner string) func(o map[string]any) any {
	return func(o map[string]any) any {
		part, _ := o[outer].(map[string]any)
		return plain(part[inner])
	}
}

func field(name string) func(o map[string]any) any {
	return func(o map[string]any) any { return plain(o[name]) }
}

// pid makes up the process identifier that a thing has in RabbitMQ, from its name.
func pid(o map[string]any) any {
	h := fnv.New32a()
	fmt.Fprint(h, o["name"])
	return fmt.Sprintf("<%v.1.%d.0>", o["node"], h.Sum32())
}

// protocolVersion writes it as Erlang does.
func protocolVersion(o map[string]any) any {
	version, _ := strings.CutPrefix(fmt.Sprint(o["protocol"]), "AMQP ")
	return "{" + strings.ReplaceAll(version, "-", ",") + "}"
}

func channelPid(o map[string]any) any {
	channel, _ := o["channel_details"].(map[string]any)
	return pid(channel)
}

// asText writes an object as JSON, in a string.
func asText(name string) func(o map[string]any) any {
	return func(o map[string]any) any {
		text, err := json.Marshal(o[name])
		if err != nil {
			return ""
		}
		return string(text)
	}
}

var (
	listQueues = listing{what: "queues", scoped: true, columns: "name messages", path: inVHost("queues"),
		more: "durable auto_delete exclusive arguments policy operator_policy effective_policy_definition pid owner_pid " +
			"exclusive_consumer_tag single_active_consumer_tag messages_ready messages_unacknowledged messages_ram messages_persistent " +
			"message_bytes message_bytes_ready message_bytes_unacknowledged message_bytes_ram message_bytes_persistent " +
			"consumers consumer_utilisation consumer_capacity memory state type leader members online",
		fields: map[string]func(map[string]any) any{"pid": pid}}
	listExchanges = listing{what: "exchanges", scoped: true, columns: "name type", path: inVHost("exchanges"),
		more: "durable auto_delete internal arguments policy"}
	listBindings = listing{prepared: "Listing bindings for vhost %s...", scoped: true, path: inVHost("bindings"),
		columns: "source_name source_kind destination_name destination_kind routing_key arguments",
		fields: map[string]func(map[string]any) any{
			"source_name": field("source"), "destination_name": field("destination"), "destination_kind": field("destination_type"),
			"source_kind": func(map[string]any) any { return "exchange" }}}
	listConnections = listing{what: "connections", columns: "user peer_host peer_port state", path: everywhere("connections"),
		more: "pid name port host ssl protocol vhost timeout frame_max channel_max client_properties recv_oct recv_cnt send_oct " +
			"send_cnt send_pend channels auth_mechanism connected_at user_provided_name",
		fields: map[string]func(map[string]any) any{"pid": pid, "protocol": protocolVersion}}
	listChannels = listing{what: "channels", columns: "pid user consumer_count messages_unacknowledged", path: everywhere("channels"),
		more: "connection name number vhost transactional confirm messages_uncommitted acks_uncommitted messages_unconfirmed " +
			"prefetch_count global_prefetch_count state",
		fields: map[string]func(map[string]any) any{"pid": pid, "connection": within("connection_details", "name")}}
	listConsumers = listing{columns: "queue_name channel_pid consumer_tag ack_required prefetch_count active arguments", path: inVHost("consumers"),
		more: "activity_status exclusive", prepared: "Listing consumers in vhost %s ...", scoped: true,
		fields: map[string]func(map[string]any) any{"queue_name": within("queue", "name"), "channel_pid": channelPid}}
	listUsers  = listing{what: "users", columns: "user tags", path: everywhere("users"), fixed: true, fields: map[string]func(map[string]any) any{"user": field("name")}}
	listVHosts = listing{what: "vhosts", columns: "name", more: "tracing description tags default_queue_type cluster_state metadata", path: everywhere("vhosts")}

	listPermissions = listing{strict: true, prepared: "Listing permissions for vhost %q ...", columns: "user configure write read", fixed: true,
		path: func(c *ctl) string { return path("vhosts", c.vhost, "permissions") }}
	listTopicPermissions = listing{strict: true, prepared: "Listing topic permissions for vhost %q ...", columns: "user exchange write read", fixed: true,
		path: func(c *ctl) string { return path("vhosts", c.vhost, "topic-permissions") }}
	listPolicies = listing{strict: true, prepared: "Listing policies for vhost %q ...", columns: "vhost name pattern apply-to definition priority", fixed: true,
		path: inVHost("policies"), fields: map[string]func(map[string]any) any{"definition": asText("definition")}}
	listOperatorPolicies = listing{strict: true, prepared: "Listing operator policy overrides for vhost %q ...", columns: "vhost name pattern apply-to definition priority",
		fixed: true, path: inVHost("operator-policies"), fields: map[string]func(map[string]any) any{"definition": asText("definition")}}
)
