package fault

import (
	"github.com/minirabbit/minirabbit/wire"
)

// Method names what a fault waits for: a method of AMQP 0-9-1 by the name that the specification
// gives it, or one of [Dial], [Login] and [Confirm].
//
// Of the methods that both sides send, the name means those of clients. The broker's basic.ack
// and basic.nack are [Confirm]; its basic.cancel-ok and channel.flow-ok, which clients have no
// reason to send, have their own names.
type Method string

// What clients do.
const (
	Dial            Method = "dial"                // a client connects
	Login           Method = "connection.start-ok" // a client sends its credentials
	ConnectionOpen  Method = "connection.open"
	ChannelOpen     Method = "channel.open"
	ExchangeDeclare Method = "exchange.declare"
	QueueDeclare    Method = "queue.declare"
	QueueBind       Method = "queue.bind"
	BasicQos        Method = "basic.qos"
	BasicConsume    Method = "basic.consume"
	BasicCancel     Method = "basic.cancel"
	BasicPublish    Method = "basic.publish"
	BasicGet        Method = "basic.get"
	BasicAck        Method = "basic.ack"
	BasicNack       Method = "basic.nack"
	BasicReject     Method = "basic.reject"
	ConfirmSelect   Method = "confirm.select"
)

// What the broker sends.
const (
	BasicDeliver   Method = "basic.deliver"
	BasicReturn    Method = "basic.return"
	BasicGetOk     Method = "basic.get-ok"
	BasicConsumeOk Method = "basic.consume-ok"
	QueueDeclareOk Method = "queue.declare-ok"
	Confirm        Method = "confirm" // basic.ack or basic.nack for a publishing
)

// traits is what faults need to know of a method.
type traits struct {
	received bool // it comes from clients
	control  bool // it is of class connection, on channel 0
	answered bool // received: the broker answers it
	tells    part
}

// part is something that a method can tell, which a When can ask for.
type part uint8

const (
	tellsQueue part = 1 << iota
	tellsExchange
	tellsKey
	tellsConsumer
	tellsMandatory
)

// tells has the methods that concern a queue, an exchange or a consumer.
var tells = map[Method]part{
	BasicPublish:      tellsExchange | tellsKey | tellsMandatory,
	Confirm:           tellsExchange | tellsKey | tellsMandatory,
	BasicReturn:       tellsExchange | tellsKey | tellsMandatory,
	BasicDeliver:      tellsQueue | tellsExchange | tellsKey | tellsConsumer,
	BasicGetOk:        tellsExchange | tellsKey,
	BasicGet:          tellsQueue,
	BasicAck:          tellsQueue | tellsConsumer,
	BasicNack:         tellsQueue | tellsConsumer,
	BasicReject:       tellsQueue | tellsConsumer,
	BasicConsume:      tellsQueue | tellsConsumer,
	BasicConsumeOk:    tellsConsumer,
	BasicCancel:       tellsQueue | tellsConsumer,
	"basic.cancel-ok": tellsConsumer,
	ExchangeDeclare:   tellsExchange,
	"exchange.delete": tellsExchange,
	QueueDeclare:      tellsQueue,
	QueueDeclareOk:    tellsQueue,
	QueueBind:         tellsQueue | tellsExchange | tellsKey,
	"queue.unbind":    tellsQueue | tellsExchange | tellsKey,
	"queue.purge":     tellsQueue,
	"queue.delete":    tellsQueue,
}

// methods has all methods that a fault can wait for.
var methods = allMethods()

func allMethods() map[Method]traits {
	all := map[Method]traits{Dial: {received: true, control: true}, Confirm: {}}
	for class := uint32(10); class <= 90; class++ {
		for method := uint32(10); method <= 120; method++ {
			id := wire.MethodID(class<<16 | method)
			if wire.NewMethod(id) == nil || unheeded(id) {
				continue
			}
			all[Method(id.String())] = traits{received: id.FromClient() && !brokersOwn(id), control: class == 10}
		}
	}
	for m, t := range all {
		_, confirmed := all[m+"-ok"]
		t.answered = t.received && m != Dial && (confirmed || m == BasicPublish)
		t.tells = tells[m]
		all[m] = t
	}
	return all
}

// unheeded says that a client's method ends what the broker has closed, beyond the reach of
// faults.
func unheeded(id wire.MethodID) bool {
	return id == wire.IDChannelCloseOk || id == wire.IDConnectionCloseOk
}

// brokersOwn says that both sides may send a method, and only the broker has reason to.
func brokersOwn(id wire.MethodID) bool {
	return id == wire.IDBasicCancelOk || id == wire.IDChannelFlowOk
}

// nameOf names a command's method as faults do. Methods that no fault waits for have names that
// no fault can have.
func nameOf(id wire.MethodID, sent bool) Method {
	switch {
	case !sent && brokersOwn(id):
		return "the client's " + Method(id.String())
	case !sent || brokersOwn(id):
		return Method(id.String())
	case id == wire.IDBasicAck, id == wire.IDBasicNack:
		return Confirm
	case id.FromClient():
		return "the broker's " + Method(id.String())
	}
	return Method(id.String())
}
