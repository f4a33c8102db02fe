package management

import (
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/wire"
)

// A queue or an exchange that exists is left as it is, whatever the document says of it.

// isReserved says whether a name is one of the broker's own. Documents have some, such as the exchange amq.rabbitmq.log; they
// are passed over.
func isReserved(name string) bool { return name == "" || strings.HasPrefix(name, "amq.") }

// queue declares a queue.
func (i *importer) queue(vh *broker.VHost, o input) error {
	if !isText(o["name"]) {
		return &problem{"the name of a queue is not a text"}
	}
	if isReserved(o.text("name")) {
		return nil
	}
	m := &wire.QueueDeclare{Queue: o.text("name"), Durable: true}
	for _, property := range []struct {
		key string
		to  *bool
	}{{"durable", &m.Durable}, {"auto_delete", &m.AutoDelete}} {
		value, set := o[property.key]
		flag, isFlag := value.(bool)
		switch {
		case isFlag:
			*property.to = flag
		case set && i.rules.VHostDefinitions:
			return crash("badarg")
		case set, !i.rules.VHostDefinitions && i.vhost == "":
			return crash("function_clause")
		}
	}
	var err error
	if m.Arguments, err = i.arguments(o); err != nil {
		return err
	}
	vh.Lock()
	defer vh.Unlock()
	if vh.Queue(m.Queue) != nil {
		return nil
	}
	_, err = vh.DeclareQueue(nil, m)
	return err
}

// arguments reads the arguments of an item, which may be missing.
func (i *importer) arguments(o input) (wire.Table, error) {
	if value, set := o["arguments"]; set && !isList(value) {
		if _, isObject := value.(map[string]any); !isObject {
			return nil, crash("function_clause")
		}
	}
	return o.table("arguments")
}

// exchange declares an exchange.
func (i *importer) exchange(vh *broker.VHost, o input) error {
	if name, set := o["name"]; set && !isText(name) {
		return crash("function_clause")
	}
	if isReserved(o.word("name")) {
		return nil
	}
	m := &wire.ExchangeDeclare{Exchange: o.word("name"), Type: o.word("type"), Durable: true}
	for _, property := range []struct {
		key string
		to  *bool
	}{{"durable", &m.Durable}, {"auto_delete", &m.AutoDelete}, {"internal", &m.Internal}} {
		if _, set := o[property.key]; !set {
			continue
		}
		var err error
		if *property.to, err = o.flag(property.key); err != nil {
			return err
		}
	}
	var err error
	if m.Arguments, err = i.arguments(o); err != nil {
		return err
	}
	vh.Lock()
	defer vh.Unlock()
	if vh.Exchange(m.Exchange) != nil {
		return nil
	}
	if _, err = declareExchange(vh, nil, m); err == nil && i.user != nil {
		vh.Exchange(m.Exchange).DeclaredBy = i.user.Name()
	}
	return err
}

// binding binds a queue or an exchange. RabbitMQ up to 3.x ignores a binding whose ends are missing.
func (i *importer) binding(o input) error {
	toExchange := o["destination_type"] == "exchange"
	if !toExchange && o["destination_type"] != "queue" {
		return crash("function_clause")
	}
	args, err := i.arguments(o)
	if err != nil {
		return err
	}
	vhost := i.vhostName(o)
	vh := i.node.VHost(vhost)
	if vh == nil {
		return i.missingEnds(vhost, missingResource(vhost, "exchange", o.word("source")), missingResource(vhost, o.word("destination_type"), o.word("destination")))
	}
	vh.Lock()
	defer vh.Unlock()
	source := vh.Exchange(o.word("source"))
	var missing []string
	if source == nil {
		missing = append(missing, missingResource(vhost, "exchange", o.word("source")))
	}
	var destination exchange.Destination
	if x := vh.Exchange(o.word("destination")); toExchange && x != nil {
		destination = x
	}
	if q := vh.Queue(o.word("destination")); !toExchange && q != nil {
		destination = q
	}
	if destination == nil {
		missing = append(missing, missingResource(vhost, o.word("destination_type"), o.word("destination")))
	}
	switch {
	case missing != nil:
		return i.missingEnds(vhost, missing...)
	case !isText(o["routing_key"]):
		return crash("badarg")
	case source.Name() == "":
		return nil // every queue is bound to the default exchange
	}
	return vh.Bind(source, destination, o.text("routing_key"), args)
}

// missingEnds refuses a binding whose source or destination does not exist.
func (i *importer) missingEnds(vhost string, ends ...string) error {
	if !i.rules.VHostDefinitions {
		return nil
	}
	return &problem{"{resources_missing,[" + strings.Join(ends, ",\n                    ") + "]}"}
}
