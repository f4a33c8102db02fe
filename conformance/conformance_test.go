package conformance

import (
	"os"
	"testing"
)

// TestBroker aims the suite at the RabbitMQ that AMQP_URL names (and HTTP_URL, for the management API), or else at the
// emulator. With -v it shows what was observed.
func TestBroker(t *testing.T) {
	url := os.Getenv("AMQP_URL")
	if url == "" {
		t.Skip("the emulator is not there yet")
	}
	Run(t, Target{URL: url, ManagementURL: os.Getenv("HTTP_URL"), Observe: func(c Case, observations []Observation) {
		if testing.Verbose() {
			for _, o := range observations {
				t.Logf("%s: %s: %s", c.ID, o.Label, o.Value)
			}
		}
	}})
}
