package conformance_test

import (
	"os"
	"testing"

	"github.com/minirabbit/minirabbit/conformance"
	"github.com/minirabbit/minirabbit/testkit"
)

// TestBroker aims the suite at the RabbitMQ that AMQP_URL names (and HTTP_URL, for the management API), or else at the
// emulator, as each of the releases. With -v it shows what was observed.
func TestBroker(t *testing.T) {
	if url := os.Getenv("AMQP_URL"); url != "" {
		conformance.Run(t, conformance.Target{URL: url, ManagementURL: os.Getenv("HTTP_URL"), Observe: show(t)})
		return
	}
	for _, release := range conformance.AllReleases {
		t.Run(string(release), func(t *testing.T) {
			t.Parallel()
			broker := testkit.Start(t, testkit.WithRelease(string(release)), testkit.WithManagement())
			conformance.Run(t, conformance.Target{
				URL: broker.URL(), ManagementURL: broker.ManagementURL(), Release: release, Observe: show(t)})
		})
	}
}

// show logs observations if asked to.
func show(t *testing.T) func(conformance.Case, []conformance.Observation) {
	return func(c conformance.Case, observations []conformance.Observation) {
		if testing.Verbose() {
			for _, o := range observations {
				t.Logf("%s: %s: %s", c.ID, o.Label, o.Value)
			}
		}
	}
}
