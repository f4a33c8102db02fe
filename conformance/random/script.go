package random

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

// A Script is a program with a transcript, as text that is read by people and by ReadScript:
//
//	# a comment
//	> a1 basic.publish routing-key="q1" "m1"
//	= {"at":"a1","method":"003c0028...","body":"m1"}
//	< queues: q1 1/0 a
//
// A line with > is a step in words and the line with = after it the same for the program; those with < are what came of
// it. The state of a queue is its messages that are ready, its consumers, and the connection that asked.
type Script struct {
	Comments []string
	Program  Program
	Lines    [][]string // what came of each step
}

// encodedStep is a step as the lines with = hold it.
type encodedStep struct {
	At         string  `json:"at,omitempty"`
	Method     string  `json:"method,omitempty"`
	Properties string  `json:"properties,omitempty"`
	Body       string  `json:"body,omitempty"`
	Times      int     `json:"times,omitempty"`
	Name       string  `json:"name,omitempty"`
	Policy     *Policy `json:"policy,omitempty"`
	Wait       bool    `json:"wait,omitempty"`
}

// Script gives a run as a script.
func (r Run) Script(comments ...string) Script {
	s := Script{Comments: comments, Program: r.Program}
	for _, o := range r.Outcomes {
		s.Lines = append(s.Lines, o.Lines())
	}
	return s
}

// String is the text of the script.
func (s Script) String() string {
	var text strings.Builder
	for _, c := range s.Comments {
		fmt.Fprintf(&text, "# %s\n", c)
	}
	for i, step := range s.Program {
		encoded, err := json.Marshal(encode(step))
		if err != nil {
			panic("random: a step that cannot be written: " + err.Error())
		}
		fmt.Fprintf(&text, "\n> %s\n= %s\n", step, encoded)
		if i < len(s.Lines) {
			for _, line := range s.Lines[i] {
				fmt.Fprintf(&text, "< %s\n", line)
			}
		}
	}
	return text.String()
}

// ReadScript reads a script.
func ReadScript(r io.Reader) (Script, error) {
	var s Script
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, 1<<20)
	for number := 1; scanner.Scan(); number++ {
		mark, rest, _ := strings.Cut(scanner.Text(), " ")
		switch mark {
		case "", ">":
		case "#":
			s.Comments = append(s.Comments, rest)
		case "=":
			var e encodedStep
			if err := json.Unmarshal([]byte(rest), &e); err != nil {
				return s, fmt.Errorf("random: line %d: %w", number, err)
			}
			step, err := e.decode()
			if err != nil {
				return s, fmt.Errorf("random: line %d: %w", number, err)
			}
			s.Program, s.Lines = append(s.Program, step), append(s.Lines, []string{})
		case "<":
			if len(s.Lines) == 0 {
				return s, fmt.Errorf("random: line %d: an outcome before the first step", number)
			}
			last := &s.Lines[len(s.Lines)-1]
			*last = append(*last, rest)
		default:
			return s, fmt.Errorf("random: line %d begins with %q, expected one of # > = <", number, mark)
		}
	}
	return s, scanner.Err()
}

func encode(s Step) encodedStep {
	if s.Method == nil {
		e := encodedStep{Policy: s.Policy, Wait: s.Wait}
		if s.Policy != nil {
			e.Name = s.Policy.Name
		}
		return e
	}
	e := encodedStep{At: s.At.String(), Method: hex.EncodeToString(s.Method.Append(nil)), Times: s.Times}
	if s.Method.ID().HasContent() {
		e.Properties, e.Body = hex.EncodeToString(s.Properties.Append(nil)), s.Body
	}
	return e
}

func (e encodedStep) decode() (Step, error) {
	step := Step{Policy: e.Policy, Wait: e.Wait, Times: e.Times, Body: e.Body}
	if e.Policy != nil {
		step.Policy.Name = e.Name
	}
	if e.Method == "" {
		return step, nil
	}
	at := slices.IndexFunc(places, func(p Place) bool { return p.String() == e.At })
	if at < 0 {
		return step, fmt.Errorf("there is no channel %q", e.At)
	}
	step.At = places[at]
	payload, err := hex.DecodeString(e.Method)
	if err != nil {
		return step, err
	}
	if step.Method, err = wire.DecodeMethod(payload); err != nil || e.Properties == "" {
		return step, err
	}
	if payload, err = hex.DecodeString(e.Properties); err != nil {
		return step, err
	}
	cursor := wire.NewCursor(payload)
	step.Properties.Decode(cursor)
	return step, cursor.Err()
}
