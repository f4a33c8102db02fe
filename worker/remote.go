package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// answer answers remote control. If its consumer ends before the session does, that ends the session.
func (s *nodeSession) answer(serving context.Context) {
	for {
		select {
		case d, open := <-s.commands:
			if !open {
				err := errors.New("consumer cancelled by the broker")
				if s.control.IsClosed() {
					err = s.control.lost()
				}
				s.stop(fmt.Errorf("worker: remote control: %w", err))
				return
			}
			s.w.clock.tick()
			command, err := celery.DecodeCommand(d)
			if err != nil {
				s.log.Error("remote control: not understood", "error", err)
				continue
			}
			s.w.clock.heard(command.Clock)
			if command.For(s.cfg.name) {
				s.obey(command)
			}
		case <-serving.Done():
			return
		}
	}
}

// obey does what a command says, and answers it if it asks for an answer.
func (s *nodeSession) obey(command *celery.Command) {
	do, known := controls[command.Method]
	var reply any
	err := fmt.Errorf("KeyError('%s'): the Go worker has no such command", command.Method)
	if known {
		reply, err = do(s, command)
	}
	if err != nil {
		s.log.Error("remote control", "command", command.Method, "error", err)
		reply = map[string]any{"error": err.Error()}
	}
	if command.ReplyTo == nil || reply == nil {
		return
	}
	message, err := command.Reply(s.cfg.name, reply, s.w.clock.tick())
	if err == nil && (command.ReplyTo.Exchange == celery.ReplyExchange || command.ReplyTo.Exchange == "") {
		err = s.control.PublishWithContext(context.Background(), command.ReplyTo.Exchange, command.ReplyTo.RoutingKey, false, false, message)
	} else if err == nil {
		err = fmt.Errorf("reply exchange %q, expected %q", command.ReplyTo.Exchange, celery.ReplyExchange)
	}
	if err != nil {
		s.log.Error("remote control: answer", "command", command.Method, "error", err)
	}
}

// controls are the commands that this worker knows, by Celery's names and their aliases.
var controls = map[string]func(*nodeSession, *celery.Command) (any, error){
	"ping":          func(*nodeSession, *celery.Command) (any, error) { return ok("pong"), nil },
	"active":        requestsIn(active),
	"dump_active":   requestsIn(active),
	"reserved":      requestsIn(reserved),
	"dump_reserved": requestsIn(reserved),
	"scheduled":     (*nodeSession).scheduled,
	"dump_schedule": (*nodeSession).scheduled,
	"registered":    (*nodeSession).registered,
	"dump_tasks":    (*nodeSession).registered,
	"revoked":       func(s *nodeSession, _ *celery.Command) (any, error) { return s.w.revoked.all(), nil },
	"dump_revoked":  func(s *nodeSession, _ *celery.Command) (any, error) { return s.w.revoked.all(), nil },
	"active_queues": (*nodeSession).queues,
	"query_task":    (*nodeSession).query,
	"stats":         (*nodeSession).stats,
	"conf":          (*nodeSession).conf,
	"report": func(s *nodeSession, _ *celery.Command) (any, error) {
		return ok("minirabbit's worker " + s.cfg.name), nil
	},
	"clock": func(s *nodeSession, _ *celery.Command) (any, error) {
		return map[string]any{"clock": s.w.clock.now.Load()}, nil
	},
	"hello": (*nodeSession).hello,
	"heartbeat": func(s *nodeSession, _ *celery.Command) (any, error) {
		s.emit("worker-heartbeat", s.vitals())
		return nil, nil
	},
	"enable_events":  func(s *nodeSession, _ *celery.Command) (any, error) { return s.switchEvents(true) },
	"disable_events": func(s *nodeSession, _ *celery.Command) (any, error) { return s.switchEvents(false) },
	"revoke":         func(s *nodeSession, c *celery.Command) (any, error) { return s.revoke(c, false) },
	"terminate":      func(s *nodeSession, c *celery.Command) (any, error) { return s.revoke(c, true) },
	"shutdown": func(s *nodeSession, _ *celery.Command) (any, error) {
		s.log.Warn("shutdown from remote")
		s.w.once.Do(func() { close(s.w.shutdown) })
		return nil, nil
	},
}

func ok(value any) map[string]any { return map[string]any{"ok": value} }

func requestsIn(p phase) func(*nodeSession, *celery.Command) (any, error) {
	return func(s *nodeSession, _ *celery.Command) (any, error) {
		all := []any{}
		for _, r := range s.w.ledger.in(p) {
			all = append(all, r.info(s.cfg.name))
		}
		return all, nil
	}
}

func (s *nodeSession) scheduled(*celery.Command) (any, error) {
	all := []any{}
	for _, r := range s.w.ledger.in(scheduled) {
		all = append(all, map[string]any{"eta": timeOrNil(r.ETA), "priority": 6, "request": r.info(s.cfg.name)})
	}
	return all, nil
}

func (s *nodeSession) queues(*celery.Command) (any, error) {
	all := []any{}
	for _, queue := range s.cfg.queues {
		all = append(all, map[string]any{
			"name": queue, "routing_key": queue, "durable": true, "exclusive": false, "auto_delete": false, "no_ack": false,
			"queue_arguments": s.cfg.queueArguments,
			"exchange":        map[string]any{"name": queue, "type": "direct", "durable": true, "auto_delete": false, "arguments": nil},
		})
	}
	return all, nil
}

func (s *nodeSession) registered(c *celery.Command) (any, error) {
	if shown, err := texts(c, "taskinfoitems"); err != nil {
		return nil, err
	} else if len(shown) > 0 {
		return nil, fmt.Errorf("tasks of the Go worker have no attributes to show: %s", strings.Join(shown, ", "))
	}
	return s.w.names(), nil
}

func (s *nodeSession) query(c *celery.Command) (any, error) {
	ids, err := texts(c, "ids")
	if err != nil {
		return nil, err
	}
	all := map[string]any{}
	for _, id := range ids {
		if r := s.w.ledger.find(id); r != nil {
			state := map[phase]string{scheduled: "reserved", reserved: "reserved", active: "active", ended: "ready"}[r.in()]
			all[id] = []any{state, r.info(s.cfg.name)}
		}
	}
	return all, nil
}

// texts reads an argument that is a text or a list of them.
func texts(c *celery.Command, name string) (all []string, err error) {
	var one string
	if there, err := c.Argument(name, &one); err == nil && there {
		return []string{one}, nil
	}
	_, err = c.Argument(name, &all)
	return all, err
}

func (s *nodeSession) stats(*celery.Command) (any, error) {
	totals, _ := s.w.ledger.begunSoFar()
	broker := map[string]any{"transport": "amqp", "heartbeat": s.cfg.amqp.Heartbeat.Seconds()}
	if u, err := amqp.ParseURI(s.w.url); err == nil {
		broker["hostname"], broker["port"], broker["userid"], broker["virtual_host"] = u.Host, u.Port, u.Username, u.Vhost
	}
	return map[string]any{
		"total": totals, "pid": pid, "clock": fmt.Sprint(s.w.clock.now.Load()), "uptime": int(time.Since(s.w.start).Seconds()),
		"pool":   map[string]any{"max-concurrency": s.cfg.concurrency, "processes": []int{pid}, "implementation": "goroutines", "timeouts": []float64{s.cfg.softLimit.Seconds(), s.cfg.hardLimit.Seconds()}},
		"broker": broker, "prefetch_count": s.cfg.prefetch, "rusage": resources(), "events_dropped": s.w.dropped.Load(),
	}, nil
}

func (s *nodeSession) conf(*celery.Command) (any, error) {
	return map[string]any{
		"task_default_queue": s.cfg.defaultQueue, "task_acks_late": !s.cfg.early, "task_protocol": 2, "task_serializer": "json",
		"accept_content": []string{"json"}, "result_backend": "rpc://", "worker_concurrency": s.cfg.concurrency,
		"worker_prefetch_multiplier": s.cfg.multiplier, "timezone": "UTC", "enable_utc": true,
	}, nil
}

// hello exchanges revocations and clocks with a worker that starts (Celery's mingle).
func (s *nodeSession) hello(c *celery.Command) (any, error) {
	var from string
	if _, err := c.Argument("from_node", &from); err != nil {
		return nil, err
	}
	if from == s.cfg.name {
		return nil, nil
	}
	var theirs map[string]any
	if _, err := c.Argument("revoked", &theirs); err != nil {
		return nil, err
	}
	ours := map[string]any{}
	for _, id := range s.w.revoked.all() {
		ours[id] = []any{time.Since(s.w.start).Seconds(), id}
	}
	for id := range theirs {
		s.w.revoked.add(id)
	}
	return map[string]any{"revoked": ours, "clock": s.w.clock.tick()}, nil
}

func (s *nodeSession) switchEvents(on bool) (any, error) {
	word := map[bool]string{true: "enabled", false: "disabled"}[on]
	if s.w.taskEvents.Swap(on) == on {
		return ok("task events already " + word), nil
	}
	return ok("task events " + word), nil
}

// revoke has tasks discarded that have not begun, and with terminate ends those that run.
func (s *nodeSession) revoke(c *celery.Command, terminate bool) (any, error) {
	ids, err := texts(c, "task_id")
	if err != nil {
		return nil, err
	}
	if ids == nil {
		return nil, fmt.Errorf("TypeError(\"%s() missing 1 required positional argument: 'task_id'\")", c.Method)
	}
	if !terminate {
		if _, err := c.Argument("terminate", &terminate); err != nil {
			return nil, err
		}
	}
	s.w.revoked.add(ids...)
	s.log.Info("tasks revoked", "ids", ids, "terminate", terminate)
	if !terminate {
		return ok(fmt.Sprintf("tasks %s flagged as revoked", strings.Join(ids, ", "))), nil
	}
	var ended []string
	for _, id := range ids {
		r := s.w.ledger.find(id)
		if r == nil {
			continue
		}
		r.mu.Lock()
		stop := r.stop
		r.mu.Unlock()
		if stop != nil {
			stop(errTerminated)
		}
		ended = append(ended, id)
	}
	if len(ended) == 0 {
		return ok("terminate: tasks unknown"), nil
	}
	return ok("terminate: " + strings.Join(ended, ", ")), nil
}
