package conformance_test

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/conformance"
	"github.com/minirabbit/minirabbit/internal/frametap"
	"github.com/minirabbit/minirabbit/testkit"
)

// TestFrames listens in on the cases that use the official client, and checks
// that package wire decodes every frame of both sides and encodes it to the same
// bytes again. The other cases send frames that are wrong on purpose.
func TestFrames(t *testing.T) {
	url := os.Getenv("AMQP_URL")
	if url == "" {
		url = testkit.Start(t).URL()
	}
	uri, err := amqp.ParseURI(url)
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort(uri.Host, strconv.Itoa(uri.Port))
	tap, err := frametap.Start(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("cases", func(t *testing.T) {
		conformance.Run(t, conformance.Target{
			URL:  strings.Replace(url, address, tap.Addr(), 1),
			Only: func(c conformance.Case) bool { return strings.HasPrefix(c.ID, "client/") },
		})
	})
	if err := tap.Close(); err != nil {
		t.Error(err)
	}
	total := 0
	for _, session := range tap.Sessions() {
		for side, stream := range map[string][]byte{"client": session.Client, "server": session.Server} {
			frames, err := frametap.Check(stream)
			if err != nil {
				t.Errorf("sent by the %s: after %d frames: %v", side, frames, err)
			}
			total += frames
		}
	}
	if total < 100 {
		t.Errorf("%d frames passed, expected hundreds", total)
	}
	t.Logf("%d frames in %d sessions", total, len(tap.Sessions()))
}
