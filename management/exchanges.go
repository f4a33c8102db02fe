package management

import (
	"net/http"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/wire"
)

func (r *request) exchanges() {
	hosts, ok := r.visible()
	if !ok {
		return
	}
	var all []object
	for _, vh := range hosts {
		vh.Lock()
		for _, x := range vh.Exchanges() {
			all = append(all, r.exchangeObject(vh, x))
		}
		vh.Unlock()
	}
	r.list(all)
}

func (r *request) exchange() {
	vh := r.inVHost()
	if vh == nil {
		r.notFound()
		return
	}
	vh.Lock()
	x := vh.Exchange(r.exchangeName("exchange"))
	var o object
	if x != nil {
		o = r.exchangeObject(vh, x)
		o["incoming"], o["outgoing"] = []any{}, []any{}
	}
	vh.Unlock()
	if x == nil {
		r.notFound()
		return
	}
	r.one(o)
}

// exchangeObject describes an exchange, whose vhost is locked.
func (r *request) exchangeObject(vh *broker.VHost, x *exchange.Exchange) object {
	o := object{
		"name": x.Name(), "vhost": vh.Name(), "type": string(x.Kind()),
		"durable": x.Durable, "auto_delete": x.AutoDelete, "internal": x.Internal,
		"arguments": fromTable(x.Arguments), "user_who_performed_action": "guest",
	}
	if x.Kind() == exchange.DelayedMessage {
		o["messages_delayed"] = vh.Delayed(x.Name())
	}
	if p := vh.Applied(x).Policy; p != nil {
		o["policy"] = p.Name
	}
	h := r.api.samples.history(subject{'x', vh.Name(), x.Name()}, exchangeCounts(x))
	r.addStats(o, &h, []count{publishIn, publishOut})
	return o
}

func (r *request) putExchange() {
	vh := r.inVHost()
	if vh == nil {
		r.noVHost()
		return
	}
	in, ok := r.read()
	if !ok {
		return
	}
	m, err := exchangeDeclaration(r.exchangeName("exchange"), in)
	if err != nil {
		r.reply(err)
		return
	}
	if !r.may(vh, broker.Configure, "exchange", m.Exchange) {
		return
	}
	vh.Lock()
	created, err := declareExchange(vh, r.user, m)
	vh.Unlock()
	if err != nil {
		r.reply(err)
		return
	}
	r.done(created)
}

// exchangeDeclaration reads an exchange as the API and definitions describe it.
func exchangeDeclaration(name string, in input) (*wire.ExchangeDeclare, error) {
	m := &wire.ExchangeDeclare{Exchange: name, Type: in.text("type")}
	switch given, set := in["type"]; {
	case !set:
		m.Type = string(exchange.Direct)
	case given == nil:
		m.Type = "null"
	}
	var err error
	if m.Durable, err = in.flag("durable"); err != nil {
		return nil, err
	}
	if m.AutoDelete, err = in.flag("auto_delete"); err != nil {
		return nil, err
	}
	if m.Internal, err = in.flag("internal"); err != nil {
		return nil, err
	}
	m.Arguments, err = in.table("arguments")
	return m, err
}

// declareExchange creates an exchange in a vhost that is locked, and says whether
// it was not there before. user may be nil for the server itself.
func declareExchange(vh *broker.VHost, user *broker.User, m *wire.ExchangeDeclare) (created bool, err error) {
	if err := vh.CheckExchangeType(m.Type); err != nil {
		return false, err
	}
	if err := broker.CheckNotDefault(m.Exchange); err != nil {
		return false, err
	}
	created = vh.Exchange(m.Exchange) == nil
	return created, vh.DeclareExchange(user, m)
}

func (r *request) deleteExchange() {
	vh := r.inVHost()
	if vh == nil {
		r.notFound()
		return
	}
	name := r.exchangeName("exchange")
	vh.Lock()
	defer vh.Unlock()
	if vh.Exchange(name) == nil {
		r.notFound()
		return
	}
	if !r.may(vh, broker.Configure, "exchange", name) {
		return
	}
	err := broker.CheckNotDefault(name)
	if err == nil {
		err = vh.CheckExchangeDeletion(name)
	}
	if err == nil {
		err = vh.DeleteExchange(&wire.ExchangeDelete{Exchange: name, IfUnused: r.flag("if-unused")})
	}
	if err != nil {
		r.refuse(err)
		return
	}
	r.w.WriteHeader(http.StatusNoContent)
}
