package management

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/wire"
)

// bindingInfo is a binding. That of a queue to the default exchange is not kept
// anywhere; it is listed nevertheless.
type bindingInfo struct {
	vhost, source, destination, key string
	toQueue                         bool
	arguments                       wire.Table
}

func (b *bindingInfo) object() object {
	kind := "exchange"
	if b.toQueue {
		kind = "queue"
	}
	return object{"source": b.source, "vhost": b.vhost, "destination": b.destination, "destination_type": kind,
		"routing_key": b.key, "arguments": fromTable(b.arguments), "properties_key": propertiesKey(b.key, b.arguments)}
}

// propertiesKey names a binding between two ends: the routing key, and a hash of
// the arguments if there are any.
func propertiesKey(key string, args wire.Table) string {
	quoted := quote(key)
	if len(args) == 0 {
		if key == "" {
			return "~"
		}
		return quoted
	}
	sorted := slices.Clone(args)
	slices.SortStableFunc(sorted, func(a, b wire.Field) int { return cmp.Compare(a.Key, b.Key) })
	var h erlang.Hash
	for _, f := range sorted {
		h.Field(f)
	}
	h.Nil()
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], h.Sum32())
	return quoted + "~" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// quote escapes as a form does: everything but letters, digits and -_. and a
// space as a plus.
func quote(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "~", "%7E")
}

// quoteSegment escapes for a path, in which a tilde may stand.
func quoteSegment(s string) string { return url.QueryEscape(s) }

// bindingsIn lists the bindings of a vhost, which is locked, by source,
// destination and routing key.
func bindingsIn(vh *broker.VHost) []bindingInfo {
	var all []bindingInfo
	for _, q := range vh.Queues() {
		all = append(all, bindingInfo{vhost: vh.Name(), destination: q.Name(), key: q.Name(), toQueue: true})
	}
	for _, x := range vh.Exchanges() {
		for _, b := range x.Bindings() {
			all = append(all, bindingInfo{vh.Name(), x.Name(), b.Destination.Name(), b.RoutingKey, b.Destination.IsQueue(), b.Arguments})
		}
	}
	slices.SortStableFunc(all, func(a, b bindingInfo) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.destination, b.destination), cmp.Compare(a.key, b.key))
	})
	return all
}

func (r *request) listBindings(which func(b *bindingInfo) bool) {
	hosts, ok := r.visible()
	if !ok {
		return
	}
	items := []object{}
	for _, vh := range hosts {
		vh.Lock()
		all := bindingsIn(vh)
		vh.Unlock()
		for i := range all {
			if which(&all[i]) {
				items = append(items, all[i].object())
			}
		}
	}
	r.list(items)
}

func (r *request) bindings() { r.listBindings(func(*bindingInfo) bool { return true }) }

func (r *request) bindingsFrom() {
	source := r.exchangeName("exchange")
	r.listBindings(func(b *bindingInfo) bool { return b.source == source })
}

func (r *request) bindingsTo() {
	destination := r.exchangeName("exchange")
	r.listBindings(func(b *bindingInfo) bool { return !b.toQueue && b.destination == destination })
}

// bindingsToQueue lists the binding to the default exchange even of a queue that
// is not there, as RabbitMQ does.
func (r *request) bindingsToQueue() {
	name := r.vars["queue"]
	if vh := r.inVHost(); vh != nil {
		vh.Lock()
		missing := vh.Queue(name) == nil
		vh.Unlock()
		if missing {
			b := bindingInfo{vhost: vh.Name(), destination: name, key: name, toQueue: true}
			r.list([]object{b.object()})
			return
		}
	}
	r.listBindings(func(b *bindingInfo) bool { return b.toQueue && b.destination == name })
}

// between says whether a binding has the two ends in the path.
func (r *request) between(b *bindingInfo) bool {
	destination := r.vars["destination"]
	if r.vars["kind"] == "e" {
		destination = r.exchangeName("destination")
	}
	return b.source == r.exchangeName("source") && b.destination == destination && b.toQueue == (r.vars["kind"] == "q")
}

func (r *request) bindingsBetween() { r.listBindings(r.between) }

// findBinding returns the binding in the path. It answers the request and returns
// nil if there is none. Clients escape the key once or twice.
func (r *request) findBinding() *bindingInfo {
	vh := r.inVHost()
	if vh == nil {
		r.notFound()
		return nil
	}
	vh.Lock()
	all := bindingsIn(vh)
	vh.Unlock()
	asked := r.vars["key"]
	plain := unquote(asked)
	for _, same := range []func(key string) bool{
		func(key string) bool { return key == asked },
		func(key string) bool { return key == plain },
		func(key string) bool { return unquote(key) == plain },
	} {
		for i := range all {
			if r.between(&all[i]) && same(propertiesKey(all[i].key, all[i].arguments)) {
				return &all[i]
			}
		}
	}
	r.notFound()
	return nil
}

func unquote(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

func (r *request) binding() {
	if b := r.findBinding(); b != nil {
		r.one(b.object())
	}
}

func (r *request) bind() {
	vh := r.inVHost()
	if vh == nil {
		r.noVHost()
		return
	}
	in, ok := r.read()
	if !ok {
		return
	}
	args, err := in.table("arguments")
	if err != nil {
		r.reply(err)
		return
	}
	key := in.text("routing_key")
	if !r.mayBind(vh, key) {
		return
	}
	vh.Lock()
	source, to, err := r.ends(vh)
	if err == nil {
		err = vh.Bind(source, to, key, args)
	}
	vh.Unlock()
	if err != nil {
		r.refuse(err)
		return
	}
	r.w.Header().Set("Location", quoteSegment(r.vars["destination"])+"/"+quoteSegment(propertiesKey(key, args)))
	r.w.Header().Set("Content-Length", "0")
	r.w.WriteHeader(http.StatusCreated)
}

// mayBind says whether the user may bind the two ends. It answers the request if
// not.
func (r *request) mayBind(vh *broker.VHost, key string) bool {
	source, kind := r.exchangeName("source"), "queue"
	if r.vars["kind"] == "e" {
		kind = "exchange"
	}
	if !r.may(vh, broker.Write, kind, r.vars["destination"]) || !r.may(vh, broker.Read, "exchange", source) {
		return false
	}
	vh.Lock()
	x := vh.Exchange(source)
	vh.Unlock()
	if source == "" || x != nil && r.user.CheckTopic(vh, broker.Read, x, key) != nil {
		r.notAuthorised("Access refused.")
		return false
	}
	return true
}

// ends finds the two ends in the path, in a vhost that is locked.
func (r *request) ends(vh *broker.VHost) (*exchange.Exchange, exchange.Destination, error) {
	source, err := vh.UseExchange(r.exchangeName("source"))
	if err != nil {
		return nil, nil, err
	}
	if r.vars["kind"] == "e" {
		to, err := vh.UseExchange(r.exchangeName("destination"))
		return source, to, err
	}
	q := vh.Queue(r.vars["destination"])
	if q == nil {
		return nil, nil, broker.Errorf(wire.NotFound, "no queue '%s' in vhost '%s'", r.vars["destination"], vh.Name())
	}
	return source, q, nil
}

func (r *request) unbind() {
	b := r.findBinding()
	if b == nil {
		return
	}
	vh := r.inVHost()
	if !r.mayBind(vh, b.key) {
		return
	}
	vh.Lock()
	if source, to, err := r.ends(vh); err == nil {
		vh.Unbind(source, to, b.key, b.arguments)
	}
	vh.Unlock()
	r.noContent()
}
