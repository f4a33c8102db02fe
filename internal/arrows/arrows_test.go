// Package arrows holds the rule of who may import whom.
package arrows

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/minirabbit/minirabbit/"

// forbidden lists, for each package, what it must not import: packages of this
// module by their path in it, others whole. testdata and tests are free.
var forbidden = map[string][]string{
	"wire":            {"release", "exchange", "queue", "broker", "amqpserver", "management", "testkit", "worker", "conformance", "net", "sync"},
	"release":         {"exchange", "queue", "broker", "amqpserver", "management", "testkit", "worker", "conformance", "net", "sync", "time"},
	"exchange":        {"queue", "broker", "amqpserver", "management", "testkit", "worker", "conformance", "net", "sync", "time"},
	"queue":           {"exchange", "broker", "amqpserver", "management", "testkit", "worker", "conformance", "net", "sync", "time"},
	"broker":          {"amqpserver", "internal/fault", "internal/record", "management", "testkit", "worker", "conformance"},
	"amqpserver":      {"internal/fault", "internal/record", "management", "testkit", "worker", "conformance"},
	"internal/fault":  {"management", "testkit", "worker", "conformance", "testing", "github.com/rabbitmq/amqp091-go"},
	"internal/record": {"management", "testkit", "worker", "conformance"},
	"management":      {"testkit", "worker", "conformance"},
	"testkit":         {"worker", "conformance", "testing", "testing/synctest", "github.com/stretchr/testify"},
	"worker":          {"exchange", "queue", "broker", "amqpserver", "management", "testkit", "conformance"},
	"worker/celery":   {"exchange", "queue", "broker", "amqpserver", "management", "testkit", "conformance", "worker", "net"},
	"conformance":     {"exchange", "queue", "broker", "amqpserver", "management", "testkit", "worker"},
}

func TestImports(t *testing.T) {
	for name, refused := range forbidden {
		t.Run(name, func(t *testing.T) {
			out, err := exec.Command("go", "list", "-f", "{{join .Imports \"\\n\"}}", module+name).CombinedOutput()
			if err != nil {
				t.Fatalf("go list %s: %v\n%s", name, err, out)
			}
			imports := strings.Fields(string(out))
			if len(imports) == 0 {
				t.Fatalf("go list tells no imports of %s", name)
			}
			for _, path := range refused {
				if slices.Contains(imports, path) || slices.Contains(imports, module+path) {
					t.Errorf("package %s imports %s", name, path)
				}
			}
		})
	}
}
