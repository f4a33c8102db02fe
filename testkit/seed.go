package testkit

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"

	"github.com/minirabbit/minirabbit/management"
)

// Load creates what definitions describe: the JSON that RabbitMQ exports as
// definitions.json, with users, virtual hosts, exchanges, queues, bindings and
// policies. It fails the test for what RabbitMQ refuses.
//
// On a real RabbitMQ only what is in the virtual host "/", or says nothing of
// virtual hosts, is created, in the test's own.
func (b *Broker) Load(definitions []byte) {
	b.t.Helper()
	load := func() error { return management.Import(b.node, definitions) }
	if b.real != nil {
		load = func() error { return b.real.load(definitions) }
	}
	if err := load(); err != nil {
		b.t.Fatalf("testkit: %v", err)
	}
}

// LoadFile is Load for a file.
func (b *Broker) LoadFile(name string) {
	b.t.Helper()
	definitions, err := os.ReadFile(name)
	if err != nil {
		b.t.Fatalf("testkit: %v", err)
	}
	b.Load(definitions)
}

// load imports into the test's virtual host what is meant for "/".
func (r *real) load(definitions []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(definitions, &all); err != nil {
		return err
	}
	mine := make(map[string][]map[string]any)
	for _, key := range []string{"parameters", "policies", "queues", "exchanges", "bindings"} {
		var list []map[string]any
		if text, ok := all[key]; ok {
			if err := json.Unmarshal(text, &list); err != nil {
				return err
			}
		}
		for _, o := range list {
			if vhost, named := o["vhost"]; named && vhost != "/" {
				continue
			}
			delete(o, "vhost")
			mine[key] = append(mine[key], o)
		}
	}
	return r.call(context.Background(), http.MethodPost, "/api/definitions/"+url.PathEscape(r.vhost), mine, nil)
}
