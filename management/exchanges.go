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
	r.takeTurn()
	t := things[exchangeRef]{name: func(ref exchangeRef) string { return ref.x.Name() }}
	for _, vh := range hosts {
		for _, x := range vh.SnapshotExchanges() {
			t.all = append(t.all, exchangeRef{vh, x})
		}
	}
	t.describe = func(batch []exchangeRef, yield func(int, object) bool) bool {
		for i, info := range lookAtExchanges(batch) {
			if !yield(i, r.exchangeObject(&info)) {
				return false
			}
		}
		return true
	}
	list(r, t)
}

// serverUser is who did what the broker does by itself.
const serverUser = "rmq-internal"

// exchangeRef is an exchange in a list.
type exchangeRef struct {
	vh *broker.VHost
	x  *exchange.Exchange
}

// lookAtExchanges looks at some exchanges.
func lookAtExchanges(batch []exchangeRef) []exchangeInfo {
	infos := make([]exchangeInfo, 0, len(batch))
	for len(infos) < len(batch) {
		vh := batch[len(infos)].vh
		vh.Do(func() {
			for len(infos) < len(batch) && batch[len(infos)].vh == vh {
				infos = append(infos, lookAtExchange(vh, batch[len(infos)].x))
			}
		})
	}
	return infos
}

// exchangeInfo is what is known of an exchange at one moment.
type exchangeInfo struct {
	*exchange.Exchange // of which only what does not change is looked at without the lock
	vhost, policy      string
	declaredBy         string
	delayed            int
	counts             counts
}

// lookAtExchange looks at an exchange, whose vhost is locked.
func lookAtExchange(vh *broker.VHost, x *exchange.Exchange) exchangeInfo {
	info := exchangeInfo{Exchange: x, vhost: vh.Name(), counts: exchangeCounts(x), declaredBy: x.DeclaredBy}
	if x.Kind() == exchange.DelayedMessage {
		info.delayed = vh.Delayed(x.Name())
	}
	if p := vh.Applied(x).Policy; p != nil {
		info.policy = p.Name
	}
	return info
}

// findExchange returns an exchange, nil if it is not there.
func findExchange(vh *broker.VHost, name string) *exchange.Exchange {
	vh.Lock()
	defer vh.Unlock()
	return vh.Exchange(name)
}

func (r *request) exchange() {
	vh := r.inVHost()
	if vh == nil {
		r.notFound()
		return
	}
	var x *exchange.Exchange
	var info exchangeInfo
	vh.Do(func() {
		x = vh.Exchange(r.exchangeName("exchange"))
		if x != nil {
			info = lookAtExchange(vh, x)
		}
	})
	if x == nil {
		r.notFound()
		return
	}
	o := r.exchangeObject(&info)
	o["incoming"], o["outgoing"] = []any{}, []any{}
	r.one(o)
}

func (r *request) exchangeObject(x *exchangeInfo) object {
	o := r.object()
	o["name"], o["vhost"], o["type"] = x.Name(), x.vhost, string(x.Kind())
	o["durable"], o["auto_delete"], o["internal"] = x.Durable, x.AutoDelete, x.Internal
	o["arguments"], o["user_who_performed_action"] = fromTable(x.Arguments), serverUser
	if x.declaredBy != "" {
		o["user_who_performed_action"] = x.declaredBy
	}
	if x.Kind() == exchange.DelayedMessage {
		o["messages_delayed"] = x.delayed
	}
	if x.policy != "" {
		o["policy"] = x.policy
	}
	h := r.api.samples.history(exchangeSubject(x.vhost, x.Name()), x.counts)
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
	var created bool
	vh.Do(func() { created, err = declareExchange(vh, r.user, m) })
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
