package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// module is a version of the client.
type module struct{ name, path, version string }

// spec is one test of a Ginkgo suite.
type spec struct{ name, state, message string }

// run copies the module, points its tests at the broker and runs them.
func (m module) run(ctx context.Context, amqp, http string) ([]spec, error) {
	dir, err := os.MkdirTemp("", "rabbithole")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	source, err := m.download(ctx, dir)
	if err != nil {
		return nil, err
	}
	work := filepath.Join(dir, "module")
	if err := copyTests(source, work, amqp, http); err != nil {
		return nil, err
	}
	report := filepath.Join(dir, "report.json")
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout=10m", ".", "-ginkgo.no-color", "-ginkgo.json-report="+report)
	cmd.Dir = work
	cmd.Env = append(os.Environ(), "GOMEGA_DEFAULT_EVENTUALLY_TIMEOUT=5s", "GOWORK=off", "GOTOOLCHAIN=local")
	output, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	text, err := os.ReadFile(report)
	if err != nil {
		return nil, fmt.Errorf("go test wrote no report: %s", bytes.TrimSpace(output))
	}
	return readReport(text)
}

// download fetches the module, from the module proxy if need be, and returns where it is.
func (m module) download(ctx context.Context, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", m.path+"@"+m.version)
	cmd.Dir = dir
	output, err := cmd.Output()
	var found struct{ Dir, Error string }
	if jerr := json.Unmarshal(output, &found); jerr != nil {
		return "", errors.Join(err, jerr)
	}
	if found.Error != "" {
		return "", errors.New(found.Error)
	}
	return found.Dir, nil
}

// copyTests copies a module; its tests find the broker at the given addresses instead of the usual ones.
func copyTests(source, target, amqp, http string) error {
	_, amqpPort, err := net.SplitHostPort(amqp)
	if err != nil {
		return err
	}
	replace := strings.NewReplacer("127.0.0.1:15672", http, "localhost:15672", http, "localhost:5672", amqp, "127.0.0.1:5672", amqp, "5672", amqpPort)
	return filepath.WalkDir(source, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(target, rel), 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, "_test.go") {
			text = []byte(replace.Replace(string(text)))
		}
		return os.WriteFile(filepath.Join(target, rel), text, 0o644)
	})
}

// readReport reads Ginkgo's report of a suite.
func readReport(text []byte) ([]spec, error) {
	var suites []struct {
		SpecReports []struct {
			ContainerHierarchyTexts []string
			LeafNodeType            string
			LeafNodeText            string
			State                   string
			Failure                 struct{ Message string }
		}
	}
	if err := json.Unmarshal(text, &suites); err != nil {
		return nil, fmt.Errorf("the report of Ginkgo: %w", err)
	}
	var specs []spec
	for _, s := range suites {
		for _, r := range s.SpecReports {
			if r.LeafNodeType == "It" {
				name := strings.Join(append(r.ContainerHierarchyTexts, r.LeafNodeText), " ")
				specs = append(specs, spec{strings.Join(strings.Fields(name), " "), r.State, r.Failure.Message})
			}
		}
	}
	return specs, nil
}

// prepare creates what the client's CI creates before it runs the tests.
func prepare(ctx context.Context, address string) error {
	everything := `{"configure":".*","write":".*","read":".*"}`
	for _, step := range []struct{ path, body string }{
		{"users/policymaker", `{"password":"policymaker","tags":"policymaker"}`},
		{"permissions/%2F/policymaker", everything},
		{"vhosts/rabbit%2Fhole", `{}`},
		{"permissions/rabbit%2Fhole/guest", everything},
		{"cluster-name", `{"name":"rabbitmq@localhost"}`},
	} {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+address+"/api/"+step.path, strings.NewReader(step.body))
		if err != nil {
			return err
		}
		r.SetBasicAuth("guest", "guest")
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode >= 300 {
			return fmt.Errorf("PUT %s: %s: %s", step.path, answer.Status, body)
		}
	}
	return nil
}
