package wire_test

import (
	"strings"
	"testing"

	"github.com/minirabbit/minirabbit/wire"
)

func TestFormat(t *testing.T) {
	tests := []struct {
		method wire.Method
		want   string
	}{
		{&wire.BasicPublish{Exchange: "x", RoutingKey: "k", Mandatory: true},
			`basic.publish exchange="x" routing-key="k" mandatory`},
		{&wire.BasicPublish{}, `basic.publish exchange="" routing-key=""`},
		{&wire.BasicAck{DeliveryTag: 7, Multiple: true}, `basic.ack delivery-tag=7 multiple`},
		{&wire.ChannelOpen{}, `channel.open`},
		{&wire.ConnectionSecure{Challenge: []byte("\x00a")}, `connection.secure challenge="\x00a"`},
		{&wire.ChannelClose{ReplyCode: wire.NotFound, ReplyText: "NOT_FOUND - no queue", FailingMethod: wire.IDQueueBind},
			`channel.close reply-code=404 reply-text="NOT_FOUND - no queue" failing-method=queue.bind`},
		{&wire.ConnectionClose{ReplyCode: wire.ReplySuccess, ReplyText: "bye"},
			`connection.close reply-code=200 reply-text="bye" failing-method=0.0`},
		{&wire.QueueUnbind{Queue: "q", Arguments: everyType()},
			`queue.unbind queue="q" exchange="" routing-key="" arguments={t=true, b=-128, B=255, s=-32768, u=65535, ` +
				`I=-2147483648, i=4294967295, l=-9223372036854775808, f=1.5, d=2.5, D=-314e-2, S="string", ` +
				`A=[true, void, "x", [], {k=1}], T=18446744073709551615, F={inner="table"}, V=void, x=0x00ceff}`},
	}
	for _, test := range tests {
		if got := wire.Format(test.method); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func TestReplyCode(t *testing.T) {
	tests := []struct {
		code wire.ReplyCode
		name string
		hard bool
	}{
		{wire.ReplySuccess, "REPLY_SUCCESS", false},
		{wire.NotFound, "NOT_FOUND", false},
		{wire.PreconditionFailed, "PRECONDITION_FAILED", false},
		{wire.ConnectionForced, "CONNECTION_FORCED", true},
		{wire.InternalError, "INTERNAL_ERROR", true},
		{wire.ReplyCode(299), "299", false},
	}
	for _, test := range tests {
		if test.code.String() != test.name || test.code.Hard() != test.hard {
			t.Errorf("%d is %s and hard %t, expected %s and %t",
				test.code, test.code, test.code.Hard(), test.name, test.hard)
		}
	}
}

func TestReplyCodeText(t *testing.T) {
	if got, want := wire.NotFound.Text("no queue 'q' in vhost '/'"), "NOT_FOUND - no queue 'q' in vhost '/'"; got != want {
		t.Errorf("got %q, expected %q", got, want)
	}
	fits := strings.Repeat("x", 255-len("NOT_FOUND - "))
	if got, want := wire.NotFound.Text(fits), "NOT_FOUND - "+fits; got != want {
		t.Errorf("got %q, expected %q", got, want)
	}
	got, want := wire.NotFound.Text(fits+"y"), "NOT_FOUND - "+fits[:len(fits)-3]+"..."
	if got != want {
		t.Errorf("got %q, expected %q", got, want)
	}
}
