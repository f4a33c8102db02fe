package browsertest

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

var screenshots = flag.String("screenshots", "", "write screenshots for the documentation to this `DIR`")

var warmup = flag.Duration("warmup", 65*time.Second, "how long clients work before the screenshots: a minute fills the charts")

// TestScreenshots shows the page while clients are at work.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no pictures are asked for: -screenshots names no directory")
	}
	dir, err := filepath.Abs(*screenshots)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	broker := testkit.Start(t, testkit.WithManagement())
	work(t, broker)
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicAck).From("test-queue2").Nth(60), Do: testkit.DropConnection})
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicDeliver).From("test-queue1").Nth(3), Do: testkit.Delay(20 * time.Millisecond), Times: 5})
	p := open(t, broker)
	p.logsIn()
	time.Sleep(*warmup) // for a minute of charts
	again := broker.History(t).Queue("test-queue2").Where(func(m testkit.MessageHistory) bool { return m.Deliveries() > 1 })[0]
	for _, shot := range []struct {
		name, scheme, address, sees string
		width, height               int64
	}{
		{"overview", "light", "#/", "Message rates", 1280, 860},
		{"overview", "dark", "#/", "Message rates", 1280, 860},
		{"queue", "light", "#/queues/%2F/test-queue1", "Consumers", 1280, 920},
		{"trace", "dark", "#/trace", "basic.publish", 1280, 640},
		{"message", "light", fmt.Sprintf("#/history/%d", again.ID), "requeued", 1280, 720},
		{"narrow", "dark", "#/queues", "test-queue1", 400, 720},
	} {
		p.goes(shot.address)
		p.sees(shot.sees)
		p.shoot(filepath.Join(dir, shot.name+"-"+shot.scheme+".png"), shot.scheme, shot.width, shot.height)
	}
}

// shoot takes a picture in light or in dark, a moment after the last change so that
// what moves has come to rest.
func (p *tab) shoot(file, scheme string, width, height int64) {
	p.t.Helper()
	p.prefers(scheme)
	p.do(chromedp.EmulateViewport(width, height), chromedp.Sleep(1500*time.Millisecond))
	require.NoError(p.t, os.WriteFile(file, run(p, p.ctx, chromedp.CaptureScreenshot()), 0o644))
}

// work has a shop publish tasks, in waves, and two workers take them.
func work(t *testing.T, broker *testkit.Broker) {
	broker.Declare(t, testkit.Topology{
		Exchanges: []testkit.Exchange{{Name: "test-exchange"}},
		Queues: []testkit.Queue{{Name: "test-queue1"}, {Name: "test-queue2"}, {Name: "results"},
			{Name: "unrouted", Arguments: amqp.Table{"x-message-ttl": int64(60000), "x-max-length": int64(1000)}}},
		Bindings: []testkit.Binding{{Source: "test-exchange", Queue: "test-queue1", RoutingKey: "redpill"}, {Source: "test-exchange", Queue: "test-queue2", RoutingKey: "bluepill"}},
	})
	ctx, cancel := context.WithCancel(t.Context())
	var working sync.WaitGroup
	t.Cleanup(func() { cancel(); working.Wait() })
	working.Go(func() {
		_, ch := dial(broker, "shop")
		ch.Confirm(false)
		for i := 0; ctx.Err() == nil; i++ {
			key := "redpill"
			if i%3 == 0 {
				key = "bluepill"
			}
			ch.Publish("test-exchange", key, false, false, amqp.Publishing{ContentType: "application/json", DeliveryMode: 2, Body: fmt.Appendf(nil, `{"limit": %d}`, i)})
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(45+35*math.Sin(float64(time.Now().UnixMilli())/6000)) * time.Millisecond):
			}
		}
	})
	working.Go(func() { collect(ctx, broker) })
	for _, queue := range []string{"test-queue1", "test-queue2"} {
		working.Go(func() {
			for ctx.Err() == nil { // and again, when a fault has dropped the connection
				consume(ctx, broker, queue)
			}
		})
	}
}

// consume takes tasks from a queue until the connection ends.
func consume(ctx context.Context, broker *testkit.Broker, queue string) {
	conn, ch := dial(broker, "worker of "+queue)
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	ch.Qos(20, 0, false)
	deliveries, _ := ch.Consume(queue, "worker", false, false, false, false, nil)
	for d := range deliveries {
		ch.Publish("", "results", false, false, amqp.Publishing{Body: d.Body})
		time.Sleep(30 * time.Millisecond)
		d.Ack(false)
	}
}

// collect takes the results.
func collect(ctx context.Context, broker *testkit.Broker) {
	conn, ch := dial(broker, "collector")
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	results, _ := ch.Consume("results", "collector", true, false, false, false, nil)
	for range results {
	}
}

func dial(broker *testkit.Broker, name string) (*amqp.Connection, *amqp.Channel) {
	config := broker.ClientConfig()
	config.Properties = amqp.NewConnectionProperties()
	config.Properties.SetClientConnectionName(name)
	conn, err := amqp.DialConfig(broker.URL(), config)
	if err != nil {
		panic(err)
	}
	ch, err := conn.Channel()
	if err != nil {
		panic(err)
	}
	return conn, ch
}
