package conformance

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/wire"
)

func TestTranscript(t *testing.T) {
	c := &T{TB: t}
	q := c.QueueName("q")
	deliver := Command{Channel: 1, Method: &wire.BasicDeliver{ConsumerTag: "amq.ctag-kZ4GDZk4V7yzQ8RrhXAtXQ", DeliveryTag: 1, RoutingKey: q},
		Header: &wire.ContentHeader{Properties: wire.Properties{
			Flags: wire.HasHeaders | wire.HasTimestamp | wire.HasMessageID, MessageID: "m", Timestamp: 1,
			Headers: wire.Table{
				{Key: "list", Value: wire.Array{int32(1), "two", nil, wire.Table{{Key: "time", Value: wire.Timestamp(time.Now().Unix())}}}},
				{Key: "bytes", Value: []byte(q)}, {Key: "flag", Value: true}, {Key: "d", Value: wire.Decimal{Scale: 1, Value: 2}}},
		}},
		Body: []byte(q)}
	c.took(1, deliver)
	c.took(2, Command{Channel: 0, Method: &wire.ConnectionStart{
		ServerProperties: wire.Table{{Key: "version", Value: "4.3.6"}}, Mechanisms: []byte("b a"), Locales: []byte("en_US")}})
	c.unrecorded(func() {
		c.took(1, deliver)
		c.Observe("hidden", 1)
		c.asked("http GET / 200")
	})
	c.event("%d closed", 2)
	c.asked("http GET / 200")
	c.asked("http GET / 200") // again, until something has happened
	c.Observe("said above", []string{deliver.String()})
	c.Observe("nothing taken since", []string{deliver.String()})
	c.Observe("another address", "127.0.0.1:5672, rabbit@node")
	want := []string{
		`1.1 basic.deliver consumer-tag="amq.ctag-<1>" delivery-tag=1 exchange="" routing-key="<q>"` +
			` headers={list=[int32(1), "two", void, {time=timestamp(<now>)}], bytes=bytes("<q>"), flag=true, d=decimal(2e-1)}` +
			` message-id="m" timestamp=1 "<q>"`,
		`2.0 connection.start version-major=0 version-minor=0 server-properties={version="<version>"} mechanisms="a b" locales="en_US"`,
		"2 closed",
		"http GET / 200",
		"# said above",
		`# nothing taken since: ["deliver amq.ctag-<1> 1 \"<q>\""]`,
		`# another address: "<2>, rabbit@<3>"`,
	}
	if diff := cmp.Diff(want, c.lines); diff != "" {
		t.Errorf("transcript (-want +got):\n%s", diff)
	}
}

func TestTranscriptOfARacyCaseHoldsItsChecks(t *testing.T) {
	c := &T{TB: t, transcript: transcript{racy: true}}
	c.took(1, Command{Method: &wire.BasicAck{DeliveryTag: 1}})
	c.event("1 closed")
	c.asked("http GET / 200")
	c.Check("confirm", []string{"ack 1"}, []string{"ack 1"})
	if diff := cmp.Diff([]string{`# confirm: ["ack 1"]`}, c.lines); diff != "" {
		t.Errorf("transcript (-want +got):\n%s", diff)
	}
}

func TestFold(t *testing.T) {
	for _, each := range []struct {
		name           string
		lines, expects []string
	}{
		{"few", []string{"a 1", "a 2", "a 3", "a 4"}, []string{"a 1", "a 2", "a 3", "a 4"}},
		{"many", []string{"x", "a 9 c 1", "a 10 c 1", "a 11 c 1", "a 12 c 1", "a 13 c 1", "y"},
			[]string{"x", "a 9 c 1", "… 3 more in step …", "a 13 c 1", "y"}},
		{"the same", []string{"a", "a", "a", "a", "a"}, []string{"a", "… 3 more in step …", "a"}},
		{"out of step", []string{"a 1", "a 2", "a 3", "a 5", "a 6", "a 7"}, []string{"a 1", "a 2", "a 3", "a 5", "a 6", "a 7"}},
		{"up and down", []string{"a 1 9", "a 2 8", "a 3 7", "a 4 6", "a 5 5"}, []string{"a 1 9", "… 3 more in step …", "a 5 5"}},
		{"not numbers", []string{"a 01", "a 02", "a 03", "a 04", "a 05"}, []string{"a 01", "a 02", "a 03", "a 04", "a 05"}},
	} {
		if diff := cmp.Diff(each.expects, fold(each.lines)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", each.name, diff)
		}
	}
}
