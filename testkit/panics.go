package testkit

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/minirabbit/minirabbit/broker"
)

// panics are those that the emulator has survived. Each fails the test when it ends.
type panics struct {
	mu       sync.Mutex
	problems []error
}

// add prints a panic at once, too: the test may never end.
func (p *panics) add(panicked *broker.Panic) {
	problem := fmt.Errorf("%w, which is a bug in minirabbit\n\n%s", panicked, panicked.Stack)
	fmt.Fprintln(os.Stderr, problem)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, problem)
}

// take returns what was added since the last time, nil if nothing was.
func (p *panics) take() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.problems
	p.problems = nil
	return errors.Join(all...)
}
