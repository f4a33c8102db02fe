package record_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/record"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

func published(body string) *broker.Event {
	return &broker.Event{Kind: broker.MessagePublished, Message: &queue.Message{Body: []byte(body)}}
}

func ids(stories []record.Story) (all []int) {
	for _, s := range stories {
		all = append(all, s.ID)
	}
	return all
}

func TestHistoryIsBounded(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits record.Limits
		bodies []string
		want   []int
	}{
		{"no limits", record.Limits{}, []string{"a", "b", "c"}, []int{1, 2, 3}},
		{"a quarter goes when there are too many", record.Limits{Messages: 4}, []string{"a", "b", "c", "d", "e"}, []int{2, 3, 4, 5}},
		{"one", record.Limits{Messages: 1}, []string{"a", "b"}, []int{2}},
		{"by size", record.Limits{Bytes: 10}, []string{"1234", "5678", "9", "01234"}, []int{2, 3, 4}},
		{"one too large for all is remembered", record.Limits{Bytes: 3}, []string{"1", "2", "12345"}, []int{3}},
		{"and forgotten", record.Limits{Bytes: 3}, []string{"12345", "1"}, []int{2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := record.NewRecorder(c.limits)
			for _, body := range c.bodies {
				r.Observe(published(body))
			}
			require.Equal(t, c.want, ids(r.History()))
		})
	}
}

func TestEventsAreBounded(t *testing.T) {
	r := record.NewRecorder(record.Limits{Events: 10})
	e := published("x")
	r.Observe(e)
	for range 1000 {
		r.Observe(&broker.Event{Kind: broker.MessageRequeued, Message: e.Message})
	}
	s := r.History()[0]
	require.LessOrEqual(t, len(s.Events), 10)
	require.Equal(t, 1001, len(s.Events)+s.Forgotten)
	require.Equal(t, record.Published, s.Events[0].Kind)
	require.Equal(t, 1001, s.Events[len(s.Events)-1].Number)
}

func TestLatest(t *testing.T) {
	r := record.NewRecorder(record.Limits{})
	for i := range 10 {
		r.Observe(published(fmt.Sprint(i % 2)))
	}
	found, of := r.Latest(2, func(s *record.Story) bool { return string(s.Message.Body) == "0" })
	require.Equal(t, []int{9, 7}, ids(found))
	require.Equal(t, 10, of)
}

func TestTraceRemembersTheLast(t *testing.T) {
	var trace record.Trace
	waiting := trace.Await(1)
	for i := range record.KeepMethods + 5 {
		trace.Note(fmt.Sprint(i + 1))
	}
	<-waiting
	<-trace.Await(10)
	all := trace.After(0, record.KeepMethods)
	require.Len(t, all, record.KeepMethods)
	require.Equal(t, 6, all[0].Number)
	require.Equal(t, "6", all[0].Note)
	latest := trace.After(record.KeepMethods, 2)
	require.Equal(t, []string{"1004", "1005"}, []string{latest[0].Note, latest[1].Note})
	require.Empty(t, trace.After(record.KeepMethods+5, 10))
	require.Empty(t, trace.After(record.KeepMethods+50, 10))
}

// The recorder must not grow with the names of what is long gone.
func TestNamesAreForgotten(t *testing.T) {
	r := record.NewRecorder(record.Limits{Messages: 100})
	for i := range 50_000 {
		e := published("x")
		e.Consumer = fmt.Sprint("consumer ", i)
		r.Observe(e)
		e.Kind, e.Queue = broker.MessageAcked, queue.New("q", queue.Settings{}, nil, 0)
		r.Observe(e)
	}
	require.Equal(t, 50_000, r.Acked("", "q"))
	history := r.History()
	last := history[len(history)-1]
	require.Equal(t, 50_000, last.ID)
	require.Equal(t, "consumer 49999", last.Events[0].Consumer)
	require.Equal(t, "q", last.Events[1].Queue)
}

func TestObservingAllocatesNothing(t *testing.T) {
	r := record.NewRecorder(record.Limits{Messages: 1000})
	e := published("x")
	e.Queue, e.Consumer = queue.New("q", queue.Settings{}, nil, 0), "c"
	e.Connection = &broker.Connection{Name: "client"}
	for range 100_000 { // until the rings have their sizes
		e.Message.Story = 0
		for range 3 {
			r.Observe(e)
		}
	}
	if n := testing.AllocsPerRun(1000, func() {
		e.Message.Story = 0
		for range 3 {
			r.Observe(e)
		}
	}); n != 0 {
		t.Errorf("three events cost %v allocations, expected none", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	r := record.NewRecorder(record.Limits{Messages: 10_000})
	e := published("x")
	e.Queue, e.Consumer = queue.New("q", queue.Settings{}, nil, 0), "c"
	for b.Loop() {
		e.Message.Story = 0
		for range 3 {
			r.Observe(e)
		}
	}
}

// What does not fit into an entry of the ring must come out whole all the same.
func TestTraceRemembersLongMethods(t *testing.T) {
	var trace record.Trace
	long := strings.Repeat("k", 255)
	for _, m := range []*wire.BasicPublish{{RoutingKey: long, Exchange: long}, {RoutingKey: "short"}, {RoutingKey: long[:100]}} {
		trace.Watch(&amqpserver.Command{Peer: &amqpserver.Peer{Name: "client"}, Method: m, Body: bytes.Repeat([]byte("b"), 100)}, false)
	}
	all := trace.After(0, 10)
	require.Contains(t, all[0].Text, long+`" routing-key="`+long)
	require.Contains(t, all[1].Text, `routing-key="short"`)
	require.Contains(t, all[2].Text, long[:100])
	for _, m := range all {
		require.Equal(t, 100, m.Size)
		require.Equal(t, strings.Repeat("b", 64), string(m.Body))
	}
}
