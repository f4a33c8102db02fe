package random

import (
	"fmt"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

// A Place is where a step is taken, or where something arrives: a channel of one of the two connections. Channel 0 is the
// connection itself. A channel, and a connection, is opened when a step needs it and it is not open.
type Place struct {
	Connection int // 0 or 1
	Channel    uint16
}

// String is a letter for the connection and the number of the channel, such as "a1".
func (p Place) String() string { return fmt.Sprintf("%c%d", 'a'+p.Connection, p.Channel) }

// A Step is one thing that a program does: exactly one of Method, Policy and Wait is set.
type Step struct {
	At Place

	// Method is sent. basic.publish goes with Properties and Body.
	Method     wire.Method
	Properties wire.Properties
	Body       string
	// Times is how often Method is sent, without waiting in between; 0 means once.
	Times int

	// Policy is set or removed through the management API.
	Policy *Policy

	// Wait lets everything expire that expires soon.
	Wait bool
}

// A Policy is a policy of the program's virtual host. Without a definition it is removed.
type Policy struct {
	Name       string         `json:"-"`
	Pattern    string         `json:"pattern,omitempty"`
	ApplyTo    string         `json:"apply-to,omitempty"`
	Priority   int            `json:"priority"`
	Definition map[string]any `json:"definition,omitempty"`
}

// A Program is what is run on two brokers.
type Program []Step

// An Outcome is what can be seen after a step: what arrived at each place, in the order in which it did, and then the
// state of each queue.
type Outcome struct {
	Arrived map[Place][]string
	Queues  []QueueState
}

// A QueueState is what a passive declaration says.
type QueueState struct {
	Name             string
	Ready, Consumers uint32
	// Asked is the connection that asked: the only one that may if the queue is exclusive.
	Asked int
}

// places are all the places, in the order in which transcripts list them.
var places = func() []Place {
	var all []Place
	for connection := range connections {
		for channel := range uint16(channels + 1) {
			all = append(all, Place{connection, channel})
		}
	}
	return append(all, managementPlace)
}()

const (
	connections = 2
	channels    = 3 // of a connection
)

// managementPlace is where the management API's answers arrive.
var managementPlace = Place{Connection: 'z' - 'a'}

// Lines is the outcome as text.
func (o Outcome) Lines() []string {
	lines := []string{}
	for _, place := range places {
		for _, line := range o.Arrived[place] {
			lines = append(lines, place.String()+" "+line)
		}
	}
	var states []string
	for _, q := range o.Queues {
		states = append(states, fmt.Sprintf("%s %d/%d %c", q.Name, q.Ready, q.Consumers, 'a'+q.Asked))
	}
	if len(states) > 0 {
		lines = append(lines, "queues: "+strings.Join(states, ", "))
	}
	return lines
}
