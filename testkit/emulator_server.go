package testkit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/internal/memnet"
)

func (e *emulator) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopLocked()
}

func (e *emulator) stopLocked() {
	if !e.running {
		return
	}
	e.running = false
	e.server.Close()
	<-e.served
}

// kill is stop without a word to the clients.
func (e *emulator) kill() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running {
		e.listener.Close()
		e.server.Abort()
		e.stopLocked()
	}
}

// restart is the restart of a RabbitMQ node.
func (e *emulator) restart() error { return e.again(e.node.Restart) }

// again stops the server, if it runs, and starts it again after between.
func (e *emulator) again(between func()) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopLocked()
	between()
	clear(e.alarms)
	if err := e.openLocked(); err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	return nil
}

func (e *emulator) setAlarm(r Resource, raised bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.alarms[r] != raised {
		e.alarms[r] = raised
		e.server.SetAlarm(string(r), raised)
	}
}

// openLocked starts to serve: at a free address the first time, then always at the
// same.
func (e *emulator) openLocked() error {
	if err := e.listenLocked(); err != nil {
		return err
	}
	e.server = amqpserver.New(e.node)
	if e.trace != nil {
		e.server.SetInterceptor(e.faults)
	}
	server, l, served := e.server, door{e.listener, e}, make(chan struct{})
	e.served, e.running = served, true
	go func() {
		defer close(served)
		server.Serve(l)
	}()
	return nil
}

func (e *emulator) listenLocked() error {
	if e.config.inMemory {
		l := memnet.Listen("memory")
		if old, again := e.listener.(*memnet.Listener); again {
			l.After(old)
		}
		e.listener = l
		dial := dialer(func(ctx context.Context) (net.Conn, error) {
			if e.faults != nil && e.faults.RefusesDial("memory") {
				return nil, &net.OpError{Op: "dial", Net: "memory", Addr: l.Addr(), Err: syscall.ECONNREFUSED}
			}
			conn, err := l.Dial(ctx)
			if errors.Is(err, net.ErrClosed) {
				err = &net.OpError{Op: "dial", Net: "memory", Addr: l.Addr(), Err: syscall.ECONNREFUSED}
			}
			return conn, err
		})
		e.dialer.Store(&dial)
		return nil
	}
	l, err := listenAgain(e.address)
	if err != nil {
		return err
	}
	e.listener, e.address = l, l.Addr().String()
	e.dialer.Store(dialTCP(e.address))
	return nil
}

func dialTCP(address string) *dialer {
	dial := dialer(func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	})
	return &dial
}

// listenAgain listens at an address that was listened at before, or at a free one
// if it is empty. Another process may have the port for a moment.
func listenAgain(address string) (net.Listener, error) {
	if address == "" {
		return net.Listen("tcp", "127.0.0.1:0")
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		l, err := net.Listen("tcp", address)
		if err == nil || time.Now().After(deadline) {
			return l, err
		}
		wait := time.NewTimer(20 * time.Millisecond)
		<-wait.C
	}
}

// door is the broker's listener: a fault may turn a client away, and a capture
// sees what passes.
type door struct {
	net.Listener
	e *emulator
}

// Accept implements [net.Listener].
func (d door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		address := fmt.Sprintf("%s -> %s", conn.RemoteAddr(), conn.LocalAddr())
		tcp, overTCP := conn.(*net.TCPConn)
		if overTCP && d.e.faults != nil && d.e.faults.RefusesDial(address) {
			tcp.SetLinger(0) // so that the client sees a reset
			tcp.Close()
			continue
		}
		if d.e.capture != nil {
			return d.e.capture.conn(conn), nil
		}
		return conn, nil
	}
}
