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
	vhost             string
	*exchange.Binding        // nil for one to the default exchange,
	queue             string // of this queue
}

func (b *bindingInfo) source() string {
	if b.Binding == nil {
		return ""
	}
	return b.Source.Name()
}

func (b *bindingInfo) destination() string {
	if b.Binding == nil {
		return b.queue
	}
	return b.Destination.Name()
}

func (b *bindingInfo) key() string {
	if b.Binding == nil {
		return b.queue
	}
	return b.RoutingKey
}

func (b *bindingInfo) toQueue() bool { return b.Binding == nil || b.Destination.IsQueue() }

func (b *bindingInfo) arguments() wire.Table {
	if b.Binding == nil {
		return nil
	}
	return b.Arguments
}

func (b *bindingInfo) object() object {
	kind := "exchange"
	if b.toQueue() {
		kind = "queue"
	}
	return object{"source": b.source(), "vhost": b.vhost, "destination": b.destination(), "destination_type": kind,
		"routing_key": b.key(), "arguments": fromTable(b.arguments()), "properties_key": propertiesKey(b.key(), b.arguments())}
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

// bindingsIn returns the bindings of a vhost by source, destination and routing
// key.
func bindingsIn(vh *broker.VHost) (all []bindingInfo) {
	for _, q := range vh.SnapshotQueues() {
		all = append(all, bindingInfo{vhost: vh.Name(), queue: q.Name()})
	}
	for _, x := range vh.SnapshotExchanges() {
		all = appendBindings(all, vh, vh.SnapshotBindings(x))
	}
	return all
}

func appendBindings(all []bindingInfo, vh *broker.VHost, more []*exchange.Binding) []bindingInfo {
	for _, b := range more {
		all = append(all, bindingInfo{vhost: vh.Name(), Binding: b})
	}
	return all
}

// bindingsOf returns the bindings from an exchange, in the order of bindingsIn.
func bindingsOf(vh *broker.VHost, source string) (all []bindingInfo) {
	if source == "" {
		for _, q := range vh.SnapshotQueues() {
			all = append(all, bindingInfo{vhost: vh.Name(), queue: q.Name()})
		}
		return all
	}
	x := findExchange(vh, source)
	if x == nil {
		return nil
	}
	return appendBindings(nil, vh, vh.SnapshotBindings(x))
}

// bindingsLeading returns the bindings to a queue or an exchange, in the order of
// bindingsIn.
func bindingsLeading(vh *broker.VHost, to string, queue bool) (all []bindingInfo) {
	vh.Lock()
	defer vh.Unlock()
	destination, there := destination(vh, to, queue)
	if !there {
		return nil
	}
	if queue {
		all = append(all, bindingInfo{vhost: vh.Name(), queue: to})
	}
	for _, x := range vh.Sources(destination) {
		found := x.BindingsTo(destination)
		broker.SortBindings(found)
		all = appendBindings(all, vh, found)
	}
	return all
}

// destination finds a queue or an exchange in a vhost that is locked.
func destination(vh *broker.VHost, name string, queue bool) (to exchange.Destination, there bool) {
	if queue {
		q := vh.Queue(name)
		return q, q != nil
	}
	x := vh.Exchange(name)
	return x, x != nil
}

// listBindings lists what of finds in each virtual host that the request is about.
func (r *request) listBindings(of func(vh *broker.VHost) []bindingInfo) {
	hosts, ok := r.visible()
	if !ok {
		return
	}
	r.takeTurn()
	t := things[bindingInfo]{name: func(bindingInfo) string { return "" }}
	for _, vh := range hosts {
		t.all = append(t.all, of(vh)...)
	}
	t.describe = func(batch []bindingInfo, yield func(int, object) bool) bool {
		for i := range batch {
			if !yield(i, batch[i].object()) {
				return false
			}
		}
		return true
	}
	list(r, t)
}

func (r *request) bindings() { r.listBindings(bindingsIn) }

func (r *request) bindingsFrom() {
	r.listBindings(func(vh *broker.VHost) []bindingInfo { return bindingsOf(vh, r.exchangeName("exchange")) })
}

func (r *request) bindingsTo() {
	r.listBindings(func(vh *broker.VHost) []bindingInfo { return bindingsLeading(vh, r.exchangeName("exchange"), false) })
}

// bindingsToQueue lists the binding to the default exchange even of a queue that
// is not there, as RabbitMQ does.
func (r *request) bindingsToQueue() {
	name := r.vars["queue"]
	if vh := r.inVHost(); vh != nil {
		if !hasQueue(vh, name) {
			b := bindingInfo{vhost: vh.Name(), queue: name}
			r.list([]object{b.object()})
			return
		}
	}
	r.listBindings(func(vh *broker.VHost) []bindingInfo { return bindingsLeading(vh, name, true) })
}

// between returns the bindings that have the two ends in the path.
func (r *request) between(vh *broker.VHost) []bindingInfo {
	destination := r.vars["destination"]
	if r.vars["kind"] == "e" {
		destination = r.exchangeName("destination")
	}
	source := r.exchangeName("source")
	return slices.DeleteFunc(bindingsLeading(vh, destination, r.vars["kind"] == "q"), func(b bindingInfo) bool { return b.source() != source })
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
	all := r.between(vh)
	asked := r.vars["key"]
	plain := unquote(asked)
	for _, same := range []func(key string) bool{
		func(key string) bool { return key == asked },
		func(key string) bool { return key == plain },
		func(key string) bool { return unquote(key) == plain },
	} {
		for i := range all {
			if same(propertiesKey(all[i].key(), all[i].arguments())) {
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
	vh.Do(func() {
		source, to, missing := r.ends(vh)
		if err = missing; err == nil {
			err = vh.Bind(source, to, key, args)
		}
	})
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
	x := findExchange(vh, source)
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
	if !r.mayBind(vh, b.key()) {
		return
	}
	vh.Do(func() {
		if source, to, err := r.ends(vh); err == nil {
			vh.Unbind(source, to, b.key(), b.arguments())
		}
	})
	r.noContent()
}
