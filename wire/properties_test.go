package wire_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/wire"
)

func TestPropertiesGoldenBytes(t *testing.T) {
	tests := []struct {
		name       string
		properties wire.Properties
		bytes      []byte
	}{
		{"none", wire.Properties{}, unhex(t, "0000")},
		{"content type", wire.Properties{Flags: wire.HasContentType, ContentType: "a/b"}, unhex(t, "8000 03 612f62")},
		{"content encoding", wire.Properties{Flags: wire.HasContentEncoding, ContentEncoding: "e"}, unhex(t, "4000 01 65")},
		{"headers", wire.Properties{Flags: wire.HasHeaders, Headers: wire.Table{{Key: "k"}}},
			unhex(t, "2000 00000003 01 6b 56")},
		{"delivery mode", wire.Properties{Flags: wire.HasDeliveryMode, DeliveryMode: 2}, unhex(t, "1000 02")},
		{"priority", wire.Properties{Flags: wire.HasPriority, Priority: 9}, unhex(t, "0800 09")},
		{"correlation id", wire.Properties{Flags: wire.HasCorrelationID, CorrelationID: "c"}, unhex(t, "0400 01 63")},
		{"reply to", wire.Properties{Flags: wire.HasReplyTo, ReplyTo: "r"}, unhex(t, "0200 01 72")},
		{"expiration", wire.Properties{Flags: wire.HasExpiration, Expiration: "60"}, unhex(t, "0100 02 3630")},
		{"message id", wire.Properties{Flags: wire.HasMessageID, MessageID: "m"}, unhex(t, "0080 01 6d")},
		{"timestamp", wire.Properties{Flags: wire.HasTimestamp, Timestamp: 258}, unhex(t, "0040 0000000000000102")},
		{"type", wire.Properties{Flags: wire.HasType, Type: "t"}, unhex(t, "0020 01 74")},
		{"user id", wire.Properties{Flags: wire.HasUserID, UserID: "u"}, unhex(t, "0010 01 75")},
		{"app id", wire.Properties{Flags: wire.HasAppID, AppID: "a"}, unhex(t, "0008 01 61")},
		{"cluster id", wire.Properties{Flags: wire.HasClusterID, ClusterID: "i"}, unhex(t, "0004 01 69")},
		{"present and empty", wire.Properties{Flags: wire.HasContentType | wire.HasHeaders | wire.HasPriority},
			unhex(t, "a800 00 00000000 00")},
		{"values without flags", wire.Properties{ContentType: "a/b", Priority: 1}, unhex(t, "0000")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.bytes, test.properties.Append(nil)); diff != "" {
				t.Errorf("encoded (-want +got):\n%s", diff)
			}
			got := everyProperty() // to be overwritten
			c := wire.NewCursor(test.bytes)
			if got.Decode(c); c.Err() != nil {
				t.Fatal(c.Err())
			}
			want := test.properties
			if want.Flags == 0 {
				want = wire.Properties{}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
		})
	}
}

// RabbitMQ looks at none of the two lowest bits, although one announces another word of flags.
func TestPropertiesIgnoreUnusedFlags(t *testing.T) {
	var p wire.Properties
	c := wire.NewCursor(unhex(t, "0803 05"))
	if p.Decode(c); c.Err() != nil {
		t.Fatal(c.Err())
	}
	if diff := cmp.Diff(wire.Properties{Flags: wire.HasPriority, Priority: 5}, p); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
}

func TestContentHeader(t *testing.T) {
	want := wire.ContentHeader{ClassID: 60, Weight: 1, BodySize: 1 << 40, Properties: everyProperty()}
	b := want.Append(nil)
	var got wire.ContentHeader
	c := wire.NewCursor(b)
	if got.Decode(c); c.Err() != nil {
		t.Fatal(c.Err())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}

	var head wire.ContentHeader
	c.Reset(b)
	head.DecodeHead(c)
	if diff := cmp.Diff(wire.ContentHeader{ClassID: 60, Weight: 1, BodySize: 1 << 40}, head); diff != "" {
		t.Errorf("head (-want +got):\n%s", diff)
	}
	properties := everyProperty()
	if diff := cmp.Diff(properties.Append(nil), c.Rest()); diff != "" {
		t.Errorf("rest (-want +got):\n%s", diff)
	}
	if c.Len() != 0 || c.Err() != nil {
		t.Errorf("after Rest: %d bytes left, error %v", c.Len(), c.Err())
	}
}

func TestContentHeaderTruncatedAtEveryByte(t *testing.T) {
	whole := (&wire.ContentHeader{ClassID: 60, Properties: everyProperty()}).Append(nil)
	for n := range whole {
		var h wire.ContentHeader
		c := wire.NewCursor(whole[:n:n])
		h.Decode(c)
		var syntax *wire.DecodeError
		if !errors.As(c.Err(), &syntax) {
			t.Fatalf("cut to %d of %d bytes: error %v", n, len(whole), c.Err())
		}
	}
	var h wire.ContentHeader
	c := wire.NewCursor(append(whole, 0))
	if h.Decode(c); c.Err() == nil {
		t.Error("no error for a byte behind the properties")
	}
}
