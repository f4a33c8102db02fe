package amqpserver

import (
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// reply returns m, or nothing if the client asked for no reply.
func reply(noWait bool, m wire.Method) (wire.Method, error) {
	if noWait {
		return nil, nil
	}
	return m, nil
}

func (ch *channel) exchangeDeclare(m *wire.ExchangeDeclare) (wire.Method, error) {
	m.Exchange = stripLineBreaks(m.Exchange)
	if m.Passive {
		return ch.exchangeDeclarePassive(m)
	}
	if err := ch.vh.CheckExchangeType(m.Type); err != nil {
		return nil, err
	}
	if err := broker.CheckNotDefault(m.Exchange); err != nil {
		return nil, err
	}
	if err := ch.may(broker.Configure, "exchange", m.Exchange); err != nil {
		return nil, err
	}
	if err := ch.vh.DeclareExchange(ch.c.user, m); err != nil {
		return nil, err
	}
	return reply(m.NoWait, &wire.ExchangeDeclareOk{})
}

func (ch *channel) exchangeDeclarePassive(m *wire.ExchangeDeclare) (wire.Method, error) {
	if err := broker.CheckNotDefault(m.Exchange); err != nil {
		return nil, err
	}
	if err := ch.c.session.CheckPassive("exchange", m.Exchange); err != nil {
		return nil, err
	}
	if _, err := ch.vh.UseExchange(m.Exchange); err != nil {
		return nil, err
	}
	return reply(m.NoWait, &wire.ExchangeDeclareOk{})
}

func (ch *channel) exchangeDelete(m *wire.ExchangeDelete) (wire.Method, error) {
	m.Exchange = stripLineBreaks(m.Exchange)
	if err := broker.CheckNotDefault(m.Exchange); err != nil {
		return nil, err
	}
	if err := ch.vh.CheckExchangeDeletion(m.Exchange); err != nil {
		return nil, err
	}
	if err := ch.may(broker.Configure, "exchange", m.Exchange); err != nil {
		return nil, err
	}
	if err := ch.vh.DeleteExchange(m); err != nil {
		return nil, err
	}
	return reply(m.NoWait, &wire.ExchangeDeleteOk{})
}

func (ch *channel) exchangeBind(m *wire.ExchangeBind) (wire.Method, error) {
	m.Source, m.Destination = stripLineBreaks(m.Source), stripLineBreaks(m.Destination)
	if err := ch.mayBindExchanges(m.Source, m.Destination, m.RoutingKey); err != nil {
		return nil, err
	}
	source, err := ch.vh.UseExchange(m.Source)
	if err != nil {
		return nil, err
	}
	destination, err := ch.vh.UseExchange(m.Destination)
	if err != nil {
		return nil, err
	}
	if err := ch.vh.Bind(source, destination, m.RoutingKey, m.Arguments); err != nil {
		return nil, err
	}
	return reply(m.NoWait, &wire.ExchangeBindOk{})
}

func (ch *channel) exchangeUnbind(m *wire.ExchangeUnbind) (wire.Method, error) {
	m.Source, m.Destination = stripLineBreaks(m.Source), stripLineBreaks(m.Destination)
	if err := ch.mayBindExchanges(m.Source, m.Destination, m.RoutingKey); err != nil {
		return nil, err
	}
	source, destination := ch.vh.Exchange(m.Source), ch.vh.Exchange(m.Destination)
	if source != nil && destination != nil {
		ch.vh.Unbind(source, destination, m.RoutingKey, m.Arguments)
	}
	return reply(m.NoWait, &wire.ExchangeUnbindOk{})
}

// mayBindExchanges refuses what may not be bound, or unbound, by this user.
func (ch *channel) mayBindExchanges(source, destination, key string) error {
	if err := ch.may(broker.Write, "exchange", destination); err != nil {
		return err
	}
	for _, name := range []string{destination, source} {
		if err := broker.CheckNotDefault(name); err != nil {
			return err
		}
	}
	if err := ch.may(broker.Read, "exchange", source); err != nil {
		return err
	}
	return ch.c.session.CheckTopic(broker.Read, source, key)
}

// may returns RabbitMQ's refusal if the user lacks a permission.
func (ch *channel) may(want broker.Permission, kind, name string) error {
	return ch.c.session.Check(want, kind, name)
}
