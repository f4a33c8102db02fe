package amqpserver

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// authenticate takes connection.start-ok and finds the user.
func (c *conn) authenticate() error {
	m, err := await[*wire.ConnectionStartOk](c, stateStarting)
	if err != nil {
		return err
	}
	c.client, c.mechanism = m.ClientProperties, m.Mechanism
	if !slices.Contains(strings.Fields(c.node.Release().Mechanisms), m.Mechanism) {
		return fmt.Errorf("%w: unknown mechanism %q", errCut, m.Mechanism)
	}
	name, password, err := c.credentials(m.Mechanism, m.Response)
	if err != nil {
		return fmt.Errorf("%w: %s response: %v", errCut, m.Mechanism, err)
	}
	c.user = c.node.AuthenticateFrom(name, password, c.nc.RemoteAddr())
	c.node.CountAttempt(broker.AMQP, c.user != nil)
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
		return fmt.Errorf("%w: wrong password", errCut)
	}
	return &broker.ConnectionError{Reply: broker.Reply{Code: wire.AccessRefused,
		Reason: fmt.Sprintf("Login was refused using authentication mechanism %s. For details see the broker logfile.", m.Mechanism)}}
}

// credentials reads the user's name and password from a SASL response.
func (c *conn) credentials(mechanism string, response []byte) (name, password string, err error) {
	switch mechanism {
	case "PLAIN":
		return plainCredentials(response)
	case "AMQPLAIN":
		return amqplainCredentials(response, c.node.Release().LoginMustBeText)
	default: // ANONYMOUS
		return broker.AnonymousUser, broker.AnonymousPassword, nil
	}
}

// plainCredentials reads RFC 4616: authorization identity, name and password,
// apart by zero bytes. RabbitMQ wants the identity to be empty.
func plainCredentials(response []byte) (name, password string, err error) {
	parts := bytes.Split(response, []byte{0})
	if len(parts) != 3 || len(parts[0]) > 0 {
		return "", "", fmt.Errorf("%d parts with an identity of %d bytes, expected 3 and 0", len(parts), len(parts[0]))
	}
	return string(parts[1]), string(parts[2]), nil
}

// amqplainCredentials reads a field table without its length. To RabbitMQ,
// values that are no text are wrong ones, unless the login must be text.
func amqplainCredentials(response []byte, loginMustBeText bool) (name, password string, err error) {
	c := wire.NewCursor(append(binary.BigEndian.AppendUint32(nil, uint32(len(response))), response...))
	t := c.Table()
	if err := c.Err(); err != nil {
		return "", "", err
	}
	login, loginSet := t.Get("LOGIN")
	secret, secretSet := t.Get("PASSWORD")
	name, nameOK := text(login)
	password, _ = text(secret) // no user's password is empty
	if !loginSet || !secretSet || loginMustBeText && !nameOK {
		return "", "", errors.New("no LOGIN or no PASSWORD")
	}
	return name, password, nil
}

// text returns a field that is a string, long or binary.
func text(value any) (s string, ok bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	}
	return "", false
}
