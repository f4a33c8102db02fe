package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ctlCommands are the commands that there are. It is filled in init because help
// is one that lists them.
var ctlCommands map[string]ctlCommand

func init() {
	ctlCommands = map[string]ctlCommand{
		"list_queues": listQueues.command(), "list_exchanges": listExchanges.command(), "list_bindings": listBindings.command(),
		"list_connections": listConnections.command(), "list_channels": listChannels.command(), "list_consumers": listConsumers.command(),
		"list_users": listUsers.command(), "list_vhosts": listVHosts.command(), "list_permissions": listPermissions.command(),
		"list_topic_permissions": listTopicPermissions.command(), "list_policies": listPolicies.command(),
		"list_operator_policies": listOperatorPolicies.command(),
		"list_user_permissions":  {1, 1, "USER", (*ctl).listUserPermissions},

		"add_user":          {1, 2, "USER PASSWORD", (*ctl).addUser},
		"delete_user":       {1, 1, "USER", (*ctl).deleteUser},
		"change_password":   {2, 2, "USER PASSWORD", (*ctl).changePassword},
		"clear_password":    {1, 1, "USER", (*ctl).clearPassword},
		"set_user_tags":     {1, -1, "USER [TAG ...]", (*ctl).setUserTags},
		"authenticate_user": {2, 2, "USER PASSWORD", (*ctl).authenticateUser},

		"set_permissions":         {4, 4, "[-p VHOST] USER CONFIGURE WRITE READ", (*ctl).setPermissions},
		"clear_permissions":       {1, 1, "[-p VHOST] USER", (*ctl).clearPermissions},
		"set_topic_permissions":   {4, 4, "[-p VHOST] USER EXCHANGE WRITE READ", (*ctl).setTopicPermissions},
		"clear_topic_permissions": {1, 2, "[-p VHOST] USER [EXCHANGE]", (*ctl).clearTopicPermissions},

		"add_vhost":             {1, 1, "VHOST", (*ctl).addVHost},
		"delete_vhost":          {1, 1, "VHOST", (*ctl).deleteVHost},
		"set_vhost_limits":      {1, 1, "[-p VHOST] JSON", (*ctl).setVHostLimits},
		"clear_vhost_limits":    {0, 0, "[-p VHOST]", (*ctl).clearVHostLimits},
		"list_vhost_limits":     {0, 0, "[-p VHOST]", (*ctl).listVHostLimits},
		"set_user_limits":       {2, 2, "USER JSON", (*ctl).setUserLimits},
		"clear_user_limits":     {2, 2, "USER LIMIT|all", (*ctl).clearUserLimits},
		"set_policy":            {3, 3, "[-p VHOST] [--priority N] [--apply-to TARGET] NAME PATTERN JSON", (*ctl).setPolicy},
		"clear_policy":          {1, 1, "[-p VHOST] NAME", (*ctl).clearPolicy},
		"set_operator_policy":   {3, 3, "[-p VHOST] [--priority N] [--apply-to TARGET] NAME PATTERN JSON", (*ctl).setOperatorPolicy},
		"clear_operator_policy": {1, 1, "[-p VHOST] NAME", (*ctl).clearOperatorPolicy},
		"trace_on":              {0, 0, "[-p VHOST]", (*ctl).traceOn},
		"trace_off":             {0, 0, "[-p VHOST]", (*ctl).traceOff},
		"purge_queue":           {1, 1, "[-p VHOST] QUEUE", (*ctl).purgeQueue},
		"delete_queue":          {1, 1, "[-p VHOST] [--if-empty] [--if-unused] QUEUE", (*ctl).deleteQueue},
		"close_connection":      {2, 2, "PID|NAME REASON", (*ctl).closeConnection},
		"close_all_connections": {1, 1, "[-p VHOST|--global] REASON", (*ctl).closeAllConnections},
		"export_definitions":    {1, 1, "FILE|-", (*ctl).exportDefinitions},
		"import_definitions":    {0, 1, "[FILE]", (*ctl).importDefinitions},

		"stop_app":                     {0, 0, "", (*ctl).stopApp},
		"start_app":                    {0, 0, "", (*ctl).startApp},
		"reset":                        {0, 0, "", (*ctl).reset},
		"force_reset":                  {0, 0, "", (*ctl).forceReset},
		"status":                       {0, 0, "", (*ctl).status},
		"await_startup":                {0, 0, "[--timeout SECONDS]", (*ctl).awaitStartup},
		"ping":                         {0, 0, "", (*ctl).ping},
		"environment":                  {0, 0, "", (*ctl).environment},
		"version":                      {0, 0, "", (*ctl).version},
		"eval":                         {0, -1, "EXPRESSION", (*ctl).eval},
		"set_vm_memory_high_watermark": {1, 2, "FRACTION | absolute BYTES", (*ctl).setMemoryHighWatermark},
	}
}

func (c *ctl) addVHost(ctx context.Context) error {
	c.say("Adding vhost %q ...", c.args[0])
	body := map[string]any{"tracing": false} // which the HTTP API takes for granted where it is not said
	for _, key := range []string{"description", "tags"} {
		if v := c.options[key]; v != "" {
			body[key] = v
		}
	}
	if kind := c.options["default-queue-type"]; kind != "" {
		body["default_queue_type"] = kind
	}
	there := c.api.get(ctx, path("vhosts", c.args[0]), nil) == nil
	if err := c.api.put(ctx, path("vhosts", c.args[0]), body); err != nil || there {
		return err
	}
	// Over the HTTP API its creator may do everything in it; rabbitmqctl is no user.
	return c.api.delete(ctx, path("permissions", c.args[0], c.api.user))
}

func (c *ctl) deleteVHost(ctx context.Context) error {
	c.say("Deleting vhost %q ...", c.args[0])
	err := c.api.delete(ctx, path("vhosts", c.args[0]))
	if isStatus(err, http.StatusNotFound) {
		return ctlErrorf(ctlBadData, "Virtual host '%s' does not exist", c.args[0])
	}
	return err
}

func (c *ctl) setVHostLimits(ctx context.Context) error {
	c.say("Setting vhost limits to \"%s\" for vhost %q ...", c.args[0], c.vhost)
	if err := c.checkVHost(ctx); err != nil {
		return err
	}
	return c.setLimits(ctx, c.args[0], func(name string) string { return path("vhost-limits", c.vhost, name) })
}

// checkVHost refuses a virtual host that is not there.
func (c *ctl) checkVHost(ctx context.Context) error {
	err := c.api.get(ctx, path("vhosts", c.vhost), nil)
	if isStatus(err, http.StatusNotFound) {
		return ctlErrorf(ctlBadData, "Virtual host '%s' does not exist", c.vhost)
	}
	return err
}

// noJSON refuses text that is none, in the words of the node's release.
func (c *ctl) noJSON(ctx context.Context, text string) error {
	if c.words(ctx).CtlJSONBadarg {
		return ctlErrorf(ctlUnavailable, "JSON decoding error. Reason: badarg")
	}
	return ctlErrorf(ctlUnavailable, "Could not parse JSON document: {error,{failed_to_decode_json,<<%q>>}}", text)
}

func (c *ctl) setLimits(ctx context.Context, text string, to func(name string) string) error {
	var limits map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &limits); err != nil {
		return c.noJSON(ctx, text)
	}
	for name, value := range limits {
		if err := c.api.put(ctx, to(name), map[string]json.RawMessage{"value": value}); err != nil {
			return err
		}
	}
	return nil
}

func (c *ctl) clearVHostLimits(ctx context.Context) error {
	c.say("Clearing vhost %q limits ...", c.vhost)
	for _, name := range []string{"max-connections", "max-queues"} {
		if err := c.api.delete(ctx, path("vhost-limits", c.vhost, name)); err != nil {
			return err
		}
	}
	return nil
}

func (c *ctl) listVHostLimits(ctx context.Context) error {
	c.say("Listing limits for vhost %q ...", c.vhost)
	var items []struct{ Value json.RawMessage }
	if err := c.api.get(ctx, path("vhost-limits", c.vhost), &items); err != nil {
		return err
	}
	for _, o := range items {
		if c.formatter == "json" {
			s, err := c.state(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.stdout, "{\"node\":%q,\"result\":\"ok\",\"value\":%q}\n", s.Node, o.Value)
			continue
		}
		fmt.Fprintf(c.stdout, "%s\n", o.Value)
	}
	return nil
}

func (c *ctl) setUserLimits(ctx context.Context) error {
	c.say("Setting user limits to \"%s\" for user %q ...", c.args[1], c.args[0])
	return c.setLimits(ctx, c.args[1], func(name string) string { return path("user-limits", c.args[0], name) })
}

func (c *ctl) clearUserLimits(ctx context.Context) error {
	names := []string{c.args[1]}
	if names[0] == "all" {
		names = []string{"max-connections", "max-channels"}
	}
	for _, name := range names {
		if err := c.api.delete(ctx, path("user-limits", c.args[0], name)); err != nil {
			return c.noUser(err)
		}
	}
	return nil
}

func (c *ctl) setPolicy(ctx context.Context) error { return c.savePolicy(ctx, "policies", "policy") }

func (c *ctl) setOperatorPolicy(ctx context.Context) error {
	return c.savePolicy(ctx, "operator-policies", "operator policy override")
}

func (c *ctl) savePolicy(ctx context.Context, kind, what string) error {
	priority, _ := strconv.Atoi(c.options["priority"]) // parse refuses what is no number
	c.say("Setting %s %q for pattern %q to \"%s\" with priority \"%d\" for vhost %q ...", what, c.args[0], c.args[1], c.args[2], priority, c.vhost)
	if !json.Valid([]byte(c.args[2])) {
		return c.noJSON(ctx, c.args[2])
	}
	body := map[string]any{"pattern": c.args[1], "definition": json.RawMessage(c.args[2]), "priority": priority}
	if to := c.options["apply-to"]; to != "" {
		body["apply-to"] = to
	}
	return c.api.put(ctx, path(kind, c.vhost, c.args[0]), body)
}

func (c *ctl) clearPolicy(ctx context.Context) error {
	c.say("Clearing policy %q on vhost %q ...", c.args[0], c.vhost)
	return c.dropPolicy(ctx, "policies")
}

func (c *ctl) clearOperatorPolicy(ctx context.Context) error {
	c.say("Clearing operator policy %q on vhost %q ...", c.args[0], c.vhost)
	return c.dropPolicy(ctx, "operator-policies")
}

func (c *ctl) dropPolicy(ctx context.Context, kind string) error {
	err := c.api.delete(ctx, path(kind, c.vhost, c.args[0]))
	if isStatus(err, http.StatusNotFound) {
		return ctlErrorf(ctlUnavailable, "Parameter does not exist")
	}
	return err
}

func (c *ctl) traceOn(ctx context.Context) error {
	c.say("Starting tracing for vhost %q ...", c.vhost)
	return c.trace(ctx, true, "enabled")
}

func (c *ctl) traceOff(ctx context.Context) error {
	c.say("Stopping tracing for vhost %q ...", c.vhost)
	return c.trace(ctx, false, "disabled")
}

func (c *ctl) trace(ctx context.Context, on bool, word string) error {
	if err := c.api.get(ctx, path("vhosts", c.vhost), nil); err != nil {
		return ctlErrorf(ctlUnavailable, "Virtual host %s does not exist", c.vhost)
	}
	if err := c.api.put(ctx, path("vhosts", c.vhost), map[string]any{"tracing": on}); err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "Trace %s for vhost %s\n", word, c.vhost)
	return nil
}

func (c *ctl) purgeQueue(ctx context.Context) error {
	c.say("Purging queue '%s' in vhost '%s' ...", c.args[0], c.vhost)
	err := c.api.delete(ctx, path("queues", c.vhost, c.args[0], "contents"))
	switch {
	case !isStatus(err, http.StatusNotFound):
		return err
	case c.words(ctx).CtlPlainNotFound:
		return ctlErrorf(ctlUnavailable, "not_found")
	}
	return ctlErrorf(ctlBadData, "Object (queue, stream, exchange, etc) was not found")
}

func (c *ctl) deleteQueue(ctx context.Context) error {
	var conditions []string
	for _, name := range []string{"empty", "unused"} {
		if c.options["if-"+name] == "true" {
			conditions = append(conditions, "if queue is "+name)
		}
	}
	c.say("Deleting queue '%s' on vhost '%s' %s...", c.args[0], c.vhost, strings.TrimPrefix(strings.Join(conditions, " and ")+" ", " "))
	at := path("queues", c.vhost, c.args[0])
	var q struct {
		Ready int `json:"messages_ready"`
	}
	if err := c.api.get(ctx, at, &q); err != nil {
		return ctlErrorf(ctlUsage, "%s", c.words(ctx).CtlQueueNotFoundText)
	}
	err := c.api.delete(ctx, at+"?if-empty="+c.option("if-empty")+"&if-unused="+c.option("if-unused"))
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "Queue was successfully deleted with %d ready messages\n", q.Ready)
	return nil
}

func (c *ctl) option(name string) string {
	if c.options[name] == "true" {
		return "true"
	}
	return "false"
}

// closeConnection closes the connection with the identifier that list_connections
// shows, or with this name.
func (c *ctl) closeConnection(ctx context.Context) error {
	c.say("Closing connection %s, reason: %s...", c.args[0], c.args[1])
	var items []map[string]any
	if err := c.api.get(ctx, "connections", &items); err != nil {
		return err
	}
	for _, o := range items {
		if name := fmt.Sprint(o["name"]); name == c.args[0] || pid(o) == c.args[0] {
			return c.api.delete(ctx, path("connections", name), "X-Reason", c.args[1])
		}
	}
	if pidSyntax.MatchString(c.args[0]) { // it may have ended by itself
		return nil
	}
	return ctlErrorf(ctlUnavailable, "Error:\nError:\n{:invalid_pid_syntax, %q}", c.args[0])
}

// pidSyntax is what the identifiers of list_connections look like.
var pidSyntax = regexp.MustCompile(`^<[^@<>]+@[^<>]+\.[0-9]+>$`)

func (c *ctl) closeAllConnections(ctx context.Context) error {
	at := "minirabbit/connections"
	if c.options["global"] == "" {
		c.say("Closing all connections in vhost %s, reason: %s...", c.vhost, c.args[0])
		at += "?vhost=" + path(c.vhost)
	} else {
		s, err := c.state(ctx)
		if err != nil {
			return err
		}
		c.say("Closing all connections to node %s (across all vhosts), reason: %s...", s.Node, c.args[0])
	}
	var items []map[string]any
	if err := c.api.get(ctx, "connections", &items); err != nil {
		return err
	}
	n := 0
	for _, o := range items {
		if c.options["global"] != "" || o["vhost"] == c.vhost {
			n++
		}
	}
	if err := c.api.delete(ctx, at, "X-Reason", c.args[0]); err != nil {
		return err
	}
	c.say("Closed %d connections", n)
	return nil
}

func (c *ctl) exportDefinitions(ctx context.Context) error {
	if directory := filepath.Dir(c.args[0]); c.args[0] != "-" {
		if _, err := os.Stat(directory); err != nil {
			return c.invalid(ctlBadData, "Bad argument: Directory %s does not exist", directory)
		}
	}
	var definitions json.RawMessage
	if err := c.api.get(ctx, "definitions", &definitions); err != nil {
		return err
	}
	if c.args[0] == "-" {
		_, err := fmt.Fprintf(c.stdout, "%s\n", definitions)
		return err
	}
	c.say("Exporting definitions in JSON to a file at %q ...", c.args[0])
	if err := os.WriteFile(c.args[0], definitions, 0o600); err != nil {
		return ctlErrorf(ctlBadData, "%v", err)
	}
	return nil
}

func (c *ctl) importDefinitions(ctx context.Context) error {
	var text []byte
	var err error
	if len(c.args) == 0 || c.args[0] == "-" {
		c.say("Importing definitions in JSON from standard input ...")
		text, err = io.ReadAll(os.Stdin)
	} else {
		if _, err := os.Stat(c.args[0]); err != nil {
			return c.invalid(ctlBadData, "Bad argument: File %s does not exist", c.args[0])
		}
		c.say("Importing definitions in JSON from a file at %q ...", c.args[0])
		text, err = os.ReadFile(c.args[0])
	}
	if err != nil {
		return ctlErrorf(ctlBadData, "%v", err)
	}
	if !json.Valid(text) {
		return ctlErrorf(ctlBadData, "Failed to deserialise input (format: JSON)")
	}
	if _, err := c.api.call(ctx, http.MethodPost, "definitions", text, nil); err != nil {
		return ctlErrorf(ctlUnavailable, "%v", err)
	}
	c.say("Successfully started definition import. This process is asynchronous and can take some time.")
	return nil
}

// startupPatience is how long await_startup waits unless told otherwise.
const startupPatience = 5 * time.Minute
