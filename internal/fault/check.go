package fault

import (
	"errors"
	"fmt"
	"slices"
)

// Fault makes a broker misbehave.
type Fault struct {
	When When
	Do   Action
	// Times is how often the fault strikes: zero means once, [Always] every time until it
	// is removed. Confirms that are gathered count by the batch.
	Times int
	// Apart keeps what a strike does apart in time from what the broker does at the same
	// moment, by some nanoseconds. In a synctest bubble, the run does not depend on the
	// scheduler then.
	Apart bool
}

// Always is for [Fault].Times.
const Always = -1

// String describes the fault.
func (f Fault) String() string { return fmt.Sprintf("%s: %s", f.When, f.Do) }

// Check returns nil if every strike of the fault can be carried out as a whole, and the reason if
// not.
func (f Fault) Check() error {
	if err := f.When.check(); err != nil {
		return err
	}
	if len(f.Do) == 0 {
		return fmt.Errorf("fault %s without an action in Do", f.When)
	}
	if f.Times < Always {
		return fmt.Errorf("fault %s: negative number", f.When)
	}
	for i, s := range f.Do {
		if err := s.check(&f.When); err != nil {
			return fmt.Errorf("fault %s: %w", f.When, err)
		}
		for _, other := range f.Do[:i] {
			if why := conflict(&f.When, other, s); why != "" {
				return fmt.Errorf("fault %s: cannot both %s and %s: %s", f.When, other, s, why)
			}
		}
	}
	return nil
}

// check refuses a step that cannot strike there.
func (s Step) check(w *When) error {
	k, known := kinds[s.Kind]
	if !known {
		return fmt.Errorf("there is no action %q", s.Kind)
	}
	if err := s.checkParameters(); err != nil {
		return err
	}
	t := methods[w.Method]
	switch {
	case k.methods == nil && w.Method == Dial && s.Kind != Run, k.methods != nil && !slices.Contains(k.methods, w.Method):
		return fmt.Errorf("cannot %s there", s)
	case s.Kind == CloseChannel && (t.control || w.Method == ChannelOpen && w.Moment == Before):
		return fmt.Errorf("cannot %s, there is no channel yet", s)
	case w.Moment == After && k.onlyBefore, w.Moment == After && k.onlyBeforeSent && !t.received,
		w.Moment == After && s.Kind == Redeliver && w.Method == BasicAck:
		return fmt.Errorf("can %s only before it", s)
	case s.Kind == TearFrame && t.received:
		return errors.New("only what the broker sends can be torn")
	case s.Kind == Withhold && w.Moment == After && t.control:
		return fmt.Errorf("can %s only before it: after it, the broker's answer is the method to withhold", s)
	case s.Kind == Withhold && w.Moment == After && !t.answered:
		return fmt.Errorf("there is no answer to withhold")
	case s.Kind == CloseChannel && w.Moment == After && w.Method == "channel.close",
		s.Kind == CloseConnection && w.Moment == After && w.Method == "connection.close":
		return fmt.Errorf("cannot %s, it is closed by then", s)
	}
	return nil
}

func (s Step) checkParameters() error {
	switch s.Kind {
	case CloseChannel, CloseConnection:
		if s.Code < 200 || s.Code > 599 {
			return fmt.Errorf("cannot %s: reply codes have three digits, such as 406", s)
		}
	case Delay, Postpone:
		if s.For <= 0 {
			return fmt.Errorf("cannot %s: a time must be positive", s)
		}
	case Rate, ConfirmInBatches, ConfirmInReverse:
		if s.N <= 0 {
			return fmt.Errorf("cannot %s: a number must be positive", s)
		}
	case Run:
		if s.Func == nil {
			return errors.New("there is no function to run")
		}
	}
	return nil
}

// conflict returns the reason why two steps cannot be carried out together, empty if they can.
func conflict(w *When, a, b Step) string {
	if slices.Index(order, a.Kind) > slices.Index(order, b.Kind) {
		a, b = b, a
	}
	x, y := kinds[a.Kind], kinds[b.Kind]
	has := func(p, q role) bool { return x.role == p && y.role == q || x.role == q && y.role == p }
	switch {
	case x.role == aside || y.role == aside:
		return ""
	case a.Kind == b.Kind:
		return "it is the same twice"
	case has(ends, ends):
		return "there is one end only"
	case has(answers, answers):
		return "a publishing has one answer"
	case has(holds, holds), has(hushes, holds):
		return "there is one time only at which the confirm is sent"
	case has(ends, holds):
		return "what is held back would never be sent"
	case has(ends, acts):
		return "the end is that of the consumer, too"
	case has(ends, hushes):
		return "the end takes the place of the method or its answer already"
	case has(answers, hushes):
		return "the one answers and the other does not"
	case has(hushes, acts) && w.Method == BasicAck && (a.Kind == Redeliver || b.Kind == Redeliver):
		return "the acknowledgement is ignored already"
	case has(paces, ends):
		return paceConflict(w, a, b)
	}
	return ""
}

// paceConflict is conflict for a pace and an end: what follows the end is never sent, and cannot
// be slow.
func paceConflict(w *When, pace, end Step) string {
	switch {
	case pace.Kind == Delay && end.Kind == GoSilent:
		return "nobody can tell when the silence begins"
	case pace.Kind == Rate && (end.Kind == DropConnection || end.Kind == GoSilent) && (w.Moment == Before || methods[w.Method].received):
		return "nothing is sent any more"
	}
	return ""
}
