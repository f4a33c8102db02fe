package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"time"
)

// Node is what only those who run a broker can do to it. It disturbs whoever else uses the broker.
type Node interface {
	// SetAlarm has the broker run short of "memory" or "disk", or ends that.
	SetAlarm(resource string, raised bool) error
	// Restart stops the broker in good order and starts it again. It returns when the broker is up.
	Restart() error
	// SetConsumerTimeout sets for how long a message may be held on channels that are opened from now on, and has the
	// broker look several times a second. Zero sets RabbitMQ's defaults, half an hour and once a minute.
	SetConsumerTimeout(d time.Duration) error
	// SetDeadLetterRetry sets the time after which a dead letter is tried again that did not arrive, for queues that are
	// declared from now on. Zero sets RabbitMQ's default, three minutes.
	SetDeadLetterRetry(d time.Duration) error
}

// Rabbitmqctl is the Node of a real RabbitMQ, of which path is the rabbitmqctl.
func Rabbitmqctl(path string) Node { return &rabbitmqctl{path: path} }

type rabbitmqctl struct {
	path string

	// limits are what the node was configured with, by resource; nil until they are needed.
	limits map[string]int64
}

// SetAlarm sets a limit that no machine keeps, and later the one that was there before.
func (r *rabbitmqctl) SetAlarm(resource string, raised bool) error {
	if r.limits == nil {
		if err := r.readLimits(); err != nil {
			return err
		}
	}
	command := map[string][]string{"memory": {"set_vm_memory_high_watermark", "absolute"}, "disk": {"set_disk_free_limit"}}[resource]
	unkept := map[string]int64{"memory": 1_000_000, "disk": 1_000_000_000_000_000}[resource]
	if command == nil {
		return fmt.Errorf("conformance: an alarm is for memory or disk, not for %q", resource)
	}
	limit := r.limits[resource]
	if raised {
		limit = unkept
	}
	_, err := r.run(append(command, strconv.FormatInt(limit, 10))...)
	return err
}

func (r *rabbitmqctl) readLimits() error {
	output, err := r.run("status", "--formatter", "json")
	if err != nil {
		return err
	}
	var status struct {
		Memory int64 `json:"vm_memory_high_watermark_limit"`
		Disk   int64 `json:"disk_free_limit"`
	}
	// Under load, the Erlang machine of the command may report something first.
	if begin := bytes.Index(output, []byte("\n{")); begin >= 0 {
		output = output[begin:]
	}
	if err := json.Unmarshal(output, &status); err != nil {
		return fmt.Errorf("conformance: what %s status says: %w", r.path, err)
	}
	r.limits = map[string]int64{"memory": status.Memory, "disk": status.Disk}
	return nil
}

// Restart stops the broker but not the Erlang machine that it runs in.
func (r *rabbitmqctl) Restart() error {
	if _, err := r.run("stop_app"); err != nil {
		return err
	}
	_, err := r.run("start_app")
	return err
}

// SetConsumerTimeout implements [Node]. There is no command for it.
func (r *rabbitmqctl) SetConsumerTimeout(d time.Duration) error {
	tick := 200 * time.Millisecond
	if d == 0 {
		d, tick = 30*time.Minute, time.Minute
	}
	set := "application:set_env(rabbit, consumer_timeout, %d), application:set_env(rabbit, channel_tick_interval, %d)."
	_, err := r.run("eval", fmt.Sprintf(set, d.Milliseconds(), tick.Milliseconds()))
	return err
}

// SetDeadLetterRetry implements [Node]. There is no command for it.
func (r *rabbitmqctl) SetDeadLetterRetry(d time.Duration) error {
	if d == 0 {
		d = 3 * time.Minute
	}
	_, err := r.run("eval", fmt.Sprintf("application:set_env(rabbit, dead_letter_worker_publisher_confirm_timeout, %d).", d.Milliseconds()))
	return err
}

// run runs a command and gives its output.
func (r *rabbitmqctl) run(args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	command := exec.Command(r.path, args...)
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("conformance: %s %v: %w: %s", r.path, args, err, bytes.TrimSpace(append(output, stderr.Bytes()...)))
	}
	return output, nil
}

// SetAlarm is [Node.SetAlarm] for the time of the case.
func (t *T) SetAlarm(resource string, raised bool) {
	t.Helper()
	t.Must(t.target.Node.SetAlarm(resource, raised))
	if raised {
		t.Cleanup(func() {
			if err := t.target.Node.SetAlarm(resource, false); err != nil {
				t.Errorf("ending the alarm: %v", err)
			}
		})
	}
}

// Restart is [Node.Restart].
func (t *T) Restart() {
	t.Helper()
	t.Must(t.target.Node.Restart())
}

// SetConsumerTimeout is [Node.SetConsumerTimeout] for the time of the case.
func (t *T) SetConsumerTimeout(d time.Duration) {
	t.Helper()
	t.Must(t.target.Node.SetConsumerTimeout(d))
	t.Cleanup(func() {
		if err := t.target.Node.SetConsumerTimeout(0); err != nil {
			t.Errorf("setting the consumer timeout back: %v", err)
		}
	})
}

// SetDeadLetterRetry is [Node.SetDeadLetterRetry] for the time of the case.
func (t *T) SetDeadLetterRetry(d time.Duration) {
	t.Helper()
	t.Must(t.target.Node.SetDeadLetterRetry(d))
	t.Cleanup(func() {
		if err := t.target.Node.SetDeadLetterRetry(0); err != nil {
			t.Errorf("setting the retry of dead letters back: %v", err)
		}
	})
}
