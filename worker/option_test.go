package worker

import (
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

func TestOptionsThatMakeNoSense(t *testing.T) {
	for _, c := range []struct {
		name, want string
		option     Option
	}{
		{"logger", "WithLogger: nil, expected a logger", WithLogger(nil)},
		{"queues", "WithQueues: none, expected at least one", WithQueues()},
		{"concurrency", "WithConcurrency: 0, expected 1 or more", WithConcurrency(0)},
		{"prefetch negative", "WithPrefetch: -1, expected 0 to 65535", WithPrefetch(-1)},
		{"prefetch too large", "WithPrefetch: 65536, expected 0 to 65535", WithPrefetch(65536)},
		{"pause", "WithMaxPause: -1s, expected 0 or more", WithMaxPause(-time.Second)},
		{"drain", "WithDrainTimeout: -1s, expected 0 or more", WithDrainTimeout(-time.Second)},
		{"backoff zero", "WithBackoff: 0s and 1s, expected more than 0", WithBackoff(0, time.Second)},
		{"backoff reversed", "WithBackoff: 2s and 1s, expected more than 0 and no less than the first", WithBackoff(2*time.Second, time.Second)},
		{"window", "WithWindow: 0, expected 1 or more", WithWindow(0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.ErrorContains(t, Run(t.Context(), "amqp://localhost", c.option), "worker: option "+c.want)
			_, err := NewProducer("amqp://localhost", c.option)
			require.ErrorContains(t, err, "worker: option "+c.want)
		})
	}
}

func TestURLThatMakesNoSense(t *testing.T) {
	for url, want := range map[string]string{
		"http://localhost":               "AMQP scheme must be either 'amqp://' or 'amqps://'",
		"amqp://guest:secret@local:host": `invalid port ":host" after host`,
	} {
		err := Run(t.Context(), url)
		require.ErrorContains(t, err, "worker: broker URL: "+want)
		require.NotContains(t, err.Error(), "secret")
		_, err = NewProducer(url)
		require.ErrorContains(t, err, "worker: broker URL: "+want)
	}
}

func TestConfigLeavesTheCallersAlone(t *testing.T) {
	mine := amqp.Config{Properties: amqp.Table{"product": "mine"}, Recovery: &amqp.Recovery{}}
	cfg, err := newConfig("worker", []Option{WithConfig(mine), WithConcurrency(3)})
	require.NoError(t, err)
	require.Equal(t, amqp.Table{"product": "mine"}, mine.Properties)
	require.Equal(t, "mine", cfg.amqp.Properties["product"])
	require.Equal(t, "worker@"+cfg.host, cfg.amqp.Properties["connection_name"])
	require.Nil(t, cfg.amqp.Recovery)
	require.Equal(t, 3, cfg.prefetch)

	mine.Properties.SetClientConnectionName("my worker")
	cfg, err = newConfig("worker", []Option{WithConfig(mine)})
	require.NoError(t, err)
	require.Equal(t, "my worker", cfg.amqp.Properties["connection_name"])
}
