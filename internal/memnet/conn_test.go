package memnet_test

import (
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/nettest"

	"github.com/minirabbit/minirabbit/internal/memnet"
)

func TestConn(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		l := memnet.Listen("test")
		c1, err = l.Dial(t.Context())
		if err != nil {
			return nil, nil, nil, err
		}
		c2, err = l.Accept()
		stop = func() {
			c1.Close()
			c2.Close()
			l.Close()
		}
		return c1, c2, stop, err
	})
}

// Without a reset the connection ends in order; what was written before arrives
// either way.
func TestResetOnClose(t *testing.T) {
	for _, reset := range []bool{false, true} {
		l := memnet.Listen("test")
		defer l.Close()
		client, err := l.Dial(t.Context())
		require.NoError(t, err)
		defer client.Close()
		server, err := l.Accept()
		require.NoError(t, err)
		_, err = server.Write([]byte("bye"))
		require.NoError(t, err)
		if reset {
			require.NoError(t, server.(interface{ SetLinger(seconds int) error }).SetLinger(0))
		}
		require.NoError(t, server.Close())
		b := make([]byte, 4)
		n, err := client.Read(b)
		require.NoError(t, err)
		require.Equal(t, "bye", string(b[:n]))
		_, err = client.Read(b)
		if reset {
			require.ErrorIs(t, err, syscall.ECONNRESET)
		} else {
			require.Equal(t, io.EOF, err)
		}
	}
}

// A client that was not accepted when the listener closed must not wait for ever.
func TestDialThatNobodyAccepts(t *testing.T) {
	l := memnet.Listen("test")
	client, err := l.Dial(t.Context())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, err = client.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	_, err = l.Dial(t.Context())
	require.ErrorIs(t, err, net.ErrClosed)
}
