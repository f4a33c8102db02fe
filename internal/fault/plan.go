package fault

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	chaosSpan   = 2 * time.Minute // in which things go wrong by the clock
	chaosFaults = 8               // at most
	chaosEvents = 6               // at most
	chaosNth    = 12              // a fault strikes at the latest then
)

// plan is what goes wrong for a seed.
type plan struct {
	faults []Fault // injected at once
	events []event // in order of time
}

// event is something that goes wrong at a time, counted from the beginning.
type event struct {
	at   time.Duration
	name string
	do   func(c *Chaos)
}

// drawPlan decides what goes wrong. It draws in a fixed order, so that a seed always means the
// same.
func drawPlan(seed uint64) (p plan) {
	r := rand.New(rand.NewPCG(seed, 0))
	for range 2 + r.IntN(chaosFaults-1) {
		f := drawFault(r)
		f.When.Nth = 1 + r.IntN(chaosNth)
		f.Times = 1 + r.IntN(3)
		f.Apart = true
		p.faults = append(p.faults, f)
	}
	for range r.IntN(chaosEvents + 1) {
		at := time.Duration(r.Int64N(int64(chaosSpan))).Truncate(time.Millisecond)
		p.events = append(p.events, drawEvents(r, at)...)
	}
	slices.SortStableFunc(p.events, func(a, b event) int { return int(a.at - b.at) })
	return p
}

// drawBreak draws a way in which a connection or channel can end.
func drawBreak(r *rand.Rand) Step {
	switch r.IntN(5) {
	case 0:
		return Step{Kind: CloseChannel, Code: 541, Text: "chaos"}
	case 1:
		return Step{Kind: CloseConnection, Code: 320, Text: "chaos"}
	case 2:
		return Step{Kind: GoSilent}
	default:
		return Step{Kind: DropConnection}
	}
}

func drawDelay(r *rand.Rand) time.Duration {
	return time.Duration(1+r.Int64N(5000)) * time.Millisecond
}

// drawFault draws one fault.
func drawFault(r *rand.Rand) Fault {
	broken, delay, n := drawBreak(r), Step{Kind: Delay, For: drawDelay(r)}, 2+r.IntN(3)
	draw := func(choices ...Step) Step { return choices[r.IntN(len(choices))] }
	fault := func(when Moment, m Method, s Step) Fault {
		return Fault{When: When{Moment: when, Method: m}, Do: Action{s}}
	}
	either := func(m Method, s Step) Fault {
		if r.IntN(2) == 0 {
			return fault(After, m, s)
		}
		return fault(Before, m, s)
	}
	switch r.IntN(12) {
	case 0, 1:
		return either(BasicAck, broken)
	case 2, 3:
		return either(BasicPublish, broken)
	case 4, 5:
		return either(BasicDeliver, broken)
	case 6:
		return fault(Before, BasicDeliver, draw(Step{Kind: TearFrame}, Step{Kind: DeliverTwice}, Step{Kind: Redeliver}, Step{Kind: CancelConsumer}, delay))
	case 7:
		f := fault(Before, BasicPublish, draw(Step{Kind: Nack}, Step{Kind: Return}, delay))
		f.When.Mandatory = f.Do.has(Return) // RabbitMQ returns nothing else
		return f
	case 8:
		return fault(Before, Confirm, draw(broken, Step{Kind: TearFrame}, Step{Kind: Postpone, For: delay.For}, delay))
	case 9:
		return fault(Before, BasicAck, draw(Step{Kind: Redeliver}, delay))
	case 10:
		// No silence here: the official client, up to 1.16 at least, does not
		// notice it before it has got a first frame after connection.open-ok.
		setup := []Method{ConnectionOpen, ChannelOpen, ExchangeDeclare, QueueDeclare, BasicConsume, QueueDeclareOk, BasicConsumeOk}
		m := setup[r.IntN(len(setup))]
		return fault(Before, m, draw(Step{Kind: DropConnection}, Step{Kind: CloseConnection, Code: 320, Text: "chaos"}))
	default:
		return fault(Before, BasicDeliver, Step{Kind: Rate, N: 1000 * n})
	}
}

// drawEvents draws something that happens by the clock, and its end.
func drawEvents(r *rand.Rand, at time.Duration) []event {
	lasts := time.Duration(r.Int64N(int64(40 * time.Second))).Truncate(time.Millisecond)
	end := at + lasts
	restart := func(c *Chaos) { c.machine.Restart() }
	switch r.IntN(7) {
	case 0:
		return []event{{at, "restart", restart}}
	case 1:
		return []event{{at, "stop", func(c *Chaos) { c.machine.Stop() }}, {end, "restart", restart}}
	case 2:
		return []event{{at, "kill", func(c *Chaos) { c.machine.Kill() }}, {end, "restart", restart}}
	case 3:
		return []event{{at, "pause", func(c *Chaos) { c.machine.Pause() }}, {end, "resume", func(c *Chaos) { c.machine.Resume() }}}
	case 4:
		resource := []string{"memory", "disk"}[r.IntN(2)]
		return []event{
			{at, fmt.Sprintf("raise the %s alarm", resource), func(c *Chaos) { c.machine.SetAlarm(resource, true) }},
			{end, fmt.Sprintf("clear the %s alarm", resource), func(c *Chaos) { c.machine.SetAlarm(resource, false) }},
		}
	case 5:
		n := 1 + r.IntN(5)
		return []event{{at, fmt.Sprintf("refuse %d dials and kill", n), func(c *Chaos) {
			c.inject(Fault{When: When{Moment: Before, Method: Dial}, Do: Action{{Kind: RefuseDial}}, Times: n, Apart: true})
			c.machine.Kill()
			c.machine.Restart()
		}}}
	default:
		gather := Step{Kind: ConfirmInBatches, N: 2 + r.IntN(3)}
		if r.IntN(2) == 0 {
			gather.Kind = ConfirmInReverse
		}
		var held *Injected
		return []event{
			{at, fmt.Sprintf("confirm %d at a time", gather.N), func(c *Chaos) {
				held = c.inject(Fault{When: When{Moment: Before, Method: Confirm}, Do: Action{gather}, Times: Always, Apart: true})
			}},
			{end, "confirm as usual", func(*Chaos) { held.Remove() }},
		}
	}
}
