package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/minirabbit/minirabbit/worker"
)

// A message is one that the demonstration publishes.
type message struct {
	key  string
	task worker.Task // only its ID counts if there is junk
	junk []byte      // what is published instead of a task; nil for a task
}

// makeMessages makes so many tasks, the same at each run but for the ids, and two messages of junk among them.
func makeMessages(run string, tasks int) []message {
	keys := []string{worker.RedPill, worker.BluePill}
	limits := []int64{12, 21, 1112} // the tutorial's
	random := rand.New(rand.NewPCG(1, 1))
	messages := make([]message, 0, tasks+2)
	for i := range tasks {
		limit := 1 + random.Int64N(1_000_000)
		if i < len(limits) {
			limit = limits[i]
		}
		messages = append(messages, message{key: keys[i%2], task: worker.Task{Limit: limit}})
	}
	messages = slices.Insert(messages, tasks/3, message{key: worker.BluePill, junk: []byte(`{"limit": -3}`)})
	messages = slices.Insert(messages, 2*tasks/3+1, message{key: worker.RedPill, junk: []byte("twelve, please")})
	for i := range messages {
		messages[i].task.ID = fmt.Sprintf("demo-%s-%d", run, i+1)
	}
	return messages
}
