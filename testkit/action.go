package testkit

import (
	"time"

	"github.com/minirabbit/minirabbit/internal/fault"
)

// Action is what a [Fault] does.
type Action struct{ steps fault.Action }

func action(s fault.Step) Action { return Action{fault.Action{s}} }

// String names the action.
func (a Action) String() string { return a.steps.String() }

// DropConnection closes the connection without a word, as a network does that
// breaks. What the broker sent before still arrives.
var DropConnection = action(fault.Step{Kind: fault.DropConnection})

// TearFrame sends the first half of the method, or of the message if it has one,
// and then closes the connection without a word. It is for methods of the broker.
var TearFrame = action(fault.Step{Kind: fault.TearFrame})

// GoSilent keeps the connection open and says nothing any more, nor listens, until
// the client gives up: what heartbeats are for.
var GoSilent = action(fault.Step{Kind: fault.GoSilent})

// Withhold has nothing said: before a client's method, it is ignored; after it,
// its answer is not sent. A method of the broker is not sent.
var Withhold = action(fault.Step{Kind: fault.Withhold})

// NackPublish refuses a message: it is lost, and the publisher gets basic.nack if
// it asked for confirms.
var NackPublish = action(fault.Step{Kind: fault.Nack})

// ReturnPublish returns a message with 312 NO_ROUTE, mandatory or not, and then
// confirms it, as RabbitMQ does with what no queue takes.
var ReturnPublish = action(fault.Step{Kind: fault.Return})

// Refuse turns a dialling client away. Over TCP, its connection is accepted and
// reset; in memory, Dial returns an error that wraps syscall.ECONNREFUSED.
var Refuse = action(fault.Step{Kind: fault.RefuseDial})

// RefuseLogin answers credentials as if they were wrong: 403 ACCESS_REFUSED.
var RefuseLogin = action(fault.Step{Kind: fault.RefuseLogin})

// CancelConsumer cancels the consumer of a delivery or a settlement from the
// broker's side, with basic.cancel, as when its queue is deleted.
var CancelConsumer = action(fault.Step{Kind: fault.CancelConsumer})

// Redeliver takes a delivery back, behind the client's back, and delivers its
// message again, marked as redelivered. What the client says of the first delivery
// has no effect: an acknowledgement is ignored, if need be the one that struck.
var Redeliver = action(fault.Step{Kind: fault.Redeliver})

// DeliverTwice delivers a message a second time, right behind the first. Both
// deliveries must be settled; the second is marked as redelivered.
var DeliverTwice = action(fault.Step{Kind: fault.DeliverTwice})

// CloseChannel closes the channel with an AMQP exception of this code, such as
// 406, and a text of your own. RabbitMQ puts the name of the code before it.
func CloseChannel(code int, text string) Action {
	return action(fault.Step{Kind: fault.CloseChannel, Code: code, Text: text})
}

// CloseConnection closes the connection with an AMQP exception of this code, such
// as 320, and a text of your own. RabbitMQ puts the name of the code before it.
func CloseConnection(code int, text string) Action {
	return action(fault.Step{Kind: fault.CloseConnection, Code: code, Text: text})
}

// Delay holds a method up, and everything behind it on its connection and in its
// direction: a slow network. Heartbeats wait, too.
func Delay(d time.Duration) Action { return action(fault.Step{Kind: fault.Delay, For: d}) }

// Rate limits what the connection is sent from then on, in bytes per second.
func Rate(bytesPerSecond int) Action {
	return action(fault.Step{Kind: fault.Rate, N: bytesPerSecond})
}

// Postpone sends a confirm later. What comes behind it overtakes it, as it may in
// RabbitMQ.
func Postpone(d time.Duration) Action { return action(fault.Step{Kind: fault.Postpone, For: d}) }

// ConfirmInBatches holds n positive confirms of a channel back and then sends one
// for all of them, with the flag multiple. Times counts batches. Removing the
// fault sends what was held back.
func ConfirmInBatches(n int) Action { return action(fault.Step{Kind: fault.ConfirmInBatches, N: n}) }

// ConfirmInReverse holds n positive confirms of a channel back and then sends
// them, the last one first. Times counts batches. Removing the fault sends what
// was held back.
func ConfirmInReverse(n int) Action { return action(fault.Step{Kind: fault.ConfirmInReverse, N: n}) }

// Call calls f in a goroutine of its own, to do something at that moment which no
// other action does: to stop the broker, say. The command does not wait for it. The
// broker does at the end.
func Call(f func()) Action { return action(fault.Step{Kind: fault.Run, Func: f}) }

// Both does one thing and the other. [Broker.Inject] refuses two that cannot both
// be carried out, with the reason. Which comes first does not depend on the order
// here: a fault ends the channel or connection last.
func Both(a, b Action) Action {
	return Action{append(append(fault.Action(nil), a.steps...), b.steps...)}
}
