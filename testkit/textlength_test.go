package testkit_test

import (
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// textLengths are those around what a short string can hold, and far beyond.
var textLengths = []int{0, 1, 254, 255, 256, 300, 70_000}

// FuzzTextLengths has a client declare, bind, publish and consume with texts of all those lengths, wherever AMQP or the field
// table of a method has room for a text. Nothing of that may stop the broker: another client works on. The history and the trace
// are on. Each byte of the program is one command and one length.
func FuzzTextLengths(f *testing.F) {
	f.Add([]byte{4*textCommands + 2, textCommands + 6}) // a dead letter's routing key of 256 bytes, and a consumer of it
	var all []byte
	for step := range len(textLengths) * textCommands {
		all = append(all, byte(step))
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, program []byte) {
		b := testkit.Start(t, testkit.InMemory())
		s := &textSession{t: t, b: b}
		for _, step := range program[:min(len(program), 64)] {
			s.do(int(step)%textCommands, textLengths[int(step)/textCommands%len(textLengths)])
		}
		s.hangUp()
		ch := s.channel()
		_, err := ch.QueueDeclare("alive", false, false, false, false, nil)
		require.NoError(t, err, "the broker does not answer any more")
		s.hangUp()
	})
}

// textCommands is how many commands textSession.do knows.
const textCommands = 7

// textSession is a client that connects anew when the broker has closed its connection.
type textSession struct {
	t    *testing.T
	b    *testkit.Broker
	conn *amqp.Connection
}

func (s *textSession) channel() *amqp.Channel {
	s.t.Helper()
	if s.conn == nil || s.conn.IsClosed() {
		conn, err := amqp.DialConfig(s.b.URL(), s.b.ClientConfig())
		require.NoError(s.t, err)
		s.conn = conn
	}
	ch, err := s.conn.Channel()
	if err != nil { // the connection has ended meanwhile
		s.conn.Close()
		s.conn = nil
		return s.channel()
	}
	return ch
}

func (s *textSession) hangUp() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// do carries out a command with a text of a length. The broker may refuse it.
func (s *textSession) do(command, length int) {
	text := strings.Repeat("k", length)
	short := text[:min(length, 255)] // for what is a short string on the wire: the client sends no longer ones
	ch := s.channel()
	switch command {
	case 0:
		_ = ch.ExchangeDeclare(short, "headers", false, false, false, false, amqp.Table{"alternate-exchange": text})
	case 1:
		_, _ = ch.QueueDeclare(short, false, false, false, false, amqp.Table{"x-dead-letter-exchange": text, short: text})
		_ = ch.QueueBind(short, short, "amq.topic", false, amqp.Table{short: text})
	case 2:
		_, _ = ch.QueueDeclare("dying", false, false, false, false, amqp.Table{"x-message-ttl": 0, "x-dead-letter-exchange": "amq.fanout", "x-dead-letter-routing-key": text})
		_, _ = ch.QueueDeclare("dead", false, false, false, false, nil)
		_ = ch.QueueBind("dead", "", "amq.fanout", false, nil)
		s.publish(ch, "", "dying", amqp.Publishing{})
	case 3:
		s.publish(ch, short, short, amqp.Publishing{Headers: amqp.Table{"CC": []any{text, "dead"}, "BCC": []any{text}, short: text}})
	case 4:
		s.publish(ch, "amq.fanout", short, amqp.Publishing{MessageId: short, CorrelationId: short, Type: short, AppId: short, UserId: short, Expiration: short, ReplyTo: short, ContentType: short, ContentEncoding: short})
	case 5:
		s.publish(ch, "amq.fanout", short, amqp.Publishing{Type: short, ReplyTo: short})
	case 6:
		_, _ = ch.Consume("dead", short, length%2 == 0, false, false, false, amqp.Table{short: text})
		_, _, _ = ch.Get("dead", true)
	}
}

// publish publishes, and waits for the broker to have carried that out.
func (s *textSession) publish(ch *amqp.Channel, exchange, key string, p amqp.Publishing) {
	_ = ch.PublishWithContext(s.t.Context(), exchange, key, true, false, p)
	_, _ = ch.QueueDeclare("", false, true, true, false, nil)
}
