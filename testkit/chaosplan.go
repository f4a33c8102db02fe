package testkit

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

// plan decides what goes wrong. It draws in a fixed order, so that a seed always
// means the same.
func (m *Misfortunes) plan(r *rand.Rand) {
	for range 2 + r.IntN(chaosFaults-1) {
		f := drawFault(r)
		f.When = f.When.Nth(1 + r.IntN(chaosNth))
		f.Times = 1 + r.IntN(3)
		m.faults = append(m.faults, f)
	}
	for range r.IntN(chaosEvents + 1) {
		at := time.Duration(r.Int64N(int64(chaosSpan))).Truncate(time.Millisecond)
		m.events = append(m.events, drawEvents(r, at)...)
	}
	slices.SortStableFunc(m.events, func(a, b misfortune) int { return int(a.at - b.at) })
}

// breaks are the ways in which a connection or channel can end.
func drawBreak(r *rand.Rand) Action {
	switch r.IntN(5) {
	case 0:
		return CloseChannel(541, "chaos")
	case 1:
		return CloseConnection(320, "chaos")
	case 2:
		return GoSilent
	default:
		return DropConnection
	}
}

func drawDelay(r *rand.Rand) time.Duration {
	return time.Duration(1+r.Int64N(5000)) * time.Millisecond
}

// drawFault draws one fault.
func drawFault(r *rand.Rand) Fault {
	draw := func(choices ...Action) Action { return choices[r.IntN(len(choices))] }
	broken, delay, n := drawBreak(r), drawDelay(r), 2+r.IntN(3)
	at := func(m Method) When {
		if r.IntN(2) == 0 {
			return After(m)
		}
		return Before(m)
	}
	switch r.IntN(12) {
	case 0, 1:
		return Fault{When: at(BasicAck), Do: broken}
	case 2, 3:
		return Fault{When: at(BasicPublish), Do: broken}
	case 4, 5:
		return Fault{When: at(BasicDeliver), Do: broken}
	case 6:
		return Fault{When: Before(BasicDeliver), Do: draw(TearFrame, DeliverTwice, Redeliver, CancelConsumer, Delay(delay))}
	case 7:
		return []Fault{
			{When: Before(BasicPublish), Do: NackPublish},
			{When: Before(BasicPublish).Mandatory(), Do: ReturnPublish}, // RabbitMQ returns nothing else
			{When: Before(BasicPublish), Do: Delay(delay)},
		}[r.IntN(3)]
	case 8:
		return Fault{When: Before(Confirm), Do: draw(broken, TearFrame, Postpone(delay), Delay(delay))}
	case 9:
		return Fault{When: Before(BasicAck), Do: draw(Redeliver, Delay(delay))}
	case 10:
		// No silence here: the official client, up to 1.16 at least, does not
		// notice it before it has got a first frame after connection.open-ok.
		setup := []Method{ConnectionOpen, ChannelOpen, ExchangeDeclare, QueueDeclare, BasicConsume, QueueDeclareOk, BasicConsumeOk}
		return Fault{When: Before(setup[r.IntN(len(setup))]), Do: draw(DropConnection, CloseConnection(320, "chaos"))}
	default:
		return Fault{When: Before(BasicDeliver), Do: Rate(1000 * n)}
	}
}

// drawEvents draws something that happens by the clock, and its end.
func drawEvents(r *rand.Rand, at time.Duration) []misfortune {
	lasts := time.Duration(r.Int64N(int64(40 * time.Second))).Truncate(time.Millisecond)
	end := at + lasts
	switch r.IntN(7) {
	case 0:
		return []misfortune{{at, "restart", (*Broker).Restart}}
	case 1:
		return []misfortune{{at, "stop", (*Broker).Stop}, {end, "restart", (*Broker).Restart}}
	case 2:
		return []misfortune{{at, "kill", (*Broker).Kill}, {end, "restart", (*Broker).Restart}}
	case 3:
		return []misfortune{{at, "pause", (*Broker).Pause}, {end, "resume", (*Broker).Resume}}
	case 4:
		resource := []Resource{Memory, Disk}[r.IntN(2)]
		return []misfortune{
			{at, fmt.Sprintf("raise the %s alarm", resource), func(b *Broker) { b.RaiseAlarm(resource) }},
			{end, fmt.Sprintf("clear the %s alarm", resource), func(b *Broker) { b.ClearAlarm(resource) }},
		}
	case 5:
		n := 1 + r.IntN(5)
		return []misfortune{{at, fmt.Sprintf("refuse %d dials and kill", n), func(b *Broker) {
			b.Inject(Fault{When: Before(Dial), Do: Refuse, Times: n, chaos: true})
			b.Kill()
			b.Restart()
		}}}
	default:
		n := 2 + r.IntN(3)
		reverse := r.IntN(2) == 0
		var held *Injected
		return []misfortune{
			{at, fmt.Sprintf("confirm %d at a time", n), func(b *Broker) {
				do := ConfirmInBatches(n)
				if reverse {
					do = ConfirmInReverse(n)
				}
				held = b.Inject(Fault{When: Before(Confirm), Do: do, Times: Always, chaos: true})
			}},
			{end, "confirm as usual", func(b *Broker) { held.Remove() }},
		}
	}
}
