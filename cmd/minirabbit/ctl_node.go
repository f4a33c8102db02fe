package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/minirabbit/minirabbit/release"
)

// appState is what the API says of the node.
type appState struct {
	Running bool
	Node    string
	Version string
}

func (c *ctl) state(ctx context.Context) (appState, error) {
	var s appState
	return s, c.api.get(ctx, "minirabbit/app", &s)
}

// words is how the texts of rabbitmqctl are in the node's release.
func (c *ctl) words(ctx context.Context) release.Ctl {
	if s, err := c.state(ctx); err == nil {
		if r, err := release.Find(s.Version); err == nil {
			return r.Ctl
		}
	}
	return release.Default().Ctl
}

// become changes the state of the node, after it has said so.
func (c *ctl) become(ctx context.Context, state, banner string) error {
	s, err := c.state(ctx)
	if err != nil {
		return err
	}
	if state == "reset" && s.Running {
		return c.misused(ctlUsage, "Error: this command requires the 'rabbit' app to be stopped on the target node. Stop it with 'rabbitmqctl stop_app'.")
	}
	c.say(banner, s.Node)
	return c.api.put(ctx, "minirabbit/app", map[string]string{"state": state})
}

func (c *ctl) stopApp(ctx context.Context) error {
	return c.become(ctx, "stopped", "Stopping rabbit application on node %s ...")
}

func (c *ctl) startApp(ctx context.Context) error {
	return c.become(ctx, "running", "Starting node %s ...")
}

func (c *ctl) reset(ctx context.Context) error {
	return c.become(ctx, "reset", "Resetting node %s ...")
}

func (c *ctl) forceReset(ctx context.Context) error {
	return c.become(ctx, "reset", "Forcefully resetting node %s ...")
}

func (c *ctl) ping(ctx context.Context) error {
	s, err := c.state(ctx)
	if err != nil {
		return err
	}
	c.say("Will ping %s. This only checks if the OS process is running and registered with epmd. Timeout: 60000 ms.", s.Node)
	fmt.Fprintln(c.stdout, "Ping succeeded")
	return nil
}

// awaitStartup waits until the node takes connections.
func (c *ctl) awaitStartup(ctx context.Context) error {
	patience := startupPatience
	if seconds := c.timeout(0); seconds > 0 {
		patience = time.Duration(seconds) * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		s, err := c.state(ctx)
		if err == nil && s.Running {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if err != nil && patience < startupPatience {
				return err
			}
			return ctlErrorf(ctlUnavailable, "rabbit_is_not_running")
		}
	}
}

func (c *ctl) status(ctx context.Context) error {
	s, err := c.state(ctx)
	if err != nil {
		return err
	}
	var node struct {
		Uptime    int64 `json:"uptime"`
		MemAlarm  bool  `json:"mem_alarm"`
		DiskAlarm bool  `json:"disk_free_alarm"`
	}
	if err := c.api.get(ctx, path("nodes", s.Node), &node); err != nil {
		return err
	}
	var overview struct {
		Erlang    string            `json:"erlang_full_version"`
		Totals    map[string]int    `json:"object_totals"`
		Listeners []json.RawMessage `json:"listeners"`
	}
	if err := c.api.get(ctx, "overview", &overview); err != nil {
		return err
	}
	alarms := []string{}
	if node.MemAlarm {
		alarms = append(alarms, "memory")
	}
	if node.DiskAlarm {
		alarms = append(alarms, "disk")
	}
	if c.formatter == "json" {
		return json.NewEncoder(c.stdout).Encode(map[string]any{
			"rabbitmq_version": s.Version, "product_name": "RabbitMQ", "product_version": s.Version, "erlang_version": overview.Erlang,
			"os": "minirabbit", "running": s.Running, "uptime": node.Uptime / 1000, "alarms": alarms, "totals": overview.Totals,
			"listeners": overview.Listeners, "active_plugins": []string{"rabbitmq_management"}, "is_under_maintenance": false,
		})
	}
	c.say("Status of node %s ...", s.Node)
	fmt.Fprintf(c.stdout, "Runtime\n\nRabbitMQ version: %s\nUptime (seconds): %d\nIs under maintenance?: false\nRunning: %t\n\nAlarms\n\n", s.Version, node.Uptime/1000, s.Running)
	if len(alarms) == 0 {
		fmt.Fprintln(c.stdout, "(none)")
	}
	for _, a := range alarms {
		fmt.Fprintf(c.stdout, "%s alarm on node %s\n", a, s.Node)
	}
	fmt.Fprintf(c.stdout, "\nTotals\n\nConnection count: %d\nQueue count: %d\n", overview.Totals["connections"], overview.Totals["queues"])
	return nil
}

// environment says that there is nothing to say: the node has no settings of
// Erlang applications.
func (c *ctl) environment(ctx context.Context) error {
	s, err := c.state(ctx)
	if err != nil {
		return err
	}
	c.say("Application environment of node %s ...", s.Node)
	fmt.Fprintln(c.stdout, "[{rabbit,[]},{rabbitmq_management,[]}]")
	return nil
}

func (c *ctl) version(ctx context.Context) error {
	s, err := c.state(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, s.Version)
	return nil
}

func (c *ctl) eval(context.Context) error {
	return ctlErrorf(ctlUsage, "Error: eval runs Erlang inside RabbitMQ. minirabbit is not written in Erlang and cannot do it.")
}
