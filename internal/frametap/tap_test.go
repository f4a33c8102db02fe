package frametap

import (
	"io"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/wire"
)

func TestTapRecordsBothDirections(t *testing.T) {
	target, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer target.Close()
	go func() { // an echo in capitals, which ends when its client does
		conn, err := target.Accept()
		if err != nil {
			return
		}
		question, _ := io.ReadAll(conn)
		conn.Write(append(question, "PONG"...))
		conn.Close()
	}()

	tap, err := Start(target.Addr().String())
	require.NoError(t, err)
	conn, err := net.Dial("tcp", tap.Addr())
	require.NoError(t, err)
	_, err = conn.Write([]byte("ping"))
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.NoError(t, tap.Close())

	require.Equal(t, "pingPONG", string(answer))
	want := []Session{{Client: []byte("ping"), Server: []byte("pingPONG")}}
	if diff := cmp.Diff(want, tap.Sessions()); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
}

func TestTapReportsUnreachableTarget(t *testing.T) {
	target, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, target.Close())
	tap, err := Start(target.Addr().String())
	require.NoError(t, err)
	conn, err := net.Dial("tcp", tap.Addr())
	require.NoError(t, err)
	_, err = io.ReadAll(conn) // ends when the tap has given up
	_ = err
	conn.Close()
	require.Error(t, tap.Close())
}

func TestCheck(t *testing.T) {
	heartbeat := wire.AppendHeartbeat(nil)
	ack := wire.AppendMethodFrame(nil, 1, &wire.BasicAck{DeliveryTag: 1})
	unusedBits := append([]byte(nil), ack...)
	unusedBits[len(unusedBits)-2] = 0x80
	tests := []struct {
		name   string
		stream []byte
		frames int
		fails  bool
	}{
		{"nothing", nil, 0, false},
		{"protocol header", wire.ProtocolHeader[:], 0, false},
		{"two frames", append(append(wire.ProtocolHeader[:], ack...), heartbeat...), 2, false},
		{"cut short", append(append([]byte(nil), heartbeat...), ack[:9]...), 1, false},
		{"not canonical", append(append([]byte(nil), heartbeat...), unusedBits...), 1, true},
		{"no frame end", append(append([]byte(nil), ack[:len(ack)-1]...), 0), 0, true},
		{"unknown method", wire.Frame{Type: wire.FrameMethod, Payload: []byte{0, 1, 0, 1}}.Append(nil), 0, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			frames, err := Check(test.stream)
			if frames != test.frames || (err != nil) != test.fails {
				t.Errorf("got %d frames and error %v, expected %d and failure %t", frames, err, test.frames, test.fails)
			}
		})
	}
}
