package amqpserver

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// What RabbitMQ offers in connection.tune.
const (
	offeredChannelMax = 2047
	offeredFrameMax   = 131072
	offeredHeartbeat  = 60 // seconds
)

// handshake takes the client from the protocol header to connection.open.
func (c *conn) handshake() error {
	c.nc.SetReadDeadline(time.Now().Add(handshakeTimeout))
	if err := c.protocolHeader(); err != nil {
		return err
	}
	c.in.SetFrameMax(c.node.Release().MinFrameMax) // until the client has chosen
	c.reply(c.server.start())
	if err := c.authenticate(); err != nil {
		return err
	}
	c.reply(&wire.ConnectionTune{ChannelMax: offeredChannelMax, FrameMax: offeredFrameMax, Heartbeat: offeredHeartbeat})
	if err := c.tune(); err != nil {
		return err
	}
	if err := c.open(); err != nil {
		return err
	}
	c.listen()
	c.cursor.Strings = wire.NewInterner() // nothing of the handshake comes again
	return nil
}

// newStart returns what connections of a node begin with.
func newStart(node *broker.Node) *wire.ConnectionStart {
	r := node.Release()
	return &wire.ConnectionStart{
		VersionMajor: 0, VersionMinor: 9,
		ServerProperties: serverProperties(r),
		Mechanisms:       []byte(r.Mechanisms),
		Locales:          []byte("en_US"),
	}
}

// protocolHeader checks the first eight bytes. A client that speaks something
// else is told what is spoken here, and cut off.
func (c *conn) protocolHeader() error {
	header, err := c.in.ReadProtocolHeader()
	if err != nil {
		return err
	}
	answer, ok := answerHeader(c.node.Release(), header)
	if ok {
		return nil
	}
	c.post(append(c.out.begin(), answer[:]...))
	return fmt.Errorf("%w: bad protocol header %q", errCut, header)
}

// answerHeader says whether a protocol header begins AMQP 0-9-1, and otherwise which header to answer before hanging up.
func answerHeader(r *release.Release, header [8]byte) (answer [8]byte, ok bool) {
	amqp10 := [8]byte{'A', 'M', 'Q', 'P', 3, 1, 0, 0} // with SASL
	switch {
	case header == wire.ProtocolHeader, header == [8]byte{'A', 'M', 'Q', 'P', 1, 1, 0, 9}:
		return header, true
	case !r.AnswersAMQP10, string(header[:6]) == "AMQP\x00\x00":
		return wire.ProtocolHeader, false
	default:
		return amqp10, false
	}
}

// tune takes the limits that the client wants. RabbitMQ cuts the connection over
// those above its own; zero means no limit, which is above.
func (c *conn) tune() error {
	m, err := await[*wire.ConnectionTuneOk](c, stateTuning)
	if err != nil {
		return err
	}
	if least := c.node.Release().MinFrameMax; m.FrameMax < least || m.FrameMax > offeredFrameMax {
		return fmt.Errorf("%w: frame-max is %d, expected %d to %d", errCut, m.FrameMax, least, offeredFrameMax)
	}
	if m.ChannelMax == 0 || m.ChannelMax > offeredChannelMax {
		return fmt.Errorf("%w: channel-max is %d, expected 1 to %d", errCut, m.ChannelMax, offeredChannelMax)
	}
	c.tuned = tuning{channelMax: m.ChannelMax, frameMax: m.FrameMax}
	c.in.SetFrameMax(m.FrameMax)
	if m.Heartbeat > 0 {
		c.heartbeat = time.Duration(m.Heartbeat) * time.Second
		c.startHeartbeats <- c.heartbeat
	}
	return nil
}

// open lets the client into a virtual host.
func (c *conn) open() error {
	m, err := await[*wire.ConnectionOpen](c, stateOpening)
	if err != nil {
		return err
	}
	vh := c.node.VHost(m.VirtualHost)
	if vh == nil {
		return broker.WithMethod(broker.Errorf(wire.NotAllowed, "vhost %s not found", m.VirtualHost), m.ID())
	}
	c.session = &broker.Connection{Name: c.name, User: c.user, VHost: vh, ClientProperties: c.client}
	if err := c.begin(); err != nil {
		return broker.WithMethod(err, m.ID())
	}
	c.reply(&wire.ConnectionOpenOk{})
	return nil
}

// await reads the one method that the client may send in a state of the
// handshake. Until it has logged in, RabbitMQ cuts it off for anything else.
func await[M wire.Method](c *conn, state string) (M, error) {
	var want M
	for {
		frame, err := c.in.ReadFrame()
		if err != nil {
			return want, c.early(state, err)
		}
		c.frames++
		if !c.gate() {
			return want, errAborted
		}
		switch c.ending.phase() {
		case alive:
		case stopping, closing:
			return want, errAborted
		default:
			return want, c.outlast()
		}
		head := wire.FrameHead{Type: frame.Type, Channel: frame.Channel, Size: uint32(len(frame.Payload))}
		if head == (wire.FrameHead{Type: wire.FrameHeartbeat}) {
			continue
		}
		if frame.Type != wire.FrameMethod || frame.Channel != 0 {
			return want, c.early(state, misplaced(head, frame.Payload))
		}
		m, err := c.decode(head, frame.Payload)
		if err != nil {
			return want, c.early(state, err)
		}
		got, ok := m.(M)
		if !ok {
			err := broker.Errorf(wire.ChannelError, "unexpected method in connection state %s", state)
			return want, c.early(state, broker.WithMethod(err, m.ID()))
		}
		if c.armed() {
			taken := false
			err := c.receive(Command{Method: m}, func() error { taken = true; return nil })
			if err == nil && !taken { // it is ignored
				continue
			}
			return got, err
		}
		c.watch(Command{Method: m})
		return got, nil
	}
}

// early returns the error to end the handshake with: only a client that has
// logged in is told.
func (c *conn) early(state string, err error) error {
	if state == stateOpening || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		return err
	}
	return fmt.Errorf("%w in connection state %s: %v", errCut, state, err)
}

// The states of the handshake, as RabbitMQ names them.
const (
	stateStarting = "starting"
	stateTuning   = "tuning"
	stateOpening  = "opening"
)

// serverProperties is what RabbitMQ says of itself; libraries act on the
// product, the version and the capabilities.
func serverProperties(r *release.Release) wire.Table {
	var capabilities wire.Table
	for _, name := range strings.Fields("publisher_confirms exchange_exchange_bindings basic.nack consumer_cancel_notify " +
		"connection.blocked consumer_priorities authentication_failure_close per_consumer_qos direct_reply_to") {
		capabilities = append(capabilities, wire.Field{Key: name, Value: true})
	}
	return wire.Table{
		{Key: "capabilities", Value: capabilities},
		{Key: "cluster_name", Value: "rabbit@minirabbit"},
		{Key: "copyright", Value: r.Copyright},
		{Key: "information", Value: "Licensed under the MPL 2.0. Website: https://rabbitmq.com"},
		{Key: "platform", Value: r.Platform},
		{Key: "product", Value: "RabbitMQ"},
		{Key: "version", Value: r.Version},
	}
}
