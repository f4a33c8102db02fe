package amqpserver_test

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/memnet"
	"github.com/minirabbit/minirabbit/wire"
)

// failingListener returns errors before it accepts.
type failingListener struct {
	net.Listener
	errs []error
}

func (l *failingListener) Accept() (net.Conn, error) {
	if len(l.errs) > 0 {
		err := l.errs[0]
		l.errs = l.errs[1:]
		return nil, err
	}
	return l.Listener.Accept()
}

func noDescriptors() error {
	return &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
}

// A server without file descriptors serves again when there are some.
func TestTemporaryAcceptErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := broker.NewNode(broker.Options{})
		defer node.Close()
		server := amqpserver.New(node)
		listener := memnet.Listen("test")
		failing := &failingListener{Listener: listener}
		for range 10 {
			failing.errs = append(failing.errs, noDescriptors())
		}
		served := make(chan error, 1)
		begin := time.Now()
		go func() { served <- server.Serve(failing) }()

		client, err := listener.Dial(t.Context())
		require.NoError(t, err)
		_, err = client.Write(wire.ProtocolHeader[:])
		require.NoError(t, err)
		frame, err := wire.NewReader(client, 0).ReadFrame()
		require.NoError(t, err)
		m, err := wire.DecodeMethod(frame.Payload)
		require.NoError(t, err)
		require.Equal(t, wire.IDConnectionStart, m.ID())
		// 5, 10, 20, 40, 80, 160, 320, 640 ms, then a second each.
		require.Equal(t, 1275*time.Millisecond+2*time.Second, time.Since(begin))

		require.NoError(t, client.Close())
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-served, amqpserver.ErrServerClosed)
	})
}

// A server that waits for file descriptors can be closed at once.
func TestCloseDuringTemporaryAcceptErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := broker.NewNode(broker.Options{})
		defer node.Close()
		server := amqpserver.New(node)
		failing := &failingListener{Listener: memnet.Listen("test"), errs: []error{noDescriptors(), noDescriptors()}}
		served := make(chan error, 1)
		go func() { served <- server.Serve(failing) }()
		synctest.Wait()
		begin := time.Now()
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-served, amqpserver.ErrServerClosed)
		require.Equal(t, begin, time.Now())
	})
}

// Other errors of the listener end Serve.
func TestPermanentAcceptError(t *testing.T) {
	node := broker.NewNode(broker.Options{})
	defer node.Close()
	server := amqpserver.New(node)
	defer server.Close()
	broken := errors.New("broken")
	require.ErrorIs(t, server.Serve(&failingListener{Listener: memnet.Listen("test"), errs: []error{broken}}), broken)
}
