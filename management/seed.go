package management

import (
	"fmt"

	"github.com/minirabbit/minirabbit/broker"
)

// Import creates in a node what a file of definitions describes, as POST
// /api/definitions does. Definitions without virtual hosts, as RabbitMQ exports
// them of a single one, go to the virtual host "/".
func Import(node *broker.Node, definitions []byte) error {
	in, err := decodeObject(definitions)
	if err != nil {
		return fmt.Errorf("definitions: %w", err)
	}
	vhost := "/"
	if _, whole := in["vhosts"]; whole || namesVHosts(in) {
		vhost = ""
	}
	r := &request{api: &API{node: node, rules: node.Release().Management()}}
	if err := r.restore(in, vhost); err != nil {
		return fmt.Errorf("definitions: %w", err)
	}
	return nil
}

// namesVHosts says whether the definitions say of their queues and exchanges
// which virtual host they are in.
func namesVHosts(in input) (named bool) {
	for _, key := range []string{"queues", "exchanges", "bindings", "policies"} {
		_ = in.each(key, func(o input) error {
			if o.text("vhost") != "" {
				named = true
			}
			return nil
		})
	}
	return named
}
