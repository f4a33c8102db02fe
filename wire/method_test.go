package wire_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/wire"
)

// unhex turns groups of hexadecimal digits into bytes.
func unhex(t testing.TB, groups ...string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(strings.Join(groups, ""), " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMethodGoldenBytes(t *testing.T) {
	tests := []struct {
		method wire.Method
		bytes  []byte
	}{
		{&wire.ConnectionTune{ChannelMax: 2047, FrameMax: 131072, Heartbeat: 60},
			unhex(t, "000a 001e", "07ff", "00020000", "003c")},
		{&wire.ConnectionOpen{VirtualHost: "/"},
			unhex(t, "000a 0028", "01 2f", "00", "00")},
		{&wire.ConnectionClose{ReplyCode: wire.NotAllowed, ReplyText: "no", FailingMethod: wire.IDConnectionOpen},
			unhex(t, "000a 0032", "0212", "02 6e6f", "000a 0028")},
		{&wire.ChannelOpenOk{},
			unhex(t, "0014 000b", "00000000")},
		{&wire.AccessRequest{Realm: "/data", Exclusive: true, Active: true, Read: true},
			unhex(t, "001e 000a", "05 2f64617461", "15")},
		{&wire.AccessRequestOk{Ticket: 1},
			unhex(t, "001e 000b", "0001")},
		{&wire.ExchangeUnbindOk{},
			unhex(t, "0028 0033")},
		{&wire.QueueDeclare{Queue: "q", Durable: true, AutoDelete: true, Arguments: wire.Table{{Key: "a", Value: true}}},
			unhex(t, "0032 000a", "0000", "01 71", "0a", "00000004 01 61 74 01")},
		{&wire.BasicConsume{Queue: "q", ConsumerTag: "c", NoAck: true, NoWait: true},
			unhex(t, "003c 0014", "0000", "01 71", "01 63", "0a", "00000000")},
		{&wire.BasicPublish{Exchange: "x", RoutingKey: "key", Mandatory: true},
			unhex(t, "003c 0028", "0000", "01 78", "03 6b6579", "01")},
		{&wire.BasicDeliver{ConsumerTag: "c", DeliveryTag: 258, Redelivered: true, Exchange: "x", RoutingKey: "k"},
			unhex(t, "003c 003c", "01 63", "0000000000000102", "01", "01 78", "01 6b")},
		{&wire.BasicGetEmpty{},
			unhex(t, "003c 0048", "00")},
		{&wire.BasicNack{DeliveryTag: 1, Requeue: true},
			unhex(t, "003c 0078", "0000000000000001", "02")},
		{&wire.ConfirmSelect{NoWait: true},
			unhex(t, "0055 000a", "01")},
	}
	for _, test := range tests {
		t.Run(test.method.ID().String(), func(t *testing.T) {
			if diff := cmp.Diff(test.bytes, test.method.Append(nil)); diff != "" {
				t.Errorf("encoded (-want +got):\n%s", diff)
			}
			got, err := wire.DecodeMethod(test.bytes)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.method, got); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
		})
	}
}

// What RabbitMQ does not look at does not matter, and is not sent on.
func TestMethodIgnoresReservedAndUnusedBits(t *testing.T) {
	tests := []struct {
		name  string
		bytes []byte
		want  wire.Method
	}{
		{"unused bits", unhex(t, "003c 0050", "0000000000000001", "ff"), &wire.BasicAck{DeliveryTag: 1, Multiple: true}},
		{"reserved short", unhex(t, "003c 0046", "ffff", "01 71", "00"), &wire.BasicGet{Queue: "q"}},
		{"reserved short string", unhex(t, "0014 000a", "03 787878"), &wire.ChannelOpen{}},
		{"reserved long string", unhex(t, "0014 000b", "00000001 78"), &wire.ChannelOpenOk{}},
		{"reserved bit", unhex(t, "000a 0028", "01 2f", "00", "01"), &wire.ConnectionOpen{VirtualHost: "/"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := wire.DecodeMethod(test.bytes)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMethodRoundTrip(t *testing.T) {
	for _, id := range allMethods {
		for _, want := range []wire.Method{wire.NewMethod(id), sample(id)} {
			b := want.Append([]byte("prefix"))[len("prefix"):]
			got, err := wire.DecodeMethod(b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-encoded +decoded):\n%s", id, diff)
			}
			clear(b)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s refers to the bytes it was decoded from (-encoded +now):\n%s", id, diff)
			}
		}
	}
}

// A struct that is used again keeps nothing of what it held.
func TestDecodeOverwrites(t *testing.T) {
	for _, id := range allMethods {
		m := sample(id)
		c := wire.NewCursor(wire.NewMethod(id).Append(nil))
		c.MethodID()
		m.Decode(c)
		if c.Finish(); c.Err() != nil {
			t.Fatal(c.Err())
		}
		if diff := cmp.Diff(wire.NewMethod(id), m); diff != "" {
			t.Errorf("%s (-zero +decoded):\n%s", id, diff)
		}
	}
}

func TestMethodTruncatedAtEveryByte(t *testing.T) {
	for _, id := range allMethods {
		whole := sample(id).Append(nil)
		for n := range whole {
			m, err := wire.DecodeMethod(whole[:n:n])
			var syntax *wire.DecodeError
			if m != nil || !errors.As(err, &syntax) {
				t.Fatalf("%s cut to %d of %d bytes gives %v and error %v", id, n, len(whole), m, err)
			}
			if n >= 4 && syntax.Method != id {
				t.Errorf("%s cut to %d bytes: error names method %s", id, n, syntax.Method)
			}
			if syntax.Offset > n {
				t.Errorf("%s cut to %d bytes: error at byte %d", id, n, syntax.Offset)
			}
		}
	}
}

func TestMethodErrors(t *testing.T) {
	tests := []struct {
		name  string
		bytes []byte
		want  error
	}{
		{"nothing", nil,
			&wire.DecodeError{Problem: "0 bytes left, expected a long integer of 4"}},
		{"unknown class", unhex(t, "0063 000a"),
			&wire.UnknownMethodError{Method: 99<<16 | 10}},
		{"unknown method", unhex(t, "003c 03e7"),
			&wire.UnknownMethodError{Method: 60<<16 | 999}},
		{"byte behind", unhex(t, "0014 0014", "01", "7a7a"),
			&wire.DecodeError{Method: wire.IDChannelFlow, Offset: 5, Problem: "2 bytes after the last value, expected none"}},
		{"short string too long", unhex(t, "003c 001f", "ff 61"),
			&wire.DecodeError{Method: wire.IDBasicCancelOk, Offset: 4,
				Problem: "a short string of 255 bytes, but only 1 left"}},
		{"long string too long", unhex(t, "000a 0014", "ffffffff 61"),
			&wire.DecodeError{Method: wire.IDConnectionSecure, Offset: 4,
				Problem: "a long string of 4294967295 bytes, but only 1 left"}},
		{"table too long", unhex(t, "0032 0032", "0000", "00", "00", "00", "80000000"),
			&wire.DecodeError{Method: wire.IDQueueUnbind, Offset: 9,
				Problem: "a table of 2147483648 bytes, but only 0 left"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, err := wire.DecodeMethod(test.bytes)
			if m != nil {
				t.Errorf("got a method: %s", wire.Format(m))
			}
			if diff := cmp.Diff(test.want, err); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMethodID(t *testing.T) {
	type traits struct {
		Name                                     string
		Class, Method                            uint16
		Synchronous, Content, FromClient, Server bool
	}
	tests := map[wire.MethodID]traits{
		wire.IDConnectionUpdateSecret: {"connection.update-secret", 10, 70, true, false, true, false},
		wire.IDBasicPublish:           {"basic.publish", 60, 40, false, true, true, false},
		wire.IDBasicGetOk:             {"basic.get-ok", 60, 71, false, true, false, true},
		wire.IDBasicAck:               {"basic.ack", 60, 80, false, false, true, true},
		wire.IDBasicRecover:           {"basic.recover", 60, 110, true, false, true, false},
		wire.IDChannelClose:           {"channel.close", 20, 40, true, false, true, true},
		60<<16 | 999:                  {"60.999", 60, 999, false, false, false, false},
	}
	for id, want := range tests {
		got := traits{id.String(), id.Class(), id.Method(), id.Synchronous(), id.HasContent(), id.FromClient(),
			id.FromServer()}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
	for _, id := range allMethods {
		if got := wire.NewMethod(id).ID(); got != id {
			t.Errorf("NewMethod(%s) has ID %s", id, got)
		}
		if !id.FromClient() && !id.FromServer() {
			t.Errorf("nobody sends %s", id)
		}
		if id.Synchronous() && id.HasContent() {
			t.Errorf("%s awaits an answer and has content", id)
		}
	}
	if m := wire.NewMethod(0); m != nil {
		t.Errorf("NewMethod(0) is %T, expected nil", m)
	}
}

func TestAppendCutsLongShortString(t *testing.T) {
	for _, length := range []int{0, 1, 254, 255, 256, 300, 70_000} {
		payload := (&wire.BasicCancelOk{ConsumerTag: strings.Repeat("x", length)}).Append(nil)
		m, err := wire.DecodeMethod(payload)
		if err != nil {
			t.Fatalf("a tag of %d bytes: %v", length, err)
		}
		want := &wire.BasicCancelOk{ConsumerTag: strings.Repeat("x", min(length, wire.MaxShortString))}
		if diff := cmp.Diff(wire.Method(want), m); diff != "" {
			t.Errorf("a tag of %d bytes (-want +got):\n%s", length, diff)
		}
	}
}
