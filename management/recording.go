package management

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/minirabbit/minirabbit/internal/record"
)

// What follows RabbitMQ has not: the methods on the wire, what happened to each
// message, and how a test has the broker misbehave.

const (
	maxWait        = 30 * time.Second // of a request for the trace
	defaultHistory = 100              // messages in an answer
	historyPayload = 4 << 10          // bytes of a body in the history
)

// Recording is what the page shows of the past: the history of messages, which is
// a [broker.Observer] and belongs into the node's options, and the trace of
// methods, which is an interceptor for the AMQP server. See [NewRecording].
type Recording = record.Recording

// NewRecording returns an empty recording for a node that is to be:
//
//	recording := management.NewRecording()
//	node := broker.NewNode(broker.Options{Observer: recording.History})
//	server := amqpserver.New(node)
//	server.SetInterceptor(recording.Trace)
//	api := management.New(node, management.WithRecording(recording))
//
// It remembers 5,000 messages, with bodies of 64 MiB at most.
func NewRecording() Recording {
	return Recording{
		History: record.NewRecorder(record.Limits{Messages: 5000, Bytes: 64 << 20, Events: 1000}),
		Trace:   &record.Trace{},
	}
}

// WithRecording has the API show the history of messages and the trace of
// methods. Without it their paths are not found.
func WithRecording(recording Recording) Option {
	return func(c *config) { c.recording = recording }
}

// Fault is a way in which the node was told to misbehave.
type Fault struct {
	Description string // when it strikes and what it does
	Strikes     int    // so far
	Left        int    // strikes to come: 0 when it is over, negative without end
}

// WithFaults has the API list the faults in force. f is called for each request.
func WithFaults(f func() []Fault) Option {
	return func(c *config) { c.faults = f }
}

// tracedMethods answers with the methods after the number in the query, at most
// as many as count says, the latest. If there are none yet it waits for them, as
// many seconds as wait says: so a page follows the trace without asking in vain.
func (r *request) tracedMethods() {
	trace := r.api.config.recording.Trace
	if trace == nil {
		r.notFound()
		return
	}
	after, count := r.natural("after", 0), r.natural("count", record.KeepMethods)
	if wait := time.Duration(r.natural("wait", 0)) * time.Second; wait > 0 {
		patience := time.NewTimer(min(wait, maxWait))
		defer patience.Stop()
		select {
		case <-trace.Await(after):
		case <-patience.C:
		case <-r.Context().Done():
			return
		}
	}
	methods := []object{}
	for _, m := range trace.After(after, count) {
		o := object{"number": m.Number, "timestamp": m.Time.UnixMilli()}
		if m.Note != "" {
			o["note"] = m.Note
		} else {
			o["connection"], o["channel"], o["sent_by_broker"], o["method"] = m.Client, m.Channel, m.Sent, m.Text
		}
		if m.HasBody {
			o["payload_bytes"] = m.Size
			addPayload(o, m.Body)
		}
		methods = append(methods, o)
	}
	r.write(http.StatusOK, methods)
}

// messageHistory answers with what happened to the messages that the query
// describes by vhost, queue, exchange and routing_key, the latest first.
func (r *request) messageHistory() {
	if r.api.config.recording.History == nil {
		r.notFound()
		return
	}
	asked := r.URL.Query()
	is := func(name, value string) bool { return !asked.Has(name) || asked.Get(name) == value }
	stories, of := r.api.config.recording.History.Latest(r.natural("count", defaultHistory), func(s *record.Story) bool {
		return is("vhost", s.VHost) && is("exchange", s.Message.Exchange) && is("routing_key", s.Message.RoutingKey) &&
			(!asked.Has("queue") || touched(s, asked.Get("queue")))
	})
	messages := []object{}
	for i := range stories {
		messages = append(messages, storyObject(&stories[i]))
	}
	r.write(http.StatusOK, object{"remembered": of, "messages": messages})
}

// touched says whether a message was in a queue.
func touched(s *record.Story, queue string) bool {
	for i := range s.Events {
		if s.Events[i].Queue == queue {
			return true
		}
	}
	return false
}

// historyOfMessage answers with what happened to one message.
func (r *request) historyOfMessage() {
	if history := r.api.config.recording.History; history != nil {
		id, err := strconv.Atoi(r.vars["id"])
		stories, _ := history.Latest(1, func(s *record.Story) bool { return err == nil && s.ID == id })
		if len(stories) == 1 {
			r.write(http.StatusOK, storyObject(&stories[0]))
			return
		}
	}
	r.notFound()
}

func storyObject(s *record.Story) object {
	header := s.Message.Header()
	o := object{
		"id": s.ID, "vhost": s.VHost, "exchange": s.Message.Exchange, "routing_key": s.Message.RoutingKey,
		"properties": writeProperties(&header), "payload_bytes": len(s.Message.Body), "events_forgotten": s.Forgotten,
	}
	addPayload(o, s.Message.Body[:min(historyPayload, len(s.Message.Body))])
	events := make([]object, len(s.Events))
	for i := range s.Events {
		events[i] = eventObject(&s.Events[i])
	}
	o["events"] = events
	return o
}

// eventObject leaves out what does not apply.
func eventObject(e *record.Event) object {
	o := object{"number": e.Number, "kind": string(e.Kind), "timestamp": e.Time.UnixMicro()}
	for name, value := range map[string]string{"queue": e.Queue, "connection": e.Connection, "consumer": e.Consumer, "reason": e.Reason} {
		if value != "" {
			o[name] = value
		}
	}
	for name, value := range map[string]uint64{"channel": uint64(e.Channel), "delivery_tag": e.DeliveryTag, "dead_letter": uint64(e.DeadLetter)} {
		if value != 0 {
			o[name] = value
		}
	}
	for name, value := range map[string]bool{"redelivered": e.Redelivered, "no_ack": e.NoAck} {
		if value {
			o[name] = value
		}
	}
	return o
}

// addPayload adds a body, or its beginning, as messages that are got have it. A
// character that the cut has halved is left out.
func addPayload(o object, body []byte) {
	if size, _ := o["payload_bytes"].(int); size > len(body) {
		for i := 1; i < utf8.UTFMax && len(body) > 0 && !utf8.Valid(body); i++ {
			if utf8.Valid(body[:len(body)-i]) {
				body = body[:len(body)-i]
			}
		}
	}
	if utf8.Valid(body) {
		o["payload"], o["payload_encoding"] = string(body), "string"
		return
	}
	o["payload"], o["payload_encoding"] = base64.StdEncoding.EncodeToString(body), "base64"
}

// faultsInForce answers with the faults of the test and the alarms.
func (r *request) faultsInForce() {
	all := []object{}
	if faults := r.api.config.faults; faults != nil {
		for _, f := range faults() {
			o := object{"fault": f.Description, "strikes": f.Strikes, "left": f.Left}
			if f.Left < 0 {
				o["left"] = nil
			}
			all = append(all, o)
		}
	}
	r.write(http.StatusOK, object{"faults": all, "alarms": append([]string{}, r.api.config.alarms()...)})
}

// natural reads a number of the query that is not negative.
func (r *request) natural(name string, otherwise int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || n < 0 {
		return otherwise
	}
	return n
}
