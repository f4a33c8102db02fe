package amqpserver

import (
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/broker"
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
	c.in.SetFrameMax(offeredFrameMax)
	c.send(0, &wire.ConnectionStart{
		VersionMajor: 0, VersionMinor: 9,
		ServerProperties: serverProperties(c.node.Release()),
		Mechanisms:       []byte(mechanisms),
		Locales:          []byte("en_US"),
	})
	if err := c.authenticate(); err != nil {
		return err
	}
	c.send(0, &wire.ConnectionTune{ChannelMax: offeredChannelMax, FrameMax: offeredFrameMax, Heartbeat: offeredHeartbeat})
	if err := c.tune(); err != nil {
		return err
	}
	if err := c.open(); err != nil {
		return err
	}
	c.nc.SetReadDeadline(time.Time{})
	return nil
}

// protocolHeader checks the first eight bytes. A client that speaks something
// else is told what is spoken here, and cut off.
func (c *conn) protocolHeader() error {
	header, err := c.in.ReadProtocolHeader()
	if err != nil {
		return err
	}
	if header != wire.ProtocolHeader {
		c.post(append(c.out.begin(), wire.ProtocolHeader[:]...))
		c.log.Error("bad protocol header", "connection", c.name, "header", header)
		return errClosed
	}
	return nil
}

// tune takes the limits that the client wants. RabbitMQ refuses those above its
// own; zero means no limit, which is above.
func (c *conn) tune() error {
	m, err := await[*wire.ConnectionTuneOk](c, "tuning")
	if err != nil {
		return err
	}
	fail := func(format string, args ...any) error {
		return broker.WithMethod(broker.Errorf(wire.NotAllowed, format, args...), m.ID())
	}
	if m.FrameMax != 0 && m.FrameMax < wire.FrameMinSize {
		return fail("negotiated frame_max = %d is lower than the minimum allowed value (%d)", m.FrameMax, wire.FrameMinSize)
	}
	if m.FrameMax == 0 || m.FrameMax > offeredFrameMax {
		return fail("negotiated frame_max = %d is higher than the maximum allowed value (%d)", m.FrameMax, offeredFrameMax)
	}
	if m.ChannelMax == 0 || m.ChannelMax > offeredChannelMax {
		return fail("negotiated channel_max = %d is higher than the maximum allowed value (%d)", m.ChannelMax, offeredChannelMax)
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
	m, err := await[*wire.ConnectionOpen](c, "opening")
	if err != nil {
		return err
	}
	vh := c.node.VHost(m.VirtualHost)
	switch {
	case vh == nil:
		return broker.WithMethod(broker.Errorf(wire.NotAllowed, "vhost %s not found", m.VirtualHost), m.ID())
	case !c.user.MayEnter(m.VirtualHost):
		return broker.WithMethod(broker.Errorf(wire.NotAllowed, "access to vhost '%s' refused for user '%s'", m.VirtualHost, c.user.Name()), m.ID())
	}
	c.session = &broker.Connection{Name: c.name, User: c.user, VHost: vh, ClientProperties: c.client}
	vh.Lock()
	c.session.Open()
	vh.Unlock()
	c.send(0, &wire.ConnectionOpenOk{})
	return nil
}

// await reads the one method that the client may send in a state of the
// handshake.
func await[M wire.Method](c *conn, state string) (M, error) {
	var want M
	for {
		frame, err := c.in.ReadFrame()
		if err != nil {
			return want, err
		}
		c.received.Add(1)
		if frame.Type == wire.FrameHeartbeat {
			continue
		}
		if frame.Type != wire.FrameMethod || frame.Channel != 0 {
			return want, broker.Errorf(wire.UnexpectedFrame, "unexpected frame of type %d on channel %d in connection state %s", frame.Type, frame.Channel, state)
		}
		m, err := c.decode(frame.Payload)
		if err != nil {
			return want, err
		}
		got, ok := m.(M)
		if !ok {
			return want, broker.WithMethod(broker.Errorf(wire.CommandInvalid, "unexpected method in connection state %s", state), m.ID())
		}
		if c.server.interceptor != nil {
			return got, c.receive(Command{Method: m}, func() error { return nil })
		}
		return got, nil
	}
}

// serverProperties is what RabbitMQ says of itself; libraries act on the
// product, the version and the capabilities.
func serverProperties(r *broker.Release) wire.Table {
	var capabilities wire.Table
	for _, name := range strings.Fields("publisher_confirms exchange_exchange_bindings basic.nack consumer_cancel_notify " +
		"connection.blocked consumer_priorities authentication_failure_close per_consumer_qos direct_reply_to") {
		capabilities = append(capabilities, wire.Field{Key: name, Value: true})
	}
	return wire.Table{
		{Key: "capabilities", Value: capabilities},
		{Key: "cluster_name", Value: "rabbit@minirabbit"},
		{Key: "copyright", Value: "Copyright (c) the minirabbit authors"},
		{Key: "information", Value: "An in-memory AMQP 0-9-1 broker for tests, behaving as RabbitMQ " + r.Version()},
		{Key: "platform", Value: "Go"},
		{Key: "product", Value: "RabbitMQ"},
		{Key: "version", Value: r.Version()},
	}
}
