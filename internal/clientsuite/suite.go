package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/minirabbit/minirabbit/internal/testevents"
)

const clientModule = "github.com/rabbitmq/amqp091-go"

// The port on which the client's tests expect the management API, wherever the broker under test has it.
const managementPort = "15672"

// A suite is a copy of the client's module whose tests are aimed at one broker.
type suite struct {
	Dir string
	Env []string      // beyond the process's own
	Has map[need]bool // what the broker could have and this one has not is false
}

// newSuite copies the client's module, at the version that the main module requires, into dir and aims its tests at
// the broker at amqpURL, with the management API on httpPort and the given rabbitmqctl. Without an API the tests that
// want one meet a port on which nothing listens, so that they never reach another broker of the machine; without a
// rabbitmqctl the test that wants one skips itself.
func newSuite(ctx context.Context, dir, amqpURL, httpPort, rabbitmqctl string) (*suite, error) {
	download := exec.CommandContext(ctx, "go", "mod", "download", clientModule)
	if out, err := download.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go mod download %s: %w: %s", clientModule, err, bytes.TrimSpace(out))
	}
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", clientModule).Output()
	if err != nil {
		return nil, fmt.Errorf("go list -m %s: %w", clientModule, err)
	}
	has := map[need]bool{needManagement: httpPort != "", needRabbitmqctl: rabbitmqctl != "", needArguments: true}
	if httpPort == "" {
		httpPort = "1"
	}
	if err := copyModule(dir, strings.TrimSpace(string(out)), httpPort); err != nil {
		return nil, fmt.Errorf("copying %s: %w", clientModule, err)
	}
	s := &suite{Dir: dir, Env: []string{"GOWORK=off", "GOFLAGS=-mod=mod", "AMQP_URL=" + amqpURL}, Has: has}
	if rabbitmqctl != "" {
		s.Env = append(s.Env, "RABBITMQ_RABBITMQCTL_PATH="+rabbitmqctl)
	}
	return s, nil
}

// copyModule copies the Go files and the go.mod and go.sum of a module, which the module cache keeps read-only, and
// puts httpPort where they name the management port.
func copyModule(dst, src, httpPort string) error {
	return filepath.WalkDir(src, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(dst, rel), 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if filepath.Ext(path) == ".go" {
			text = bytes.ReplaceAll(text, []byte(managementPort), []byte(httpPort))
		}
		return os.WriteFile(filepath.Join(dst, rel), text, 0o644)
	})
}

func (s *suite) has(n need) bool { return s.Has[n] }

// run runs go test with the given arguments and reads what it reports. That tests fail is no error.
func (s *suite) run(ctx context.Context, args ...string) (*testevents.Report, error) {
	args = append([]string{"test", "-json", "-count=1", "-timeout=20m", "-tags=integration"}, args...)
	cmd := exec.CommandContext(ctx, "go", append(args, "./...")...)
	cmd.Dir = s.Dir
	cmd.Env = append(os.Environ(), s.Env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	rep, perr := testevents.Parse(&stdout)
	switch {
	case perr != nil:
		return nil, perr
	case err != nil && len(rep.Leaves) == 0 && len(rep.Broken) == 0:
		return nil, fmt.Errorf("go test reported no test: %s", bytes.TrimSpace(stderr.Bytes()))
	}
	return rep, nil
}
