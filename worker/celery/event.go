package celery

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// EventExchange is the durable topic exchange for events, by the routing key that Event.RoutingKey tells.
const EventExchange = "celeryev"

// An Event tells monitors, such as `celery events` and Flower, what happens at a node.
type Event struct {
	// Type is such as "task-started" or "worker-heartbeat", Node who tells it.
	Type, Node string
	PID        int
	Clock      int64
	Time       time.Time

	// Fields are those of the type.
	Fields map[string]any
}

// RoutingKey is the type with dots: "task.started".
func (e Event) RoutingKey() string { return strings.ReplaceAll(e.Type, "-", ".") }

// Publishing returns the event as a message for EventExchange.
func (e Event) Publishing() (amqp.Publishing, error) {
	fields := maps.Clone(e.Fields)
	if fields == nil {
		fields = make(map[string]any, 6)
	}
	_, offset := e.Time.Zone() // Celery's is in hours, west counting positive
	fields["type"], fields["hostname"], fields["pid"], fields["clock"] = e.Type, e.Node, e.PID, e.Clock
	fields["utcoffset"], fields["timestamp"] = -offset/3600, float64(e.Time.UnixMicro())/1e6
	body, err := json.Marshal(fields)
	if err != nil {
		return amqp.Publishing{}, fmt.Errorf("celery: event %s: %w", e.Type, err)
	}
	return amqp.Publishing{
		ContentType:     contentType,
		ContentEncoding: contentEncoding,
		DeliveryMode:    amqp.Transient,
		Headers:         amqp.Table{"hostname": e.Node},
		Body:            body,
	}, nil
}

// DecodeEvents reads a message of EventExchange: one event, or several of one kind, as workers collect them.
func DecodeEvents(d amqp.Delivery) ([]Event, error) {
	body, err := Accept(nil).body(d)
	if err != nil {
		return nil, fmt.Errorf("celery: event: %w", err)
	}
	var all []map[string]any
	if json.Unmarshal(body, &all) != nil {
		var one map[string]any
		if err := json.Unmarshal(body, &one); err != nil {
			return nil, fmt.Errorf("celery: event: %w", err)
		}
		all = append(all, one)
	}
	events := make([]Event, len(all))
	for i, fields := range all {
		e := Event{Fields: fields}
		e.Type, _ = fields["type"].(string)
		e.Node, _ = fields["hostname"].(string)
		pid, _ := number(fields["pid"])
		clock, _ := number(fields["clock"])
		seconds, _ := number(fields["timestamp"])
		e.PID, e.Clock, e.Time = int(pid), int64(clock), time.UnixMicro(int64(seconds*1e6)).UTC()
		if e.Type == "" {
			return nil, fmt.Errorf(`celery: event: "type" is missing`)
		}
		for _, name := range []string{"type", "hostname", "pid", "clock", "timestamp", "utcoffset"} {
			delete(fields, name)
		}
		events[i] = e
	}
	return events, nil
}
