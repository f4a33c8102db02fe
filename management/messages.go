package management

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

func (r *request) publish() {
	vh := r.entered()
	if vh == nil {
		return
	}
	in, ok := r.read()
	if !ok || !r.require(in, "routing_key", "properties", "payload", "payload_encoding") {
		return
	}
	p := broker.Publishing{Exchange: r.exchangeName("exchange"), RoutingKey: in.text("routing_key"), Composed: true}
	var err error
	if p.Body, err = payload(in); err != nil {
		r.reply(err)
		return
	}
	properties, err := readProperties(in)
	if err != nil {
		r.reply(err)
		return
	}
	p.Properties, p.Overflows = properties.Append(nil), properties.Validate() != nil
	var missing, routed, accepted bool
	vh.Do(func() {
		missing = vh.Exchange(p.Exchange) == nil
		if !missing || !r.api.rules.MissingObject {
			routed, accepted, err = vh.PublishAs(r.user, p)
		}
	})
	switch {
	case missing && r.api.rules.MissingObject:
		r.fail(http.StatusNotFound, "not_found", "exchange_not_found")
	case isCrash(err):
		r.w.WriteHeader(http.StatusInternalServerError)
	case err != nil:
		r.badRequest(channelText(err))
	case !accepted:
		r.badRequest("rejected Unable to publish message. Check queue limits.")
	default:
		r.write(http.StatusOK, object{"routed": routed})
	}
}

// isCrash says whether the error is one over which RabbitMQ's channel crashes.
func isCrash(err error) bool {
	var ce *broker.ConnectionError
	return errors.As(err, &ce) && ce.Code == wire.InternalError && ce.Reason == ""
}

// entered returns the virtual host in the path. RabbitMQ publishes and gets as a client of the user does, who may be
// an administrator and still have no access; up to 3.10 it says the same of a virtual host that is not there. It
// answers the request and returns nil then.
func (r *request) entered() *broker.VHost {
	vh := r.inVHost()
	switch {
	case vh == nil && r.api.rules.MissingObject:
		r.noVHost()
		return nil
	case vh == nil, !r.user.MayEnter(vh.Name()):
		r.notAuthorised("Access refused.")
		return nil
	}
	return vh
}

// channelText is how RabbitMQ tells what a channel was closed for.
func channelText(err error) string {
	var ce *broker.ChannelError
	var he *broker.ConnectionError
	switch {
	case errors.As(err, &ce):
		return fmt.Sprintf("%d %s", ce.Code, ce.Text())
	case errors.As(err, &he):
		return fmt.Sprintf("%d %s", he.Code, he.Text())
	}
	return err.Error()
}

func payload(in input) ([]byte, error) {
	text, ok := in["payload"].(string)
	if !ok {
		return nil, &problem{"payload_not_string"}
	}
	switch encoding := in.text("payload_encoding"); encoding {
	case "string":
		return []byte(text), nil
	case "base64":
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, &problem{[]any{"not_base64", text}}
		}
		return b, nil
	default:
		return nil, &problem{[]any{"unsupported_encoding", in["payload_encoding"]}}
	}
}

// readProperties reads the properties of a message. Those that there are not are
// ignored. Over anything but an object RabbitMQ crashes, but for an empty array that
// stands for no headers.
func readProperties(in input) (*wire.Properties, error) {
	var p wire.Properties
	given, ok := in["properties"].(map[string]any)
	if !ok {
		return nil, errCrash
	}
	if headers, set := given["headers"]; set {
		if _, ok := headers.(map[string]any); !ok && !isEmptyList(headers) {
			return nil, errCrash
		}
		var err error
		if p.Headers, err = input(given).table("headers"); err != nil {
			return nil, err
		}
		p.Flags |= wire.HasHeaders
	}
	for _, f := range textProperties(&p) {
		v, set := given[f.name]
		if !set {
			continue
		}
		s, ok := v.(string)
		if !ok {
			return nil, &problem{[]any{"not_string", f.name}}
		}
		*f.to = s
		p.Flags |= f.flag
	}
	for _, f := range numberProperties {
		v, set := given[f.name]
		if !set {
			continue
		}
		number, _ := v.(json.Number) // text is refused here, though elsewhere it is as good
		n, err := number.Int64()
		if err != nil {
			return nil, &problem{[]any{"not_int", f.name}}
		}
		p.Flags |= f.flag
		f.set(&p, n)
	}
	return &p, nil
}

var numberProperties = []struct {
	name string
	flag wire.PropertyFlags
	set  func(p *wire.Properties, n int64)
}{
	{"delivery_mode", wire.HasDeliveryMode, func(p *wire.Properties, n int64) { p.DeliveryMode = uint8(n) }},
	{"priority", wire.HasPriority, func(p *wire.Properties, n int64) { p.Priority = uint8(n) }},
	{"timestamp", wire.HasTimestamp, func(p *wire.Properties, n int64) { p.Timestamp = wire.Timestamp(n) }},
}

type textProperty struct {
	name string
	flag wire.PropertyFlags
	to   *string
}

func textProperties(p *wire.Properties) []textProperty {
	return []textProperty{
		{"content_type", wire.HasContentType, &p.ContentType}, {"content_encoding", wire.HasContentEncoding, &p.ContentEncoding},
		{"correlation_id", wire.HasCorrelationID, &p.CorrelationID}, {"reply_to", wire.HasReplyTo, &p.ReplyTo},
		{"expiration", wire.HasExpiration, &p.Expiration}, {"message_id", wire.HasMessageID, &p.MessageID},
		{"type", wire.HasType, &p.Type}, {"user_id", wire.HasUserID, &p.UserID},
		{"app_id", wire.HasAppID, &p.AppID}, {"cluster_id", wire.HasClusterID, &p.ClusterID},
	}
}

// writeProperties describes properties. None at all are an empty array, as Erlang
// cannot tell an empty object from one.
func writeProperties(p *wire.Properties) any {
	o := object{}
	for _, f := range textProperties(p) {
		if p.Flags&f.flag != 0 {
			o[f.name] = *f.to
		}
	}
	if p.Flags&wire.HasDeliveryMode != 0 {
		o["delivery_mode"] = p.DeliveryMode
	}
	if p.Flags&wire.HasPriority != 0 {
		o["priority"] = p.Priority
	}
	if p.Flags&wire.HasTimestamp != 0 {
		o["timestamp"] = uint64(p.Timestamp)
	}
	if p.Flags&wire.HasHeaders != 0 {
		o["headers"] = fromTable(p.Headers)
	}
	if len(o) == 0 {
		return []any{}
	}
	return o
}

func isEmptyList(v any) bool {
	list, ok := v.([]any)
	return ok && len(list) == 0
}

func (r *request) getMessages() {
	vh := r.entered()
	if vh == nil {
		return
	}
	if r.api.rules.MissingObject && !hasQueue(vh, r.vars["queue"]) {
		r.fail(http.StatusNotFound, "not_found", "queue_not_found")
		return
	}
	in, ok := r.read()
	if !ok || !r.require(in, "ackmode", "count", "encoding") {
		return
	}
	n, err := in.integer("count")
	if err != nil {
		r.badRequest([]any{"not_integer", in["count"]})
		return
	}
	encoding, mode := in.text("encoding"), broker.AckMode(in.text("ackmode"))
	modes := []broker.AckMode{broker.AckRequeue, broker.AckDrop, broker.RejectRequeue, broker.RejectDrop}
	switch {
	case encoding != "auto" && encoding != "base64":
		r.badRequest("Unsupported encoding. Please use auto or base64.")
		return
	case !slices.Contains(modes, mode):
		r.badRequest(fmt.Sprintf("Invalid ackmode value: %s. Valid values are: ack_requeue_true, ack_requeue_false, reject_requeue_true, reject_requeue_false", mode))
		return
	}
	truncate := int64(-1)
	if _, set := in["truncate"]; set {
		if truncate, err = in.integer("truncate"); err != nil {
			r.badRequest([]any{"not_integer", in["truncate"]})
			return
		}
	}
	var missing bool
	var got []broker.Got
	vh.Do(func() {
		missing = vh.Queue(r.vars["queue"]) == nil
		got, err = vh.GetAs(r.user, r.vars["queue"], int(n), mode)
	})
	var refusal *broker.ChannelError
	switch {
	case missing && r.api.rules.MissingObject:
		r.fail(http.StatusNotFound, "not_found", "queue_not_found")
	case missing && errors.As(err, &refusal):
		r.fail(http.StatusNotFound, "not_found", refusal.Text())
	case errors.As(err, &refusal) && refusal.Code == wire.AccessRefused:
		r.notAuthorised(refusal.Text())
	case err != nil:
		r.badRequest(getRefusal(err))
	default:
		r.write(http.StatusOK, messageObjects(got, encoding, int(truncate)))
	}
}

func messageObjects(got []broker.Got, encoding string, truncate int) []object {
	all := make([]object, len(got))
	for i, g := range got {
		p := g.Message.Reading()
		body := g.Message.Body
		if truncate >= 0 && truncate < len(body) {
			body = body[:truncate]
		}
		o := object{
			"payload_bytes": len(g.Message.Body), "redelivered": g.Redelivered, "exchange": g.Message.Exchange,
			"routing_key": g.Message.RoutingKey, "message_count": g.Left, "properties": writeProperties(&p),
			"payload": string(body), "payload_encoding": "string",
		}
		if encoding == "base64" || !utf8.Valid(body) {
			o["payload"], o["payload_encoding"] = base64.StdEncoding.EncodeToString(body), "base64"
		}
		all[i] = o
	}
	return all
}

// getRefusal is how RabbitMQ tells why it does not get messages: for a reason that
// would end a connection, without the name of the reply code.
func getRefusal(err error) string {
	var ce *broker.ConnectionError
	if errors.As(err, &ce) {
		return fmt.Sprintf("%d %s", ce.Code, ce.Reason)
	}
	return channelText(err)
}
