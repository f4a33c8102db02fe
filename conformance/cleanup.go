package conformance

import (
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// cleanUp ends a case: it closes the connections that are still open and deletes what the names of the case were given
// to. Deleting what does not exist is no error.
func (t *T) cleanUp() {
	for _, connection := range t.connections {
		_ = connection.Close() // the case or the broker may have closed it already
	}
	if err := t.removeEverything(); err != nil {
		t.Errorf("cleaning up: %v", err)
	}
}

func (t *T) removeEverything() error {
	var connection *amqp.Connection
	for _, name := range t.names {
		if name.kind == plainName {
			continue
		}
		if connection == nil {
			var err error
			if connection, err = amqp.Dial(t.target.URL); err != nil {
				return err
			}
			defer connection.Close()
		}
		if err := remove(connection, name); err != nil {
			return fmt.Errorf("%s: %w", name.name, err)
		}
	}
	return nil
}

// remove deletes one thing. A queue that is exclusive to a connection closed just now goes by itself, and is refused
// until then.
func remove(connection *amqp.Connection, name generatedName) error {
	for start := time.Now(); ; {
		channel, err := connection.Channel()
		if err != nil {
			return err
		}
		if name.kind == queueName {
			_, err = channel.QueueDelete(name.name, false, false, false)
		} else {
			err = channel.ExchangeDelete(name.name, false, false)
		}
		if err == nil {
			return channel.Close()
		}
		var refusal *amqp.Error
		if !errors.As(err, &refusal) || refusal.Code != amqp.ResourceLocked || time.Since(start) > patience {
			return err
		}
	}
}
