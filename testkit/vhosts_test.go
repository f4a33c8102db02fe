package testkit_test

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// A scene is a broker with the same topology in two virtual hosts, and something going on in one of them only: a queue, an
// exchange and a binding more; a client that holds a message of the queue tasks and has acknowledged another; a message
// that is ready.
type scene struct {
	t            *testing.T
	broker       *testkit.Broker
	where, other string
}

const otherVHost = "orders"

func setScene(t *testing.T, where string) scene {
	s := scene{t: t, broker: testkit.Start(t, testkit.WithVHost(otherVHost)), where: where, other: otherVHost}
	if where == otherVHost {
		s.other = "/"
	}
	everywhere := testkit.Topology{
		Exchanges: []testkit.Exchange{{Name: "events"}},
		Queues:    []testkit.Queue{{Name: "tasks"}},
		Bindings:  []testkit.Binding{{Source: "events", Queue: "tasks", RoutingKey: "task"}},
	}
	for _, name := range []string{s.where, s.other} {
		s.broker.VHost(name).Declare(t, everywhere)
	}
	s.view().Declare(t, testkit.Topology{
		Exchanges: []testkit.Exchange{{Name: "more"}},
		Queues:    []testkit.Queue{{Name: "more"}},
		Bindings:  []testkit.Binding{{Source: "more", Queue: "more"}},
	})
	config := s.broker.ClientConfig()
	config.Properties = amqp.NewConnectionProperties()
	config.Properties.SetClientConnectionName("client")
	conn, err := amqp.DialConfig(s.broker.URLFor("guest", where), config)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	ch, err := conn.Channel()
	require.NoError(t, err)
	require.NoError(t, ch.Qos(1, 0, false))
	deliveries := consume(t, ch, "tasks", "worker")
	for _, body := range []string{"one", "two", "three"} {
		s.view().Publish(t, "events", "task", []byte(body))
	}
	require.NoError(t, (<-deliveries).Ack(false))
	<-deliveries
	s.view().Queue("tasks").AwaitUnacked(t, 1)
	s.view().AwaitConnections(t, 1)
	if onReal() { // which counts with a delay
		s.view().Queue("tasks").AwaitAcked(t, 1)
	}
	return s
}

func onReal() bool { return os.Getenv("MINIRABBIT_AMQP_URL") != "" }

func (s scene) view() testkit.VHostView { return s.broker.VHost(s.where) }

// passes says whether part of a test passes without having to wait.
func (s scene) passes(part func(t testkit.T)) bool {
	f := &fakeT{T: s.t}
	ctx, cancel := context.WithCancel(s.t.Context())
	if onReal() {
		ctx, cancel = context.WithTimeout(s.t.Context(), 2*time.Second) // which is asked
	} else {
		cancel()
	}
	defer cancel()
	ended := false
	f.try(func() {
		part(testkit.WithContext(f, ctx))
		ended = true
	})
	return ended && !f.Failed()
}

// ofBroker has what the methods of a broker that look or wait are to see, or those that concern all clients to do,
// wherever it is. Others are nil.
var ofBroker = map[string]func(s scene) bool{
	"AwaitConnections": func(s scene) (seen bool) {
		return s.passes(func(t testkit.T) { seen = s.broker.AwaitConnections(t, 1)[0].VHost == s.where }) && seen
	},
	"AwaitDisconnected": func(s scene) bool {
		return !s.passes(func(t testkit.T) { s.broker.AwaitDisconnected(t, "client") }) &&
			!s.passes(func(t testkit.T) { s.broker.AwaitDisconnected(t, "") })
	},
	"AwaitIdle": func(s scene) bool { return !s.passes(func(t testkit.T) { s.broker.AwaitIdle(t) }) },
	"AwaitMessage": emulatorOnly(func(s scene) bool {
		return s.passes(func(t testkit.T) {
			s.broker.AwaitMessage(t, func(m testkit.MessageHistory) bool { return m.VHost == s.where && m.Acks() == 1 })
		})
	}),
	"Bindings": func(s scene) bool {
		return slices.ContainsFunc(s.broker.Bindings(s.t), func(b testkit.Binding) bool { return b.Source == "more" && b.VHost == s.field() })
	},
	"CheckIdle": func(s scene) bool { return !s.passes(func(t testkit.T) { s.broker.CheckIdle(t) }) },
	"CheckTopology": func(s scene) bool {
		all := testkit.Topology{Exchanges: s.broker.Exchanges(s.t), Queues: s.broker.Queues(s.t), Bindings: s.broker.Bindings(s.t)}
		less := all
		less.Queues = slices.DeleteFunc(slices.Clone(all.Queues), func(q testkit.Queue) bool { return q.Name == "more" })
		return s.passes(func(t testkit.T) { s.broker.CheckTopology(t, all) }) && !s.passes(func(t testkit.T) { s.broker.CheckTopology(t, less) })
	},
	"CloseConnections": func(s scene) bool {
		s.broker.CloseConnections(s.t, "maintenance")
		s.broker.AwaitDisconnected(s.t, "")
		return true
	},
	"Connections": func(s scene) bool {
		all := s.broker.Connections(s.t)
		return len(all) == 1 && all[0].VHost == s.where && all[0].Channels[0].Unacked == 1
	},
	"DropConnections": func(s scene) bool {
		s.broker.DropConnections(s.t)
		s.broker.AwaitDisconnected(s.t, "")
		return true
	},
	"Dump": func(s scene) bool {
		_, after, found := strings.Cut(s.broker.Dump(), fmt.Sprintf("virtual host %q:\n", s.where))
		return found && strings.Contains(after, `queue "more"`)
	},
	"Exchanges": func(s scene) bool {
		return slices.ContainsFunc(s.broker.Exchanges(s.t), func(x testkit.Exchange) bool { return x.Name == "more" && x.VHost == s.field() })
	},
	"History": emulatorOnly(func(s scene) bool {
		return len(s.broker.History(s.t).VHost(s.where)) == 3 && len(s.broker.History(s.t).VHost(s.other)) == 0
	}),
	"Queues": func(s scene) bool {
		return slices.ContainsFunc(s.broker.Queues(s.t), func(q testkit.Queue) bool { return q.Name == "more" && q.VHost == s.field() })
	},
	"Trace": emulatorOnly(func(s scene) bool { return strings.Contains(strings.Join(s.broker.Trace(s.t), "\n"), "basic.ack") }),

	// Constants and views.
	"ClientConfig": nil, "ClientConfigWithoutHeartbeats": nil, "Close": nil, "LogOnFailure": nil, "Dial": nil, "ManagementURL": nil, "Queue": nil, "URL": nil, "URLFor": nil, "VHost": nil,
	// What acts on the node, or in the virtual host that it is told.
	"Chaos": nil, "ClearAlarm": nil, "Declare": nil, "FastForward": nil, "Inject": nil, "Kill": nil, "ImportDefinitions": nil, "ImportDefinitionsFile": nil, "Pause": nil,
	"Publish": nil, "PublishMessage": nil, "RaiseAlarm": nil, "Reset": nil, "Restart": nil, "Resume": nil, "SetConsumerTimeout": nil,
	"SetDeadLetterRetry": nil, "Stop": nil,
}

// field is what the field VHost of a queue says.
func (s scene) field() string {
	if s.where == "/" {
		return ""
	}
	return s.where
}

func emulatorOnly(f func(s scene) bool) func(s scene) bool {
	return func(s scene) bool { return onReal() || f(s) }
}

// ofVHost has what those of a view of a virtual host are to see of their own and not of another.
var ofVHost = map[string]func(s scene, v testkit.VHostView) bool{
	"AwaitConnections": func(s scene, v testkit.VHostView) bool {
		return s.passes(func(t testkit.T) { v.AwaitConnections(t, 1) })
	},
	"AwaitDisconnected": func(s scene, v testkit.VHostView) bool {
		return !s.passesLasting(func(t testkit.T) { v.AwaitDisconnected(t, "") })
	},
	"AwaitIdle": func(s scene, v testkit.VHostView) bool {
		return !s.passesLasting(func(t testkit.T) { v.AwaitIdle(t) })
	},
	"Bindings":  func(s scene, v testkit.VHostView) bool { return len(v.Bindings(s.t)) == 2 },
	"CheckIdle": func(s scene, v testkit.VHostView) bool { return !s.passes(func(t testkit.T) { v.CheckIdle(t) }) },
	"CheckTopology": func(s scene, v testkit.VHostView) bool {
		return s.passes(func(t testkit.T) {
			v.CheckTopology(t, testkit.Topology{
				Exchanges: []testkit.Exchange{{Name: "events"}, {Name: "more"}}, Queues: []testkit.Queue{{Name: "tasks"}, {Name: "more"}},
				Bindings: []testkit.Binding{{Source: "events", Queue: "tasks", RoutingKey: "task"}, {Source: "more", Queue: "more"}},
			})
		})
	},
	"Connections": func(s scene, v testkit.VHostView) bool { return len(v.Connections(s.t)) == 1 },
	"Exchanges":   func(s scene, v testkit.VHostView) bool { return len(v.Exchanges(s.t)) == 2 },
	"Queues":      func(s scene, v testkit.VHostView) bool { return len(v.Queues(s.t)) == 2 },
	"Declare":     nil, "Exists": nil, "Publish": nil, "PublishMessage": nil, "Queue": nil,
}

// ofQueue has what those of a view of the queue tasks, and of the queue more where named so, are to see.
var ofQueue = map[string]func(s scene, tasks, more testkit.QueueView) bool{
	"Take": func(s scene, tasks, _ testkit.QueueView) bool {
		return s.passes(func(t testkit.T) { tasks.Take(t, 1) })
	},
	"AwaitAcked": func(s scene, tasks, _ testkit.QueueView) bool {
		return s.passes(func(t testkit.T) { tasks.AwaitAcked(t, 1) })
	},
	"AwaitConsumers": func(s scene, tasks, _ testkit.QueueView) bool {
		return s.passes(func(t testkit.T) { tasks.AwaitConsumers(t, 1) })
	},
	"AwaitGone": func(s scene, _, more testkit.QueueView) bool {
		return !s.passes(func(t testkit.T) { more.AwaitGone(t) })
	},
	"AwaitIdle": func(s scene, tasks, _ testkit.QueueView) bool {
		return !s.passesLasting(func(t testkit.T) { tasks.AwaitIdle(t) })
	},
	"AwaitNoConsumers": func(s scene, tasks, _ testkit.QueueView) bool {
		return !s.passesLasting(func(t testkit.T) { tasks.AwaitNoConsumers(t) })
	},
	"AwaitReady": func(s scene, tasks, _ testkit.QueueView) bool {
		return s.passes(func(t testkit.T) { tasks.AwaitReady(t, 1) })
	},
	"AwaitUnacked": func(s scene, tasks, _ testkit.QueueView) bool {
		return s.passes(func(t testkit.T) { tasks.AwaitUnacked(t, 1) })
	},
	"CheckBodies": func(s scene, tasks, _ testkit.QueueView) bool {
		return s.passes(func(t testkit.T) { tasks.CheckBodies(t, "three") })
	},
	"CheckCounts": func(s scene, tasks, _ testkit.QueueView) bool {
		return s.passes(func(t testkit.T) { tasks.CheckCounts(t, testkit.Counts{Ready: 1, Unacked: 1, Consumers: 1}) })
	},
	"Consumers": func(s scene, tasks, _ testkit.QueueView) bool { return len(tasks.Consumers(s.t)) == 1 },
	"Exists":    func(s scene, _, more testkit.QueueView) bool { return more.Exists(s.t) },
	"Messages":  func(s scene, tasks, _ testkit.QueueView) bool { return len(tasks.Messages(s.t)) == 1 },
	"Ready":     func(s scene, tasks, _ testkit.QueueView) bool { return tasks.Ready(s.t) == 1 },
	"Unacked":   func(s scene, tasks, _ testkit.QueueView) bool { return tasks.Unacked(s.t) == 1 },
	"String":    nil,
}

// passesLasting is passes for a wait for the absence of something, which takes some seconds on a real RabbitMQ.
func (s scene) passesLasting(part func(t testkit.T)) bool {
	if !onReal() {
		return s.passes(part)
	}
	f := &fakeT{T: s.t}
	ctx, cancel := context.WithTimeout(s.t.Context(), 9*time.Second)
	defer cancel()
	f.try(func() { part(testkit.WithContext(f, ctx)) })
	return !f.Failed()
}

// walk calls visit for all methods of a type that a table gives a function, in both scenes. A method that the table does
// not mention fails: whoever adds one has to say what it sees.
func walk[F any](t *testing.T, receiver any, table map[string]F, visit func(s scene, name string, f F)) {
	var names []string
	for m := range reflect.TypeOf(receiver).Methods() {
		names = append(names, m.Name)
		if _, classified := table[m.Name]; !classified {
			t.Errorf("does %T.%s look or wait? Say so in the table of this test, and what it has to see", receiver, m.Name)
		}
	}
	for name := range table {
		if !slices.Contains(names, name) {
			t.Errorf("there is no method %T.%s", receiver, name)
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return reflect.ValueOf(table[name]).IsZero() })
	for _, where := range []string{"/", otherVHost} {
		if onReal() { // where a scene takes seconds: all share one, and those that change it come last
			slices.SortStableFunc(names, func(a, b string) int { return slices.Index(changing, a) - slices.Index(changing, b) })
			t.Run("in "+strings.ReplaceAll(where, "/", "default"), func(t *testing.T) {
				t.Parallel()
				s := setScene(t, where)
				for _, name := range names {
					visit(s, name, table[name])
				}
			})
			continue
		}
		for _, name := range names {
			t.Run(fmt.Sprintf("%s in %s", name, strings.ReplaceAll(where, "/", "default")), func(t *testing.T) {
				t.Parallel()
				visit(setScene(t, where), name, table[name])
			})
		}
	}
}

// changing are the methods that change a scene.
var changing = []string{"Messages", "AwaitReady", "CheckBodies", "Take", "CloseConnections", "DropConnections"}

func TestBrokerSeesEveryVirtualHostAnywhere(t *testing.T) {
	walk(t, &testkit.Broker{}, ofBroker, func(s scene, name string, sees func(s scene) bool) {
		if !sees(s) {
			s.t.Errorf("Broker.%s does not see what is in virtual host %q", name, s.where)
		}
	})
}

func TestVHostViewsSeeTheirOwnAnywhere(t *testing.T) {
	walk(t, testkit.VHostView{}, ofVHost, func(s scene, name string, sees func(s scene, v testkit.VHostView) bool) {
		if !sees(s, s.view()) {
			s.t.Errorf("VHostView.%s of %q does not see what is there", name, s.where)
		}
		if sees(s, s.broker.VHost(s.other)) {
			s.t.Errorf("VHostView.%s of %q sees what is in %q", name, s.other, s.where)
		}
	})
}

func TestQueueViewsSeeTheirOwnAnywhere(t *testing.T) {
	walk(t, testkit.QueueView{}, ofQueue, func(s scene, name string, sees func(s scene, tasks, more testkit.QueueView) bool) {
		here, there := s.view(), s.broker.VHost(s.other)
		if !sees(s, here.Queue("tasks"), here.Queue("more")) {
			s.t.Errorf("QueueView.%s in %q does not see what is there", name, s.where)
		}
		if sees(s, there.Queue("tasks"), there.Queue("more")) {
			s.t.Errorf("QueueView.%s in %q sees what is in %q", name, s.other, s.where)
		}
	})
}
