package random

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// Run takes a step on the emulator and gives the outcome. The emulator does all that follows from a method before it
// takes the connection's next read, so the answer to a probe that is sent after the answer to another comes last.
func (s *Session) Run(step Step) (Outcome, error) {
	if err := s.take(step); err != nil {
		return Outcome{}, err
	}
	// Twice where the step was taken, because commands that come together may be carried out together, and then on the
	// other connection, which has got everything by then.
	for _, connection := range []int{step.At.Connection, step.At.Connection, 1 - step.At.Connection} {
		if err := s.roundTrip(connection); err != nil {
			return Outcome{}, err
		}
	}
	o := Outcome{Arrived: s.collect()}
	for _, q := range slices.Clone(s.queues) {
		state, exists, err := s.probe(q)
		if err != nil {
			return o, err
		}
		if exists {
			o.Queues = append(o.Queues, state)
		} else {
			s.forget(q)
		}
	}
	slices.SortFunc(o.Queues, func(a, b QueueState) int { return strings.Compare(a.Name, b.Name) })
	return o, nil
}

// roundTrip has a connection answer something that changes nothing. One that is not open is left alone.
func (s *Session) roundTrip(connection int) error {
	if !s.mailbox.isOpen(Place{connection, 0}) {
		return nil
	}
	at := Place{connection, probeChannel}
	if err := s.open(at); err != nil {
		if errors.Is(err, errEnded) {
			err = nil
		}
		return err
	}
	s.links[connection].send(probeChannel, question)
	_, err := s.mailbox.next(at)
	return err
}

// probe asks for the state of a queue, as a connection that may.
func (s *Session) probe(name string) (state QueueState, exists bool, err error) {
	first := s.owners[name]
	for _, connection := range []int{first, 1 - first} {
		at := Place{connection, probeChannel}
		if err := s.open(at); err != nil {
			return state, false, err
		}
		s.links[connection].send(probeChannel, &wire.QueueDeclare{Queue: name, Passive: true})
		got, err := s.mailbox.next(at)
		if err != nil {
			return state, false, err
		}
		switch m := got.(type) {
		case *wire.QueueDeclareOk:
			return QueueState{s.shown(name), m.MessageCount, m.ConsumerCount, connection}, true, nil
		case *wire.ChannelClose:
			if m.ReplyCode == wire.NotFound {
				return state, false, nil
			}
		default:
			return state, false, fmt.Errorf("asking for queue %s: got %v", name, got)
		}
	}
	return state, false, fmt.Errorf("neither connection may use queue %s", name)
}

// Follow takes a step on a real broker, of which the emulator said what will come of it. It returns as soon as just that
// has come; what else there is, or what does not come for long, is a difference: then same is false. What comes later
// shows at a later step, at the latest in [Session.Finish].
func (s *Session) Follow(step Step, want Outcome, long time.Duration) (got Outcome, same bool, err error) {
	asked := false
	if silent(step) {
		err = s.take(step, question)
		s.awaitAnswer(step.At)
	} else {
		err = s.take(step)
	}
	if err == nil && !hides(step) && s.links[step.At.Connection] != nil {
		// Asked for at once, the state comes with the answer.
		err, asked = s.ask(want.Queues), true
	}
	if errors.Is(err, errEnded) {
		// The emulator's connection stayed.
		got.Arrived = s.collect()
		return got, false, nil
	}
	if err != nil {
		return got, false, err
	}
	s.awaitReply(step, want.Arrived[step.At])
	s.await(want.Arrived, long)
	got.Arrived = s.collect()
	if !sameArrived(got.Arrived, want.Arrived) {
		// What else there is makes the report complete.
		s.mailbox.wait(long/4, func() bool { return false })
		add(got.Arrived, s.collect())
		return got, false, nil
	}
	rounds := 1
	if hides(step) {
		rounds = 2
		if slices.ContainsFunc(want.Queues, isQuorum) && s.log != nil {
			if err := s.log.await(); err != nil {
				return got, false, err
			}
			time.Sleep(quorumDelay)
		}
	}
	for start, pause := time.Now(), time.Duration(0); rounds > 0; asked = false {
		if !asked {
			time.Sleep(pause)
			err := s.ask(want.Queues)
			if errors.Is(err, errEnded) {
				add(got.Arrived, s.collect())
				return got, false, nil
			}
			if err != nil {
				return got, false, err
			}
		}
		if got.Queues, err = s.told(want.Queues); err != nil {
			return got, false, err
		}
		if slices.Equal(got.Queues, want.Queues) {
			rounds, pause = rounds-1, 0
		} else if time.Since(start) > long {
			add(got.Arrived, s.collect())
			return got, false, nil
		} else {
			pause = min(max(2*pause, time.Millisecond/2), 20*time.Millisecond)
		}
	}
	if gone, err := s.awaitGone(want.Queues, long); err != nil || gone != "" {
		got.Queues = append(got.Queues, QueueState{Name: gone})
		return got, false, err
	}
	add(got.Arrived, s.collect())
	return got, sameArrived(got.Arrived, want.Arrived), nil
}

// question changes nothing, and has an answer.
var question = &wire.ExchangeDeclare{Exchange: "amq.direct", Passive: true}

// silent says whether a step has a method that the broker may leave without an answer.
func silent(step Step) bool { return step.Method != nil && !step.Method.ID().Synchronous() }

// awaitAnswer waits until a channel, to which a method without an answer went, has answered the question behind it, and
// leaves that answer out. Without this, the channels of a connection, which are processes of their own, may be overtaken
// by one that a later step uses. If the channel or the connection was closed over the method, there is no answer.
func (s *Session) awaitAnswer(at Place) {
	m := s.mailbox
	m.wait(patience, func() bool {
		i := slices.IndexFunc(m.arrived[at], func(c command) bool {
			_, answer := c.method.(*wire.ExchangeDeclareOk)
			return answer
		})
		if i >= 0 {
			m.arrived[at] = slices.Delete(m.arrived[at], i, i+1)
		}
		return i >= 0 || !m.open[at]
	})
}

// Finish waits whether anything else comes after the last step.
func (s *Session) Finish(want Outcome) (got Outcome, same bool, err error) {
	for range 2 {
		for i := range s.links {
			if err := s.roundTrip(i); err != nil {
				return got, false, err
			}
		}
		if err := s.ask(want.Queues); err != nil {
			return got, false, err
		}
		if got.Queues, err = s.told(want.Queues); err != nil {
			return got, false, err
		}
	}
	got.Arrived = s.collect()
	return got, len(got.Arrived) == 0 && slices.Equal(got.Queues, want.Queues), nil
}

// quorumDelay is the time that a quorum queue gets for what cannot be seen once it has written to disk: it keeps what
// expires at once for a millisecond.
const quorumDelay = 3 * time.Millisecond

func isQuorum(q QueueState) bool { return strings.HasPrefix(q.Name, quorumName) }

// hides says whether a step may have effects that neither an answer nor a queue's state shows at once. The state is then
// asked for twice: a queue's process answers that ahead of what waits, but not twice in a row.
func hides(step Step) bool {
	if step.Method == nil {
		return true
	}
	switch step.Method.(type) {
	case *wire.QueueDeclare, *wire.QueueBind, *wire.QueueUnbind, *wire.ExchangeDeclare, *wire.ExchangeBind,
		*wire.ExchangeUnbind, *wire.ExchangeDelete, *wire.BasicQos, *wire.ConfirmSelect, *wire.TxSelect, *wire.BasicGet,
		*wire.BasicConsume, *wire.QueuePurge:
		return false
	}
	return true
}

// awaitReply waits for the answer to a method that has one. That may take long: to create a queue, or to sync a disk.
func (s *Session) awaitReply(step Step, want []string) {
	if len(want) == 0 || !step.Method.ID().Synchronous() {
		return
	}
	m := s.mailbox
	m.wait(patience, func() bool {
		return len(m.arrived[step.At]) > 0 || len(m.arrived[Place{step.At.Connection, 0}]) > 0
	})
}

// await waits until as much has arrived as is wanted, or something else.
func (s *Session) await(want map[Place][]string, long time.Duration) {
	if len(want) == 0 {
		return
	}
	m := s.mailbox
	m.wait(long, func() bool {
		for at, lines := range want {
			if len(m.arrived[at]) < len(lines) {
				return false
			}
		}
		return true
	})
}

// ask asks for the states of the queues that should be there, all at once; told takes the answers.
func (s *Session) ask(want []QueueState) error {
	for _, q := range want {
		if err := s.open(Place{q.Asked, probeChannel}); err != nil {
			return err
		}
	}
	for _, q := range want {
		s.links[q.Asked].send(probeChannel, &wire.QueueDeclare{Queue: s.meant(q.Name), Passive: true})
	}
	return nil
}

func (s *Session) told(want []QueueState) ([]QueueState, error) {
	var got []QueueState
	closed := make(map[int]bool) // over a queue that is not there; there is no answer to the rest
	for _, q := range want {
		if closed[q.Asked] {
			continue
		}
		m, err := s.mailbox.next(Place{q.Asked, probeChannel})
		if err != nil {
			return nil, err
		}
		if ok, is := m.(*wire.QueueDeclareOk); is {
			got = append(got, QueueState{s.shown(ok.Queue), ok.MessageCount, ok.ConsumerCount, q.Asked})
		} else {
			closed[q.Asked] = true
		}
	}
	return got, nil
}

// awaitGone waits until those queues are gone that the program has seen and that should not be there. It names one that
// stays.
func (s *Session) awaitGone(want []QueueState, long time.Duration) (stays string, err error) {
	for _, name := range slices.Clone(s.queues) {
		if slices.ContainsFunc(want, func(q QueueState) bool { return s.meant(q.Name) == name }) {
			continue
		}
		for start, pause := time.Now(), time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
			_, exists, err := s.probe(name)
			if err != nil {
				return "", err
			}
			if !exists {
				s.forget(name)
				break
			}
			if time.Since(start) > long {
				return name, nil
			}
			time.Sleep(pause)
		}
	}
	return "", nil
}

// Clean removes what the program has brought into being. After a difference, thoroughly is true: nothing is known then,
// and the virtual host is made anew.
func (s *Session) Clean(thoroughly bool) error {
	if thoroughly {
		s.drop()
		s.reset()
		return s.makeVhost(s.vhost)
	}
	for at, open := range s.openChannels() {
		if !open {
			continue
		}
		s.links[at.Connection].send(at.Channel, &wire.ChannelClose{ReplyCode: wire.ReplySuccess})
	}
	for at, open := range s.openChannels() {
		if open {
			s.mailbox.wait(patience, func() bool { return !s.mailbox.open[at] })
		}
	}
	for _, name := range s.queues {
		if err := s.remove(s.owners[name], &wire.QueueDelete{Queue: name}); err != nil {
			return err
		}
	}
	for _, name := range s.exchanges {
		if err := s.remove(0, &wire.ExchangeDelete{Exchange: name}); err != nil {
			return err
		}
	}
	for _, b := range s.bound {
		unbind := &wire.ExchangeUnbind{Destination: b.Destination, Source: b.Source, RoutingKey: b.RoutingKey, Arguments: b.Arguments}
		if err := s.remove(0, unbind); err != nil {
			return err
		}
	}
	for _, name := range s.policies {
		if err := s.setPolicy(&Policy{Name: name}); err != nil {
			return err
		}
	}
	s.collect()
	s.reset()
	return nil
}

// openChannels are the channels of the program.
func (s *Session) openChannels() map[Place]bool {
	s.mailbox.mu.Lock()
	defer s.mailbox.mu.Unlock()
	open := maps.Clone(s.mailbox.open)
	maps.DeleteFunc(open, func(at Place, _ bool) bool { return at.Channel == 0 || at.Channel == probeChannel })
	return open
}

// remove deletes a queue or an exchange. A queue that is exclusive to a connection closed just now goes by itself, and is
// refused until then; what has a reserved name stays.
func (s *Session) remove(connection int, m wire.Method) error {
	for start := time.Now(); time.Since(start) < patience; connection = 1 - connection {
		at := Place{connection, probeChannel}
		if err := s.open(at); err != nil {
			return err
		}
		s.links[connection].send(probeChannel, m)
		got, err := s.mailbox.next(at)
		if err != nil {
			return err
		}
		if refused, ok := got.(*wire.ChannelClose); !ok || refused.ReplyCode != wire.ResourceLocked {
			return nil
		}
	}
	return fmt.Errorf("%s was refused for %v", describe(m), patience)
}

func sameArrived(a, b map[Place][]string) bool {
	return maps.EqualFunc(a, b, slices.Equal[[]string])
}

// add appends what arrived later.
func add(to, more map[Place][]string) {
	for at, lines := range more {
		to[at] = append(to[at], lines...)
	}
}
