package testkit_test

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// What fails fails the test whose T the call got, and not the one that started the broker.
func TestFailuresBelongToTheCaller(t *testing.T) {
	parent := &fakeT{T: t}
	broker := testkit.Start(parent)
	for name, try := range map[string]func(t testkit.T){
		"Publish": func(t testkit.T) { broker.Publish(t, "nowhere", "key", nil) },
		"Declare": func(t testkit.T) {
			broker.Declare(t, testkit.Topology{Exchanges: []testkit.Exchange{{Name: "x", Type: "nonsense"}}})
		},
		"Inject":            func(t testkit.T) { broker.Inject(t, testkit.Fault{}) },
		"ImportDefinitions": func(t testkit.T) { broker.ImportDefinitions(t, []byte("{")) },
		"Take":              func(t testkit.T) { broker.Queue("q").Take(testkit.WithContext(t, cancelled(parent.T)), 1) },
		"CheckCounts":       func(t testkit.T) { broker.Queue("q").CheckCounts(t, testkit.Counts{Ready: 1}) },
	} {
		child := &fakeT{T: t}
		child.try(func() { try(child) })
		require.True(t, child.Failed(), name)
		require.False(t, parent.Failed(), name)
	}
	parent.end()
	require.False(t, parent.Failed(), parent.text())
}

// withoutT are the methods that reach nothing and so cannot fail.
var withoutT = []string{"ClientConfig", "ClientConfigWithoutHeartbeats", "Close", "Dial", "Dump", "ManagementURL", "Queue", "String", "URL", "URLFor", "VHost"}

func TestMethodsTakeTheTOfTheirCaller(t *testing.T) {
	type call = testkit.T
	type test = testkit.Test
	for _, receiver := range []any{&testkit.Broker{}, testkit.VHostView{}, testkit.QueueView{}} {
		for m := range reflect.TypeOf(receiver).Methods() {
			takes := m.Type.NumIn() > 1 && (m.Type.In(1) == reflect.TypeFor[call]() || m.Type.In(1) == reflect.TypeFor[test]())
			require.NotEqual(t, takes, slices.Contains(withoutT, m.Name), "%T.%s takes a T: %v", receiver, m.Name, takes)
		}
	}
}

func TestRunWithoutATestAnywhere(t *testing.T) {
	broker, err := testkit.Run(testkit.WithVHost("orders"))
	require.NoError(t, err)
	broker.VHost("orders").Declare(testkit.OrPanic, tasks)
	broker.VHost("orders").Publish(t, "", "tasks", []byte("hello"))
	broker.VHost("orders").Queue("tasks").Take(t, 1)
	f := &fakeT{T: t}
	broker.LogOnFailure(f)
	f.Errorf("it fails")
	f.end()
	require.Contains(t, f.text(), `queue "tasks": 0 ready`)
	require.NoError(t, broker.Close())
}

func TestRunReturnsErrors(t *testing.T) {
	_, err := testkit.Run(testkit.WithRelease("2.7"))
	require.ErrorContains(t, err, "2.7")
	_, err = testkit.Run(testkit.WithUser("worker", "secret", testkit.Permissions{Read: "("}))
	require.ErrorContains(t, err, "testkit: ")
	t.Setenv("MINIRABBIT_AMQP_URL", "amqp://guest:guest@127.0.0.1:1/")
	t.Setenv("MINIRABBIT_HTTP_URL", "http://127.0.0.1:1")
	_, err = testkit.Run(testkit.InMemory())
	require.ErrorIs(t, err, testkit.ErrNeedsEmulator)
	_, err = testkit.Run()
	require.Error(t, err)
	require.False(t, errors.Is(err, testkit.ErrNeedsEmulator))
	require.NotEmpty(t, os.Getenv("MINIRABBIT_AMQP_URL"))
}

func TestOrPanicPanics(t *testing.T) {
	broker := testkit.Start(t)
	require.Panics(t, func() { broker.Publish(testkit.OrPanic, "nowhere", "key", nil) })
}
