package fault

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/record"
	"github.com/minirabbit/minirabbit/wire"
)

// step is a step of a kind that is as it should be.
func step(k Kind, ran *atomic.Int32) Step {
	return Step{Kind: k, Code: 406, Text: "no", For: time.Hour, N: 2, Func: func() { ran.Add(1) }}
}

// commandOf returns a method of this name, as faults name it.
func commandOf(m Method) wire.Method {
	if m == Confirm {
		return &wire.BasicAck{DeliveryTag: 1}
	}
	for class := uint32(10); class <= 90; class++ {
		for method := uint32(10); method <= 120; method++ {
			id := wire.MethodID(class<<16 | method)
			if w := wire.NewMethod(id); w != nil && id.String() == string(m) {
				return w
			}
		}
	}
	return nil
}

// TestPairs holds that of any two steps, at any method, before and after it, each is carried out
// or the fault is refused with a reason.
func TestPairs(t *testing.T) {
	accepted, refused := 0, 0
	all := slices.Sorted(maps.Keys(kinds))
	for method := range methods {
		command := commandOf(method)
		for _, moment := range []Moment{Before, After} {
			for _, a := range all {
				for _, b := range all {
					var ran atomic.Int32
					f := Fault{When: When{Moment: moment, Method: method}, Do: Action{step(a, &ran), step(b, &ran)}}
					if err := f.Check(); err != nil {
						refused++
						if !strings.HasPrefix(err.Error(), "fault "+f.When.String()+": ") || len(err.Error()) < len(f.When.String())+15 {
							t.Errorf("%s: refused without a reason: %v", f, err)
						}
						continue
					}
					accepted++
					done := carryOut(f, command)
					for _, k := range []Kind{a, b} {
						if !done(k) && k != Run {
							t.Errorf("%s: accepted, and %q is not carried out", f, k)
						}
					}
					want := 0
					for _, k := range []Kind{a, b} {
						if k == Run {
							want++
						}
					}
					if got := int(ran.Load()); got != want {
						t.Errorf("%s: ran %d functions, want %d", f, got, want)
					}
				}
			}
		}
	}
	if accepted < 1000 || refused < 1000 {
		t.Errorf("%d pairs accepted and %d refused: the test does not see all", accepted, refused)
	}
	t.Logf("%d pairs accepted, %d refused", accepted, refused)
}

// carryOut has a fault strike, and returns what says of a kind whether it was carried out.
func carryOut(f Fault, m wire.Method) func(Kind) bool {
	e := NewEngine(&record.Trace{})
	in, err := e.Inject(f)
	if err != nil {
		panic(err)
	}
	if f.When.Method == Dial {
		refused := e.RefusesDial("memory")
		e.Close()
		return func(k Kind) bool { return k == RefuseDial && refused }
	}
	x := &strike{e, in, &amqpserver.Command{Method: m}, &Command{Consumer: "c", DeliveryTag: 1}, f.When.Moment}
	if methods[f.When.Method].received {
		i := x.receive()
		if i.After != nil {
			i.After(nil)
		}
		e.Close()
		return func(k Kind) bool { return received(k, i) }
	}
	i := x.send()
	if i.After != nil {
		i.After(nil)
	}
	postponed := len(e.timers) > 0
	e.Close()
	held := len(in.held.take()) > 0
	return func(k Kind) bool { return sent(k, i, postponed, held) }
}

func closes[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func received(k Kind, i *amqpserver.ReceiveInterference) bool {
	undone := i.Effect == amqpserver.NoEffect || i.Effect == amqpserver.Unanswered
	answered := i.Effect == amqpserver.Nacked || i.Effect == amqpserver.Returned
	switch k {
	case Delay:
		return i.Delay > 0
	case Rate:
		return i.Rate > 0
	case Redeliver:
		return i.Effect == amqpserver.NoEffect && i.Before != nil
	case CancelConsumer:
		return i.Before != nil || i.After != nil
	case Nack:
		return i.Effect == amqpserver.Nacked
	case Return:
		return i.Effect == amqpserver.Returned
	case Withhold:
		return undone
	case RefuseLogin:
		return undone && (i.Err != nil || i.End == amqpserver.Cut)
	case DropConnection:
		return i.End == amqpserver.Cut && (undone || answered)
	case GoSilent:
		return i.End == amqpserver.Silent && (undone || answered)
	case CloseConnection:
		return closes[*broker.ConnectionError](i.Err) && (undone || answered)
	case CloseChannel:
		return closes[*broker.ChannelError](i.Err) && (undone || answered)
	}
	return false
}

func sent(k Kind, i *amqpserver.SendInterference, postponed, held bool) bool {
	switch k {
	case Delay:
		return i.Delay > 0
	case Rate:
		return i.Rate > 0
	case DeliverTwice, Redeliver, CancelConsumer:
		return i.After != nil
	case Withhold:
		return i.Part == amqpserver.Nothing
	case Postpone:
		return i.Part == amqpserver.Nothing && postponed
	case ConfirmInBatches, ConfirmInReverse:
		return i.Part == amqpserver.Nothing && held
	case DropConnection:
		return i.End == amqpserver.Cut && i.Part != amqpserver.Half
	case TearFrame:
		return i.End == amqpserver.Cut && i.Part == amqpserver.Half
	case GoSilent:
		return i.End == amqpserver.Silent
	case CloseConnection:
		return closes[*broker.ConnectionError](i.Err)
	case CloseChannel:
		return closes[*broker.ChannelError](i.Err)
	}
	return false
}

func TestEvery(t *testing.T) {
	for _, test := range []struct {
		when When
		want string
	}{{When{}, "123456789"}, {When{Nth: 3}, "3456789"}, {When{Every: 3}, "369"}, {When{Nth: 2, Every: 3}, "258"}} {
		got := ""
		for n := 1; n < 10; n++ {
			if test.when.strikesAt(n) {
				got += string(rune('0' + n))
			}
		}
		if got != test.want {
			t.Errorf("nth %d, every %d: strikes at %s, want %s", test.when.Nth, test.when.Every, got, test.want)
		}
	}
}

func TestPlansMakeSense(t *testing.T) {
	for seed := range uint64(2000) {
		for _, f := range drawPlan(seed).faults {
			if err := f.Check(); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		}
	}
}
