package worker

import (
	"context"
	"errors"
	"fmt"
	"net"
	neturl "net/url"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	// handshakeTimeout bounds dialing, and then the handshake with a broker that accepts and says nothing.
	handshakeTimeout = 30 * time.Second

	// closeTimeout bounds the goodbye to a broker that does not answer.
	closeTimeout = 5 * time.Second
)

// A connection is the client library's, and the socket below it: closing the socket is what ends a call of the library
// that waits for an answer or a write, as none of them takes a context.
type connection struct {
	*amqp.Connection
	socket net.Conn
}

// checkURL reports a URL that no retry can make better. The error does not repeat the URL, which may hold a password.
func checkURL(url string) error {
	_, err := amqp.ParseURI(url)
	if wrong, ok := errors.AsType[*neturl.Error](err); ok {
		err = wrong.Err
	}
	if err != nil {
		return fmt.Errorf("worker: broker URL: %w", err)
	}
	return nil
}

// open connects and runs setup. The end of ctx while it is at that closes the socket; later it has no effect.
func open(ctx context.Context, url string, cfg *config, setup func(*amqp.Connection) error) (*connection, error) {
	var (
		socket net.Conn
		unhook = func() bool { return true }
		dialed = cfg.amqp
	)
	dial := cfg.amqp.Dial
	if dial == nil {
		dial = func(network, address string) (net.Conn, error) {
			return (&net.Dialer{Timeout: handshakeTimeout}).DialContext(ctx, network, address)
		}
	}
	dialed.Dial = func(network, address string) (net.Conn, error) {
		conn, err := dial(network, address)
		if err != nil {
			return nil, err
		}
		if err := conn.SetDeadline(time.Now().Add(handshakeTimeout)); err != nil { // the library takes it off when open
			return nil, errors.Join(err, conn.Close())
		}
		socket = conn
		unhook = context.AfterFunc(ctx, func() { _ = conn.Close() })
		return conn, nil
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	library, err := amqp.DialConfig(url, dialed)
	if err != nil {
		unhook()
		if socket != nil {
			_ = socket.Close() // the library leaves it open, and a goroutine reading from it
		}
		return nil, handshakeError(ctx, err)
	}
	conn := &connection{Connection: library, socket: socket}
	err = setup(library)
	if !unhook() {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.close() // of which nothing matters any more
		return nil, err
	}
	return conn, nil
}

// handshakeError words the failure of a handshake.
func handshakeError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if dressed, ok := errors.AsType[*amqp.Error](err); ok && !dressed.Server {
		// The library cannot tell: a broker may refuse a password by closing the socket without a word.
		return fmt.Errorf("worker: connection lost while logging in, or credentials refused: %w", err)
	}
	return fmt.Errorf("worker: connect: %w", err)
}

// close says goodbye and returns when the broker has answered, at the latest after closeTimeout. Channels and consumers
// close with it, and every call that waits for something on them ends. The error is amqp.ErrClosed if the connection
// had been lost before.
func (c *connection) close() error {
	hurry := time.AfterFunc(closeTimeout, func() { _ = c.socket.Close() })
	defer hurry.Stop()
	return c.Connection.Close()
}

// A channel is the client library's that remembers why it closed.
type channel struct {
	*amqp.Channel
	gone   chan struct{} // closed when reason is set
	reason error
}

func openChannel(conn *amqp.Connection) (*channel, error) {
	library, err := conn.Channel()
	if err != nil {
		return nil, fmt.Errorf("worker: open channel: %w", err)
	}
	ch := &channel{Channel: library, gone: make(chan struct{})}
	closed := library.NotifyClose(make(chan *amqp.Error, 1))
	go func() { // ends with the channel; lost waits for it
		err, abrupt := <-closed
		switch {
		case !abrupt:
			ch.reason = errors.New("channel closed by this side")
		case err.Server:
			ch.reason = fmt.Errorf("closed by the broker: %w", err)
		default: // the library dresses up what the socket said as a broker's exception
			ch.reason = fmt.Errorf("connection lost: %s", err.Reason)
		}
		close(ch.gone)
	}()
	return ch, nil
}

// lost says why the channel is closed, after some use of it has shown that it is.
func (c *channel) lost() error {
	<-c.gone
	return c.reason
}
