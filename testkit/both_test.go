package testkit_test

import (
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

func TestRefuseAndRun(t *testing.T) {
	broker := testkit.Start(t)
	ran := make(chan bool, 1)
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Dial), Do: testkit.Both(testkit.Refuse, testkit.Call(func() { ran <- true }))})
	_, err := amqp.DialConfig(broker.URL(), broker.ClientConfig())
	require.Error(t, err)
	require.True(t, <-ran)
}

func TestPairsThatMakeNoSense(t *testing.T) {
	for _, test := range []struct {
		when testkit.When
		do   testkit.Action
		want string
	}{
		{testkit.Before(testkit.BasicPublish), testkit.Both(testkit.NackPublish, testkit.CancelConsumer), "cannot cancel the consumer there"},
		{testkit.Before(testkit.BasicAck), testkit.Both(testkit.TearFrame, testkit.Delay(time.Second)), "only what the broker sends can be torn"},
		{testkit.Before(testkit.BasicAck), testkit.Both(testkit.DropConnection, testkit.GoSilent), "there is one end only"},
		{testkit.Before(testkit.BasicPublish).From("q"), testkit.DropConnection, "it can never strike, as basic.publish has no queue"},
	} {
		f := &fakeT{T: t}
		broker := testkit.Start(f)
		f.try(func() { broker.Inject(f, testkit.Fault{When: test.when, Do: test.do}) })
		require.Contains(t, f.text(), test.want)
		f.end()
	}
}

func TestFaultInOneVirtualHost(t *testing.T) {
	f := &fakeT{T: t}
	broker := testkit.Start(f)
	broker.Declare(f, tasks)
	elsewhere := broker.Inject(f, testkit.Fault{When: testkit.Before(testkit.BasicPublish).InVHost("elsewhere"), Do: testkit.NackPublish})
	broker.Inject(f, testkit.Fault{When: testkit.Before(testkit.BasicAck).From("tsaks"), Do: testkit.DropConnection})
	here := broker.Inject(f, testkit.Fault{When: testkit.Before(testkit.BasicPublish).InVHost("/").Every(2), Do: testkit.NackPublish, Times: 2})
	_, ch := dial(t, broker)
	require.NoError(t, ch.Confirm(false))
	acks := ""
	for range 5 {
		acks += map[bool]string{true: "+", false: "-"}[confirmed(t, ch, "tasks", "x").Wait()]
	}
	require.Equal(t, "+-+-+", acks)
	require.Zero(t, elsewhere.Strikes())
	require.Equal(t, 2, here.Strikes())
	f.Errorf("the test fails")
	f.end()
	require.Contains(t, f.text(), `before basic.publish in virtual host "elsewhere": nack the publish: basic.publish has passed 5 times, 0 times as it waits for, there is no virtual host "elsewhere"`)
	require.Contains(t, f.text(), `there is no queue "tsaks"`)
}
