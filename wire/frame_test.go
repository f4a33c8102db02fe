package wire_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/wire"
)

func TestFrameGoldenBytes(t *testing.T) {
	tests := []struct {
		name      string
		got, want []byte
	}{
		{"method", wire.AppendMethodFrame(nil, 258, &wire.BasicQosOk{}), unhex(t, "01 0102 00000004 003c000b ce")},
		{"header", wire.AppendHeaderFrame(nil, 1, 60, 5, []byte{0x08, 0, 9}),
			unhex(t, "02 0001 0000000f 003c 0000 0000000000000005 0800 09 ce")},
		{"header without properties", wire.AppendHeaderFrame(nil, 1, 60, 0, nil),
			unhex(t, "02 0001 0000000e 003c 0000 0000000000000000 0000 ce")},
		{"heartbeat", wire.AppendHeartbeat(nil), unhex(t, "08 0000 00000000 ce")},
		{"empty body", wire.AppendBodyFrames(nil, 1, nil, 4096), nil},
		{"body", wire.AppendBodyFrames(nil, 1, []byte("abc"), 0), unhex(t, "03 0001 00000003 616263 ce")},
		{"body that fits", wire.AppendBodyFrames(nil, 1, []byte("abc"), 11), unhex(t, "03 0001 00000003 616263 ce")},
		{"body in two", wire.AppendBodyFrames(nil, 1, []byte("abc"), 10),
			unhex(t, "03 0001 00000002 6162 ce", "03 0001 00000001 63 ce")},
		{"any", wire.Frame{Type: 9, Channel: 1, Payload: []byte("x")}.Append(nil), unhex(t, "09 0001 00000001 78 ce")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.got); diff != "" {
				t.Errorf("encoded (-want +got):\n%s", diff)
			}
		})
	}
}

// Everything appends: what is there stays.
func TestFramesAppend(t *testing.T) {
	var b []byte
	b = wire.AppendMethodFrame(b, 1, &wire.BasicPublish{Exchange: "x"})
	b = wire.AppendHeaderFrame(b, 1, 60, 5000, nil)
	body := bytes.Repeat([]byte("body "), 1000)
	b = wire.AppendBodyFrames(b, 1, body, wire.FrameMinSize)
	b = wire.AppendHeartbeat(b)
	got := frames(t, b)
	want := []wire.Frame{
		{Type: wire.FrameMethod, Channel: 1, Payload: (&wire.BasicPublish{Exchange: "x"}).Append(nil)},
		{Type: wire.FrameHeader, Channel: 1, Payload: (&wire.ContentHeader{ClassID: 60, BodySize: 5000}).Append(nil)},
		{Type: wire.FrameBody, Channel: 1, Payload: body[:4088]},
		{Type: wire.FrameBody, Channel: 1, Payload: body[4088:]},
		{Type: wire.FrameHeartbeat, Payload: []byte{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
}

func TestAppendBodyFramesPanicsWithoutRoom(t *testing.T) {
	defer func() {
		want := "wire: frame-max 8 leaves no room for a payload"
		if diff := cmp.Diff(any(want), recover()); diff != "" {
			t.Errorf("panic (-want +got):\n%s", diff)
		}
	}()
	wire.AppendBodyFrames(nil, 1, []byte("x"), 8)
}

func TestFrameTypeNames(t *testing.T) {
	want := map[wire.FrameType]string{1: "method", 2: "header", 3: "body", 8: "heartbeat", 9: "unknown"}
	for frameType, name := range want {
		if frameType.String() != name {
			t.Errorf("type %d is called %s, expected %s", uint8(frameType), frameType, name)
		}
	}
}
