package wire_test

import (
	"bytes"
	"testing"

	"github.com/minirabbit/minirabbit/wire"
)

var (
	benchDeliver = &wire.BasicDeliver{ConsumerTag: "consumer-1", DeliveryTag: 1 << 20, Exchange: "test-exchange",
		RoutingKey: "redpill"}
	benchPublish = &wire.BasicPublish{Exchange: "test-exchange", RoutingKey: "redpill"}
)

func BenchmarkAppendDeliver(b *testing.B) {
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		buf = wire.AppendMethodFrame(buf[:0], 1, benchDeliver)
	}
}

// A whole delivery of 1 KiB as a server writes it: method, header, body.
func BenchmarkAppendDelivery(b *testing.B) {
	properties := (&wire.Properties{Flags: wire.HasDeliveryMode, DeliveryMode: 2}).Append(nil)
	body := make([]byte, 1024)
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = wire.AppendMethodFrame(buf[:0], 1, benchDeliver)
		buf = wire.AppendHeaderFrame(buf, 1, 60, uint64(len(body)), properties)
		buf = wire.AppendBodyFrames(buf, 1, body, 131072)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecodePublish(b *testing.B) {
	payload := benchPublish.Append(nil)
	for _, strings := range []struct {
		name     string
		interner *wire.Interner
	}{{"interned", wire.NewInterner()}, {"allocated", nil}} {
		b.Run(strings.name, func(b *testing.B) {
			var m wire.BasicPublish
			c := wire.Cursor{Strings: strings.interner}
			b.ReportAllocs()
			for b.Loop() {
				c.Reset(payload)
				c.MethodID()
				m.Decode(&c)
				if c.Finish(); c.Err() != nil {
					b.Fatal(c.Err())
				}
			}
		})
	}
}

func BenchmarkDecodeAck(b *testing.B) {
	payload := (&wire.BasicAck{DeliveryTag: 1 << 20}).Append(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.DecodeMethod(payload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendTable(b *testing.B) {
	table := everyType()
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = table.Append(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecodeTable(b *testing.B) {
	payload := everyType().Append(nil)
	c := wire.Cursor{Strings: wire.NewInterner()}
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		c.Reset(payload)
		if c.Table(); c.Err() != nil {
			b.Fatal(c.Err())
		}
	}
}

func BenchmarkDecodeProperties(b *testing.B) {
	p := everyProperty()
	p.Flags &^= wire.HasHeaders
	payload := p.Append(nil)
	c := wire.Cursor{Strings: wire.NewInterner()}
	b.ReportAllocs()
	for b.Loop() {
		c.Reset(payload)
		if p.Decode(&c); c.Err() != nil {
			b.Fatal(c.Err())
		}
	}
}

// Messages as a server reads them: method and header as views, the body into a slice of its own.
func BenchmarkReadMessage(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int
	}{{"100B", 100}, {"1KiB", 1 << 10}, {"100KiB", 100 << 10}} {
		b.Run(size.name, func(b *testing.B) {
			stream := wire.AppendMethodFrame(nil, 1, benchPublish)
			stream = wire.AppendHeaderFrame(stream, 1, 60, uint64(size.bytes), nil)
			stream = wire.AppendBodyFrames(stream, 1, make([]byte, size.bytes), 131072)
			if size.bytes < 64<<10 {
				stream = bytes.Repeat(stream, (64<<10)/len(stream))
			}
			r := wire.NewReader(&endless{stream: stream}, 0)
			b.ReportAllocs()
			b.SetBytes(int64(size.bytes))
			for b.Loop() {
				for range 2 {
					if _, err := r.ReadFrame(); err != nil {
						b.Fatal(err)
					}
				}
				head, err := r.ReadHead()
				if err == nil {
					_, err = r.AppendPayload(nil, head)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
