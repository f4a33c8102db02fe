package conformance

import (
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// answeredError is a connection that the broker has closed over an error, which the client has answered.
func (t *T) answeredError() *Raw {
	t.Helper()
	r := t.Raw()
	r.WriteFrame(9, 0, nil)
	Expect[*wire.ConnectionClose](r.Channel0())
	r.Channel0().Send(&wire.ConnectionCloseOk{})
	return r
}

// hangUp says that nothing more comes, and goes on to listen.
func (r *Raw) hangUp() {
	r.t.Helper()
	socket, ok := r.conn.(interface{ CloseWrite() error })
	if !ok {
		r.t.Fatalf("a connection of type %T cannot be closed on one side", r.conn)
	}
	if err := socket.CloseWrite(); err != nil {
		r.t.Fatalf("hanging up: %v", err)
	}
}

var socketCases = []Case{
	{
		ID:     "socket/reset",
		Title:  "the broker ends connections with a reset, and not in order",
		Why:    "Clients give it as the reason: connection reset by peer, or EOF.",
		Source: measured,
		Run: func(t *T) {
			t.Check("after an error that the client has answered", t.answeredError().ExpectEnd(), true)

			r := t.Raw()
			r.hangUp()
			t.Check("after the client has hung up", r.ExpectEnd(), true)

			r = t.Raw()
			r.Write([]byte{byte(wire.FrameMethod), 0})
			r.hangUp()
			t.Check("after the client has hung up in a frame", r.ExpectEnd(), true)
		},
	},
	{
		ID:     "socket/reset-of-the-silent",
		Title:  "a client that has missed its heartbeats, whose login was refused or whose frames cannot be told apart is cut off with a reset",
		Why:    "The error of a client that the network has forgotten says so.",
		Source: measured,
		Waits:  true,
		Run: func(t *T) {
			silent := t.Socket()
			silent.Handshake(Handshake{Heartbeat: 1})
			refused := t.Socket()
			refused.Greet()
			refused.StartOk(refused.complete(Handshake{Response: plainResponse(t.uri.Username, t.uri.Password+"x")}))
			Expect[*wire.ConnectionClose](refused.Channel0())
			garbled := t.Raw()
			garbled.Write(append([]byte{byte(wire.FrameMethod), 0, 0, 0, 0, 0, 1, 0, 0}, make([]byte, 64)...))
			Expect[*wire.ConnectionClose](garbled.Channel0())
			garbled.Write(make([]byte, 64))
			t.Check("no heartbeats", silent.ExpectEnd(), true)
			t.Check("login refused, and not answered", refused.ExpectEnd(), true)
			t.Check("no end of a frame, and not answered", garbled.ExpectEnd(), true)
		},
	},
	{
		ID:     "socket/patience",
		Title:  "a client that has not answered connection.close for a heartbeat is cut off, as is one that does not hang up after close-ok",
		Why:    "It may be gone, and its connection must not stay for ever.",
		Source: measured,
		Waits:  true,
		Run: func(t *T) {
			const heartbeat = 4
			began := time.Now()
			var connections []*Raw
			for range 2 {
				r := t.Socket()
				t.unrecorded(func() { r.Handshake(Handshake{Heartbeat: heartbeat}) })
				connections = append(connections, r)
			}
			connections[0].WriteFrame(9, 0, nil)
			Expect[*wire.ConnectionClose](connections[0].Channel0())
			Call[*wire.ConnectionCloseOk](connections[1].Channel0(), &wire.ConnectionClose{ReplyCode: wire.ReplySuccess})
			for _, r := range connections {
				r.ExpectEnd()
				took := time.Since(began)
				t.Check("after a heartbeat, and before two were missed", took > (heartbeat-1)*time.Second && took < 2*heartbeat*time.Second, true)
			}
		},
	},
	{
		ID:     "socket/frames-before-tuning",
		Title:  "until limits are agreed on, frames may have the size of the least frame-max, not counting what surrounds the payload",
		Why:    "Client properties and tokens go into start-ok, and may be long.",
		Source: measured,
		Waits:  true,
		Run: func(t *T) {
			least := ByRelease(t, On(UpTo("4.0"), 4096), On(Since("4.1"), 8192))
			startOk := func(size int) *Raw {
				r := t.Socket()
				r.Greet()
				m := &wire.ConnectionStartOk{Mechanism: "PLAIN", Response: plainResponse(t.uri.Username, t.uri.Password), Locale: "en_US"}
				m.ClientProperties = wire.Table{{Key: "note", Value: ""}}
				m.ClientProperties[0].Value = strings.Repeat("x", size-len(m.Append(nil)))
				r.Channel0().Send(m)
				return r
			}
			Expect[*wire.ConnectionTune](startOk(least).Channel0())
			t.Check("one byte more", startOk(least+1).ExpectEnd(), true)
		},
	},
}
