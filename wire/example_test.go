package wire_test

import (
	"bytes"
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// A message is a method, a content header and a body, each in frames of their own.
func Example() {
	properties := wire.Properties{Flags: wire.HasContentType, ContentType: "text/plain"}
	body := []byte("hello")
	var out []byte
	out = wire.AppendMethodFrame(out, 1, &wire.BasicPublish{Exchange: "logs", RoutingKey: "app.info"})
	out = wire.AppendHeaderFrame(out, 1, wire.IDBasicPublish.Class(), uint64(len(body)), properties.Append(nil))
	out = wire.AppendBodyFrames(out, 1, body, wire.FrameMinSize)

	r := wire.NewReader(bytes.NewReader(out), 0)
	for {
		frame, err := r.ReadFrame()
		if err != nil {
			fmt.Println(err)
			return
		}
		switch frame.Type {
		case wire.FrameMethod:
			method, err := wire.DecodeMethod(frame.Payload)
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(frame.Channel, wire.Format(method))
		case wire.FrameHeader:
			var header wire.ContentHeader
			cursor := wire.NewCursor(frame.Payload)
			if header.Decode(cursor); cursor.Err() != nil {
				fmt.Println(cursor.Err())
				return
			}
			fmt.Println(frame.Channel, header.BodySize, header.Properties.ContentType)
		case wire.FrameBody:
			fmt.Printf("%d %s\n", frame.Channel, frame.Payload)
		}
	}
	// Output:
	// 1 basic.publish exchange="logs" routing-key="app.info"
	// 1 5 text/plain
	// 1 hello
	// EOF
}

// A program that decodes the same methods again and again keeps the struct, the cursor and the strings.
func ExampleCursor() {
	payload := (&wire.BasicAck{DeliveryTag: 7, Multiple: true}).Append(nil)
	cursor := wire.Cursor{Strings: wire.NewInterner()}
	var ack wire.BasicAck

	cursor.Reset(payload)
	if cursor.MethodID() == wire.IDBasicAck {
		ack.Decode(&cursor)
		cursor.Finish()
	}
	fmt.Println(ack.DeliveryTag, ack.Multiple, cursor.Err())
	// Output: 7 true <nil>
}

func ExampleTable() {
	var arguments wire.Table
	arguments.Set("x-max-length", int32(10))
	arguments.Set("x-overflow", "reject-publish")
	fmt.Println(arguments)
	limit, ok := arguments.Get("x-max-length")
	fmt.Println(limit, ok)
	// Output:
	// {x-max-length=10, x-overflow="reject-publish"}
	// 10 true
}

func ExampleReplyCode_Text() {
	fmt.Println(wire.NotFound.Text("no queue 'q' in vhost '/'"))
	// Output: NOT_FOUND - no queue 'q' in vhost '/'
}
