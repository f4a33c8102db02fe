package worker

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// emit tells monitors of something. It never waits: what there is no room for is dropped.
func (s *nodeSession) emit(kind string, fields map[string]any) {
	event := celery.Event{Type: kind, Node: s.cfg.name, PID: pid, Clock: s.w.clock.tick(), Time: time.Now(), Fields: fields}
	select {
	case s.events <- event:
	default:
		s.w.dropped.Add(1)
	}
}

// emitTask tells monitors of a task, if they asked for that.
func (s *nodeSession) emitTask(r *Request, kind string, fields map[string]any) {
	if !s.w.taskEvents.Load() {
		return
	}
	if fields == nil {
		fields = map[string]any{}
	}
	fields["uuid"] = r.ID
	s.emit(kind, fields)
}

// vitals are what a worker tells of itself with each heartbeat.
func (s *nodeSession) vitals() map[string]any {
	_, begun := s.w.ledger.begunSoFar()
	return map[string]any{
		"freq": s.cfg.heartbeat.Seconds(), "active": len(s.w.ledger.in(active)), "processed": begun, "loadavg": loadAverage(),
		"sw_ident": "go-minirabbit", "sw_ver": runtime.Version(), "sw_sys": runtime.GOOS,
	}
}

// loadAverage is the system's, where it can be read without further ado.
func loadAverage() []float64 {
	load := []float64{0, 0, 0}
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return load
	}
	for i, field := range strings.Fields(string(text)) {
		if i < len(load) {
			load[i], _ = strconv.ParseFloat(field, 64)
		}
	}
	return load
}

// beat tells monitors every so often that the worker is there.
func (s *nodeSession) beat(serving context.Context) {
	for pause(serving, s.cfg.heartbeat) == nil {
		s.emit("worker-heartbeat", s.vitals())
	}
}

// announce publishes the events, until there are no more.
func (s *nodeSession) announce() {
	for event := range s.events {
		message, err := event.Publishing()
		if err != nil {
			s.log.Error("event dropped", "error", err)
			continue
		}
		if err := s.news.PublishWithContext(context.Background(), celery.EventExchange, event.RoutingKey(), false, false, message); err != nil {
			s.w.dropped.Add(1) // the connection is lost, which others notice
		}
	}
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func timeOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return celery.FormatTime(t)
}

// setupControl declares and consumes the node's mailbox, as kombu does.
func (s *nodeSession) setupControl() (err error) {
	for _, x := range []struct{ name, kind string }{{celery.ControlExchange, amqp.ExchangeFanout}, {celery.ReplyExchange, amqp.ExchangeDirect}} {
		if err := s.control.ExchangeDeclare(x.name, x.kind, false, false, false, false, nil); err != nil {
			return &TopologyError{"exchange \"" + x.name + "\" (" + x.kind + ", transient)", err}
		}
	}
	queue := s.cfg.name + "." + celery.ControlExchange
	arguments := amqp.Table{"x-expires": int32(10_000), "x-message-ttl": int32(300_000)} // control_queue_expires, _ttl
	mailbox, err := s.control.QueueDeclare(queue, false, true, false, false, arguments)
	if err != nil {
		return &TopologyError{"queue \"" + queue + "\" (transient, auto-delete)", err}
	}
	if mailbox.Consumers > 0 {
		s.log.Warn("another worker has this name: commands will reach only one of them (WithName)")
	}
	if err := s.control.QueueBind(queue, "", celery.ControlExchange, false, nil); err != nil {
		return &TopologyError{"binding of \"" + queue + "\"", err}
	}
	s.commands, err = s.control.Consume(queue, "", true, false, false, false, nil)
	return err
}
