package amqpserver

import (
	"bytes"
	"fmt"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// mechanisms are the SASL mechanisms that RabbitMQ offers for passwords.
const mechanisms = "AMQPLAIN PLAIN"

// authenticate takes connection.start-ok and finds the user.
func (c *conn) authenticate() error {
	m, err := await[*wire.ConnectionStartOk](c, "starting")
	if err != nil {
		return err
	}
	c.client = m.ClientProperties
	name, password, err := credentials(m.Mechanism, m.Response)
	if err != nil {
		return broker.WithMethod(err, m.ID())
	}
	c.user = c.node.Authenticate(name, password)
	if c.user == nil {
		return c.refuse(m, name)
	}
	return nil
}

// refuse turns a client away. Those that declared the capability are told why;
// the others, as the specification has it, find the connection closed.
func (c *conn) refuse(m *wire.ConnectionStartOk, name string) error {
	c.log.Error("login refused", "connection", c.name, "user", name, "mechanism", m.Mechanism)
	session := broker.Connection{ClientProperties: m.ClientProperties}
	if !session.Capability("authentication_failure_close") {
		return errClosed
	}
	return broker.Errorf(wire.AccessRefused, "Login was refused using authentication mechanism %s. For details see the broker logfile.", m.Mechanism)
}

// credentials reads the user's name and password from a SASL response.
func credentials(mechanism string, response []byte) (name, password string, err error) {
	switch mechanism {
	case "PLAIN":
		return plainCredentials(response)
	case "AMQPLAIN":
		return amqplainCredentials(response)
	}
	return "", "", broker.Errorf(wire.CommandInvalid, "unknown mechanism: %s", mechanism)
}

// plainCredentials reads RFC 4616: authorization identity, name and password,
// apart by zero bytes.
func plainCredentials(response []byte) (name, password string, err error) {
	parts := bytes.Split(response, []byte{0})
	if len(parts) != 3 {
		return "", "", broker.Errorf(wire.SyntaxError, "response %s invalid", erlangBinary(response))
	}
	return string(parts[1]), string(parts[2]), nil
}

// amqplainCredentials reads a field table without its length.
func amqplainCredentials(response []byte) (name, password string, err error) {
	framed := append([]byte{byte(len(response) >> 24), byte(len(response) >> 16), byte(len(response) >> 8), byte(len(response))}, response...)
	c := wire.NewCursor(framed)
	t := c.Table()
	if err := c.Err(); err != nil {
		return "", "", broker.Errorf(wire.SyntaxError, "AMQPLAIN auth info %s: %s", erlangBinary(response), err)
	}
	login, _ := t.Get("LOGIN")
	secret, _ := t.Get("PASSWORD")
	name, nameOK := login.(string)
	password, passwordOK := secret.(string)
	if !nameOK || !passwordOK {
		return "", "", broker.Errorf(wire.SyntaxError, "AMQPLAIN auth info %v is missing LOGIN or PASSWORD field", fmt.Sprint(t))
	}
	return name, password, nil
}
