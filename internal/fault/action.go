package fault

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Action is what a fault does: one step, or several that are carried out together.
type Action []Step

// Step is one thing that a fault does.
type Step struct {
	Kind Kind
	Code int           // of CloseChannel and CloseConnection
	Text string        // of CloseChannel and CloseConnection
	For  time.Duration // of Delay and Postpone
	N    int           // bytes per second of Rate, confirms of ConfirmInBatches and ConfirmInReverse
	Func func()        // of Run
}

// Kind is a kind of step.
type Kind string

// The kinds.
const (
	DropConnection   Kind = "drop connection"
	TearFrame        Kind = "tear frame"
	GoSilent         Kind = "go silent"
	CloseConnection  Kind = "close connection"
	CloseChannel     Kind = "close channel"
	RefuseDial       Kind = "refuse dial"
	RefuseLogin      Kind = "refuse login"
	Withhold         Kind = "withhold"
	Nack             Kind = "nack"
	Return           Kind = "return"
	DeliverTwice     Kind = "deliver twice"
	Redeliver        Kind = "redeliver"
	CancelConsumer   Kind = "cancel consumer"
	Postpone         Kind = "postpone"
	ConfirmInBatches Kind = "confirm in batches"
	ConfirmInReverse Kind = "confirm in reverse"
	Delay            Kind = "delay"
	Rate             Kind = "rate"
	Run              Kind = "run"
)

// role says what a step does to the command that it strikes. It decides what a step can be
// combined with.
type role uint8

const (
	ends    role = iota + 1 // the channel, the connection or the attempt to connect ends
	answers                 // a publishing is answered instead of taken
	hushes                  // nothing is said
	acts                    // something happens to the consumer or its delivery
	holds                   // a confirm is sent later
	paces                   // the connection gets slower
	aside                   // the command does not notice
)

// kind is what is known of a kind of step.
type kind struct {
	role    role
	methods []Method // that it can strike; nil for all but Dial
	// onlyBefore: after the method it is too late. For what the broker sends that can be
	// so while it is not for what it receives.
	onlyBefore, onlyBeforeSent bool
	say                        func(s Step) string
}

func saying(text string) func(Step) string { return func(Step) string { return text } }

// kinds has all kinds. inOrder is their order in a strike.
var kinds = map[Kind]kind{
	DropConnection:  {role: ends, say: saying("drop the connection")},
	TearFrame:       {role: ends, onlyBefore: true, say: saying("tear the frame")},
	GoSilent:        {role: ends, say: saying("go silent")},
	CloseConnection: {role: ends, say: func(s Step) string { return fmt.Sprintf("close the connection with %d %q", s.Code, s.Text) }},
	CloseChannel:    {role: ends, say: func(s Step) string { return fmt.Sprintf("close the channel with %d %q", s.Code, s.Text) }},
	RefuseDial:      {role: ends, methods: []Method{Dial}, say: saying("refuse the connection")},
	RefuseLogin:     {role: ends, methods: []Method{Login}, onlyBefore: true, say: saying("refuse the login")},
	Withhold:        {role: hushes, onlyBeforeSent: true, say: saying("withhold")},
	Nack:            {role: answers, methods: []Method{BasicPublish}, onlyBefore: true, say: saying("nack the publish")},
	Return:          {role: answers, methods: []Method{BasicPublish}, onlyBefore: true, say: saying("return the message")},
	DeliverTwice:    {role: acts, methods: []Method{BasicDeliver}, say: saying("deliver twice")},
	Redeliver:       {role: acts, methods: []Method{BasicDeliver, BasicAck}, say: saying("redeliver")},
	CancelConsumer: {role: acts, methods: []Method{BasicDeliver, BasicAck, BasicNack, BasicReject, BasicConsumeOk},
		say: saying("cancel the consumer")},
	Postpone: {role: holds, methods: []Method{Confirm}, onlyBefore: true, say: func(s Step) string { return fmt.Sprintf("postpone by %v", s.For) }},
	ConfirmInBatches: {role: holds, methods: []Method{Confirm}, onlyBefore: true,
		say: func(s Step) string { return fmt.Sprintf("confirm in batches of %d", s.N) }},
	ConfirmInReverse: {role: holds, methods: []Method{Confirm}, onlyBefore: true,
		say: func(s Step) string { return fmt.Sprintf("confirm %d in reverse", s.N) }},
	Delay: {role: paces, onlyBefore: true, say: func(s Step) string { return fmt.Sprintf("delay by %v", s.For) }},
	Rate:  {role: paces, say: func(s Step) string { return fmt.Sprintf("limit to %d bytes per second", s.N) }},
	Run:   {role: aside, methods: nil, say: saying("run a function")},
}

// order is that in which the steps of a strike are carried out, whatever order they were given
// in: a delivery is doubled before it is taken back, and taken back before its consumer goes.
var order = []Kind{Delay, Rate, DeliverTwice, Redeliver, CancelConsumer, Nack, Return, Withhold, Postpone, ConfirmInBatches,
	ConfirmInReverse, RefuseDial, RefuseLogin, DropConnection, TearFrame, GoSilent, CloseConnection, CloseChannel, Run}

func (a Action) inOrder() Action {
	sorted := slices.Clone(a)
	slices.SortStableFunc(sorted, func(x, y Step) int { return slices.Index(order, x.Kind) - slices.Index(order, y.Kind) })
	return sorted
}

// String describes the step.
func (s Step) String() string {
	if k, known := kinds[s.Kind]; known {
		return k.say(s)
	}
	return string(s.Kind)
}

// String describes the action.
func (a Action) String() string {
	texts := make([]string, len(a))
	for i, s := range a {
		texts[i] = s.String()
	}
	return strings.Join(texts, " and ")
}

// has says whether a step of the kind is part of the action.
func (a Action) has(k Kind) bool {
	return slices.ContainsFunc(a, func(s Step) bool { return s.Kind == k })
}

// span is how many commands it takes to do the action once.
func (a Action) span() int {
	n := 1
	for _, s := range a {
		if s.Kind == ConfirmInBatches || s.Kind == ConfirmInReverse {
			n = max(n, s.N)
		}
	}
	return n
}

// concerns says whether the action can do something to a command that is where its fault waits:
// only positive confirms are gathered, and only a consumer can be cancelled.
func (a Action) concerns(c *Command) bool {
	for _, s := range a {
		switch s.Kind {
		case ConfirmInBatches, ConfirmInReverse:
			if c.Nack {
				return false
			}
		case CancelConsumer:
			if c.Consumer == "" {
				return false
			}
		}
	}
	return true
}
