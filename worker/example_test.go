package worker_test

import (
	"fmt"

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
