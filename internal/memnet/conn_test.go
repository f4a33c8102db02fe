package memnet_test

import (
	"net"
	"testing"

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
