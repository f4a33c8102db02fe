package exchange

import "github.com/minirabbit/minirabbit/wire"

// A Message is what exchanges look at. It is not changed, and only an exchange of the kind x-recent-history keeps
// anything of it beyond the call: Headers, Properties and Content, which must then stay as they are.
type Message struct {
	// RoutingKeys holds the message's own routing key, and after it those of its headers CC and BCC. There is at
	// least one.
	RoutingKeys []string

	// Headers are the message's headers without BCC, which RabbitMQ removes before it routes: no binding to a
	// headers exchange sees it. CC stays.
	Headers wire.Table

	// Properties is read by exchanges of the kind x-consistent-hash with the argument hash-property. Nil stands for
	// no properties.
	Properties *wire.Properties

	// Content is the broker's own message, which no exchange reads. [Exchange.Replay] hands it back.
	Content any
}
