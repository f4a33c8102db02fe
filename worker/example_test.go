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
)

// The job: the largest Fibonacci number below a limit.
func ExampleFibonacci() {
	for _, limit := range []int64{12, 21, 1112} {
		value, err := worker.Fibonacci(limit)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(limit, "→", value)
	}
	// Output:
	// 12 → 8
	// 21 → 13
	// 1112 → 987
}

// What a worker does with the body of a message.
func ExampleParseTask() {
	task, err := worker.ParseTask([]byte(`{"limit": 1112}`))
	fmt.Println(task.Limit, err)
	_, err = worker.ParseTask([]byte(`{"limit": -3}`))
	fmt.Println(err)
	// Output:
	// 1112 <nil>
	// worker: not a task: limit -3 is below 1, and no Fibonacci number is less than that: "{\"limit\": -3}"
}

// The sentence that a worker publishes.
func ExampleResult() {
	fmt.Println(worker.Result{Limit: 1112, Value: 987})
	// Output: Job finished! Result is 987
}

// A program that does tasks until it is interrupted, and then finishes those that it has begun.
func ExampleRun() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := worker.Run(ctx, os.Getenv("AMQP_URL"),
		worker.WithConcurrency(8),
		worker.WithMaxPause(10*time.Second),
		worker.WithDrainTimeout(time.Minute))
	if err != nil {
		log.Fatal(err)
	}
}

// A program that hands out tasks, and those that may have been lost once more.
func ExampleProducer() {
	producer, err := worker.NewProducer(os.Getenv("AMQP_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer producer.Close()
	receipts, err := producer.Publish(context.Background(), worker.RedPill, worker.Task{Limit: 12}, worker.Task{Limit: 1112})
	if err == nil {
		return // both are safe with the broker
	}
	var again []worker.Task
	for _, receipt := range receipts {
		if errors.Is(receipt.Err, worker.ErrUnconfirmed) || errors.Is(receipt.Err, worker.ErrNotSent) {
			again = append(again, receipt.Task) // done twice at worst, under the same id
		}
	}
	if _, err := producer.Publish(context.Background(), worker.RedPill, again...); err != nil {
		log.Print(err)
	}
}
