package random

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"github.com/minirabbit/minirabbit/wire"
)

// A Run is a program with what came of each step.
type Run struct {
	Program  Program
	Outcomes []Outcome
}

// Generate writes a program while it runs it on the emulator.
func Generate(t *rapid.T, emulator *Session) (Run, error) {
	var run Run
	var failure error
	g := &generator{t: t, w: newWorld()}
	ended := false
	take := func(step Step) {
		outcome, err := emulator.Run(step)
		if err != nil {
			failure = fmt.Errorf("%v: %w", step, err)
			return
		}
		if g.w.leavesToChance(step, emulator.last) {
			ended = true
			return
		}
		run.Program, run.Outcomes = append(run.Program, step), append(run.Outcomes, outcome)
		g.w.see(step, outcome, emulator.last)
	}
	t.Repeat(map[string]func(*rapid.T){"step": func(t *rapid.T) {
		if failure == nil && !ended {
			take(g.step())
		}
	}})
	if failure != nil {
		return run, failure
	}
	if !ended {
		drain(&run, take)
	}
	return run, failure
}

// drain gets what is left in the queues, in steps that belong to the program: what no other step looked at shows there.
func drain(run *Run, take func(Step)) {
	if len(run.Outcomes) == 0 {
		return
	}
	for _, q := range run.Outcomes[len(run.Outcomes)-1].Queues {
		if q.Ready > 0 {
			take(Step{At: Place{q.Asked, channels}, Method: &wire.BasicGet{Queue: q.Name, NoAck: true}, Times: int(q.Ready) + 1})
		}
	}
}

// Replay runs a program on the emulator once more.
func Replay(program Program, emulator *Session) (Run, error) {
	run := Run{Program: slices.Clone(program)}
	for _, step := range program {
		outcome, err := emulator.Run(step)
		if err != nil {
			return run, fmt.Errorf("%v: %w", step, err)
		}
		run.Outcomes = append(run.Outcomes, outcome)
	}
	return run, nil
}

// A Difference is where a real broker did not do as the emulator.
type Difference struct {
	Run Run // on the emulator
	At  int // the step; the length of the program if something came after the last
	Got Outcome
	// Late says that the program took so long that something may have expired early: it tells nothing.
	Late bool
}

// Compare runs a program on a real broker and gives the first difference, or nil. The session is clean afterwards.
func Compare(run Run, real *Session, long time.Duration) (difference *Difference, err error) {
	end := time.Now().Add(soon * time.Millisecond) // of what the first step lets expire soon
	for i, step := range run.Program {
		late := time.Now().After(end) && slices.ContainsFunc(run.Program[:i], expiresSoon)
		if step.Wait {
			end = end.Add(waited)
		}
		got, same, err := real.Follow(step, run.Outcomes[i], long)
		if err != nil {
			return nil, fmt.Errorf("step %d, %v: %w", i+1, step, err)
		}
		if !same {
			return &Difference{run, i, got, late}, real.Clean(true)
		}
	}
	var last Outcome
	if n := len(run.Outcomes); n > 0 {
		last = run.Outcomes[n-1]
	}
	got, same, err := real.Finish(last)
	if err != nil {
		return nil, fmt.Errorf("after the last step: %w", err)
	}
	if !same {
		return &Difference{run, len(run.Program), got, false}, real.Clean(true)
	}
	return nil, real.Clean(false)
}

// expiresSoon says whether a step brings into being what expires soon, or may do so.
func expiresSoon(step Step) bool {
	switch m := step.Method.(type) {
	case *wire.BasicPublish:
		return step.Properties.Flags&wire.HasExpiration != 0 && step.Properties.Expiration == strconv.Itoa(soon)
	case *wire.QueueDeclare:
		ttl, _ := m.Arguments.Get("x-message-ttl")
		return ttl == int32(soon)
	}
	return false
}
