package worker_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/minirabbit/minirabbit/worker"
	"github.com/minirabbit/minirabbit/worker/celery"
)

// A Celery worker in Go: for `wrapped_main.delay(15)` of a Python program.
func ExampleWorker() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	url := os.Getenv("AMQP_URL")
	messenger, err := worker.NewMessenger(url)
	if err != nil {
		log.Fatal(err)
	}
	defer messenger.Close()
	w, err := worker.New(url, worker.WithQueues("test-queue1"), worker.WithTimeLimits(time.Minute, 0))
	if err != nil {
		log.Fatal(err)
	}
	worker.Register(w, "tasks.wrapped_main", func(ctx context.Context, limit int64) (int64, error) {
		value, err := worker.Fibonacci(limit)
		if err != nil {
			return 0, celery.NewException("builtins", "ValueError", err.Error())
		}
		return value, messenger.Tell(ctx, worker.Result{Limit: limit, Value: value})
	})
	if err := w.Run(ctx); err != nil {
		log.Fatal(err)
	}
}

// A task of several parameters, one of them optional, that asks to be tried again.
func ExampleRegister() {
	w, err := worker.New(os.Getenv("AMQP_URL"))
	if err != nil {
		log.Fatal(err)
	}
	type resize struct {
		Image  string `json:"image"`
		Width  int    `json:"width"`
		Height int    `json:"height,omitempty"`
	}
	errBusy := errors.New("busy")
	worker.Register(w, "images.resize", func(ctx context.Context, r resize) (string, error) {
		if worker.FromContext(ctx).Retries == 0 {
			return "", worker.RetryAfter(10*time.Second, errBusy)
		}
		return fmt.Sprintf("%s at %d by %d", r.Image, r.Width, r.Height), nil
	}, worker.MaxRetries(5))
}

// A Celery producer in Go, for workers in any language.
func ExampleClient() {
	ctx := context.Background()
	client, err := worker.NewClient(os.Getenv("AMQP_URL"), worker.WithRoute("tasks.*", "test-queue1"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	result, err := client.Delay(ctx, "tasks.wrapped_main", 15)
	if err != nil {
		log.Fatal(err)
	}
	value, err := worker.Get[int64](ctx, result)
	if errors.Is(err, celery.NewException("builtins", "ValueError")) {
		log.Fatal("it raised a ValueError")
	} else if err != nil {
		log.Fatal(err)
	}
	fmt.Println(value)

	// With options, as a chain.
	last, err := client.SendChain(ctx,
		worker.NewCall("tasks.add", 1, 2).Countdown(10*time.Second).Expires(time.Hour),
		worker.NewCall("tasks.add", 4).Priority(5))
	if err != nil {
		log.Fatal(err)
	}
	sum, err := worker.Get[int](ctx, last)
	fmt.Println(sum, err)
}
