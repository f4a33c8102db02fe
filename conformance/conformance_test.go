package conformance

import (
	"os"
	"testing"
)

// TestBroker aims the suite at the RabbitMQ that AMQP_URL names (and HTTP_URL, for the management API), or else at the
// emulator.
func TestBroker(t *testing.T) {
	url := os.Getenv("AMQP_URL")
	if url == "" {
		t.Skip("the emulator is not there yet")
	}
	Run(t, Target{URL: url, ManagementURL: os.Getenv("HTTP_URL")})
}
