package broker

import (
	"errors"
	"sort"
	"strings"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/wire"
)

const (
	reservedPrefix   = "amq."
	argAlternate     = "alternate-exchange"
	argDeadLetter    = "x-dead-letter-exchange"
	argDeadLetterKey = "x-dead-letter-routing-key"
)

// predeclare creates the exchanges that every virtual host has.
func (vh *VHost) predeclare() {
	for _, x := range []struct {
		name     string
		kind     exchange.Kind
		internal bool
	}{
		{"", exchange.Direct, false},
		{"amq.direct", exchange.Direct, false},
		{"amq.fanout", exchange.Fanout, false},
		{"amq.topic", exchange.Topic, false},
		{"amq.headers", exchange.Headers, false},
		{"amq.match", exchange.Headers, false},
		{"amq.rabbitmq.trace", exchange.Topic, true},
	} {
		created, err := exchange.New(x.name, x.kind, exchange.WithRules(vh.node.routing()))
		if err != nil {
			panic("broker: predeclared exchange: " + err.Error())
		}
		created.Durable, created.Internal = true, x.internal
		vh.exchanges[x.name] = created
	}
}

// Exchange returns an exchange, nil if there is none of this name.
func (vh *VHost) Exchange(name string) *exchange.Exchange { return vh.exchanges[name] }

// UseExchange returns an exchange that must be there.
func (vh *VHost) UseExchange(name string) (*exchange.Exchange, error) {
	if x := vh.exchanges[name]; x != nil {
		return x, nil
	}
	return nil, vh.noExchange(name)
}

// Exchanges returns the exchanges by name.
func (vh *VHost) Exchanges() []*exchange.Exchange {
	all := make([]*exchange.Exchange, 0, len(vh.exchanges))
	for _, x := range vh.exchanges {
		all = append(all, x)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name() < all[j].Name() })
	return all
}

// CheckExchangeType returns RabbitMQ's refusal of a type that it does not know.
func (vh *VHost) CheckExchangeType(kind string) error {
	var unknown *exchange.UnknownKindError
	_, err := exchange.New("", exchange.Kind(kind), exchange.WithRules(vh.node.routing()))
	if errors.As(err, &unknown) {
		return vh.exchangeError(unknown)
	}
	return nil
}

// CheckNotDefault refuses what RabbitMQ permits on every exchange but the
// default one.
func CheckNotDefault(name string) error {
	if name == "" {
		return Errorf(wire.AccessRefused, "operation not permitted on the default exchange")
	}
	return nil
}

func checkNotReserved(kind, name string) error {
	if strings.HasPrefix(name, reservedPrefix) {
		return Errorf(wire.AccessRefused, "%s name '%s' contains reserved prefix '%s*'", kind, name, reservedPrefix)
	}
	return nil
}

// DeclareExchange creates an exchange, or checks that the one that is there is
// equivalent. user, if not nil, must be permitted to use the alternate exchange.
func (vh *VHost) DeclareExchange(user *User, m *wire.ExchangeDeclare) error {
	if x := vh.exchanges[m.Exchange]; x != nil {
		return vh.checkEquivalentExchange(x, m)
	}
	if err := checkNotReserved("exchange", m.Exchange); err != nil {
		return err
	}
	resource := vh.exchangeText(m.Exchange)
	alternate, set, err := nameArgument(m.Arguments, argAlternate, resource)
	if err != nil {
		return err
	}
	if set && user != nil {
		if err := user.Check(vh, Read, "exchange", m.Exchange); err != nil {
			return err
		}
		if err := user.Check(vh, Write, "exchange", alternate); err != nil {
			return err
		}
	}
	x, err := exchange.New(m.Exchange, exchange.Kind(m.Type),
		exchange.WithArguments(m.Arguments), exchange.WithRules(vh.node.routing()))
	if err != nil {
		return vh.exchangeError(err)
	}
	x.Durable, x.AutoDelete, x.Internal = m.Durable, m.AutoDelete, m.Internal
	if user != nil {
		x.DeclaredBy = user.name
	}
	if looksAtHeaders(x.Kind()) {
		vh.keepsHeaders = true
	}
	vh.exchanges[m.Exchange] = x
	vh.applyToExchange(x)
	return nil
}

// exchangeError makes the reply of an exchange's refusal.
func (vh *VHost) exchangeError(err error) error {
	var (
		refusal *exchange.Error
		unknown *exchange.UnknownKindError
	)
	switch {
	case errors.As(err, &refusal):
		return Errorf(refusal.Code, "%s", refusal.Text)
	case errors.As(err, &unknown):
		return Errorf(vh.node.release.UnknownExchangeType, "%s", unknown)
	default:
		return Errorf(wire.InternalError, "%s", err)
	}
}

func (vh *VHost) checkEquivalentExchange(x *exchange.Exchange, m *wire.ExchangeDeclare) error {
	resource := vh.exchangeText(m.Exchange)
	if m.Type != string(x.Kind()) {
		return inequivalent("type", resource, "'"+erlang.Atom(m.Type)+"'", "'"+erlang.Atom(string(x.Kind()))+"'")
	}
	for _, field := range []struct {
		name              string
		received, current bool
	}{
		{"durable", m.Durable, x.Durable},
		{"auto_delete", m.AutoDelete, x.AutoDelete},
		{"internal", m.Internal, x.Internal},
	} {
		if err := checkSameField(field.name, resource, field.received, field.current); err != nil {
			return err
		}
	}
	return checkSameArgument(argAlternate, resource, m.Arguments, x.Arguments)
}

// CheckExchangeDeletion refuses to delete what only the server may delete.
func (vh *VHost) CheckExchangeDeletion(name string) error {
	if strings.HasPrefix(name, reservedPrefix) {
		return Errorf(wire.AccessRefused, "deletion of system %s not allowed", vh.exchangeText(name))
	}
	return nil
}

// DeleteExchange deletes an exchange and the bindings from it and to it. One
// that is not there counts as deleted.
func (vh *VHost) DeleteExchange(m *wire.ExchangeDelete) error {
	x := vh.exchanges[m.Exchange]
	if x == nil {
		return nil
	}
	if m.IfUnused && x.BindingCount() > 0 {
		return Errorf(wire.PreconditionFailed, "%s in use", vh.exchangeText(m.Exchange))
	}
	vh.removeExchange(x)
	return nil
}

func (vh *VHost) removeExchange(x *exchange.Exchange) {
	vh.stale = true
	delete(vh.exchanges, x.Name())
	for _, c := range vh.connections {
		for _, ch := range c.channels {
			ch.last.forget(x)
		}
	}
	if vh.node.release.TopicPermissionsEnd {
		vh.node.forgetTopics(topicResource{vh.name, x.Name()})
	}
	delete(vh.applied, x)
	for _, b := range x.Bindings() {
		vh.forgetSource(b.Destination, x)
	}
	vh.removeBindingsTo(x)
}
