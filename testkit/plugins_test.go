package testkit_test

import (
	"fmt"
	"slices"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// What releases answer was measured on nodes with no plug-in but the management's.
func TestWithoutPlugins(t *testing.T) {
	for release, code := range map[string]int{"3.10": amqp.CommandInvalid, "4.0": amqp.PreconditionFailed, "4.3": amqp.PreconditionFailed} {
		t.Run(release, func(t *testing.T) {
			broker := testkit.Start(t, testkit.WithRelease(release), testkit.WithoutPlugins())
			for _, kind := range []string{"x-consistent-hash", "x-random", "x-recent-history", "x-delayed-message"} {
				_, ch := dial(t, broker)
				err := ch.ExchangeDeclare("x", kind, true, false, false, false, amqp.Table{"x-delayed-type": "direct"})
				var refusal *amqp.Error
				require.ErrorAs(t, err, &refusal)
				require.Equal(t, code, refusal.Code)
				word := "unknown"
				if kind == "x-random" && release == "4.3" {
					word = "invalid" // Erlang code in RabbitMQ 4.3 uses the word
				}
				require.Contains(t, refusal.Reason, fmt.Sprintf("%s exchange type '%s'", word, kind))
			}
			// RabbitMQ's own, though their names begin like those of plug-ins.
			for kind, since := range map[string][]string{"topic": {"3.10", "4.0", "4.3"}, "x-local-random": {"4.0", "4.3"}, "x-modulus-hash": {"4.3"}} {
				_, ch := dial(t, broker)
				err := ch.ExchangeDeclare(kind, kind, true, false, false, false, nil)
				if slices.Contains(since, release) {
					require.NoError(t, err, kind)
				} else {
					require.ErrorContains(t, err, fmt.Sprintf("unknown exchange type '%s'", kind))
				}
			}
		})
	}
}
