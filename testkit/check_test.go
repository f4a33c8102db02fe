package testkit_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

func TestChecksThatHold(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, deadLetters)
	broker.CheckTopology(t, deadLetters)
	broker.CheckIdle(t)
	broker.Publish(t, "", "tasks", []byte("1"))
	broker.Publish(t, "", "tasks", []byte("2"))
	broker.Queue("tasks").CheckBodies(t, "1", "2")
	broker.Queue("tasks").CheckCounts(t, testkit.Counts{Ready: 2})
	broker.Queue("graveyard").CheckBodies(t)
	broker.History(t).Queue("tasks")[0].Check(t, testkit.Published, testkit.Routed)
}

func TestChecksThatFailShowTheDifference(t *testing.T) {
	for name, test := range map[string]struct {
		check func(f *fakeT, b *testkit.Broker)
		says  []string
	}{
		"bodies": {
			func(f *fakeT, b *testkit.Broker) { b.Queue("tasks").CheckBodies(f, "1", "2") },
			[]string{`bodies of the messages in queue "tasks" (-want +got)`, `"2"`},
		},
		"counts": {
			func(f *fakeT, b *testkit.Broker) { b.Queue("tasks").CheckCounts(f, testkit.Counts{Unacked: 1}) },
			[]string{`counts of queue "tasks"`, `Unacked`},
		},
		"topology": {
			func(f *fakeT, b *testkit.Broker) {
				b.CheckTopology(f, testkit.Topology{Exchanges: []testkit.Exchange{{Name: "x"}}, Queues: tasks.Queues})
			},
			[]string{`topology`, `Name:`, `"x"`, `"direct"`},
		},
		"idle": {
			func(f *fakeT, b *testkit.Broker) { b.CheckIdle(f) },
			[]string{`the broker is not idle`, `queue "tasks": 1 ready`},
		},
		"history": {
			func(f *fakeT, b *testkit.Broker) { b.History(f)[0].Check(f, testkit.Published, testkit.Acked) },
			[]string{`what happened to message 1`, `"acked"`, `Its story`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeT{T: t}
			broker := testkit.Start(f)
			broker.Declare(f, tasks)
			broker.Publish(f, "", "tasks", []byte("1"))
			test.check(f, broker)
			require.True(t, f.Failed())
			for _, want := range test.says {
				require.Contains(t, f.text(), want)
			}
			f.end()
		})
	}
}
