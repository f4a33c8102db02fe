package random_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/minirabbit/minirabbit/conformance"
	"github.com/minirabbit/minirabbit/conformance/random"
	"github.com/minirabbit/minirabbit/testkit"
)

const (
	// long is how long a real broker may take to do what the emulator did. While a program is being shrunk it is less,
	// and shrinking ends after a time.
	long        = time.Second
	longForLess = 400 * time.Millisecond
	shrinking   = 2 * time.Minute
	// attempts is how often a program is run on the real broker until it does as the emulator.
	attempts = 4
	// mostDifferences is how many differences a worker looks for.
	mostDifferences = 5
	// mostLate is how often a program is run again because it took too long.
	mostLate = 10
	// recordedPrograms is how many programs without a difference are kept.
	recordedPrograms = 40
)

// A program that differs is shrunk by removing steps and kept as a script; see pair.program.
func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("rapid.nofailfile", "true")
	_ = flag.Set("test.parallel", strconv.Itoa(max(workers(), runtime.GOMAXPROCS(0)))) // the workers mostly wait
	os.Exit(m.Run())
}

// TestPrograms runs random programs on the emulator and on the RabbitMQ that AMQP_URL and HTTP_URL name, and compares.
// The flag -rapid.checks says how many each of MINIRABBIT_RANDOM_WORKERS (8) workers runs. MINIRABBIT_RANDOM_KEEP names a
// directory where the programs are kept that differ and some that do not, in the form of testdata.
func TestPrograms(t *testing.T) {
	needReal(t)
	release := releaseOf(t, os.Getenv("HTTP_URL"))
	var c counts
	start := time.Now()
	t.Run("workers", func(t *testing.T) {
		for i := range workers() {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				p := newPair(t, release, fmt.Sprintf("random-%d-%d", os.Getpid(), i))
				p.counts = &c
				rapid.Check(t, p.program)
				for _, d := range p.differences {
					t.Errorf("RabbitMQ %s differs:\n%s", release, d)
				}
				if p.failure != nil {
					t.Error(p.failure)
				}
			})
		}
	})
	t.Logf("random: RabbitMQ %s: %d programs, %d steps without a difference, %d of them at a second attempt; %.1f programs a second",
		release, c.programs.Load(), c.steps.Load(), c.again.Load(), float64(c.programs.Load())/time.Since(start).Seconds())
}

func workers() int {
	if n, err := strconv.Atoi(os.Getenv("MINIRABBIT_RANDOM_WORKERS")); err == nil {
		return n
	}
	return 8
}

// TestRecorded runs recorded programs on the emulator, which has to do what RabbitMQ did, and on the RabbitMQ that
// AMQP_URL and HTTP_URL name, if they do, which has to do so still. With MINIRABBIT_RANDOM_RECORD set, the transcripts of
// that release are written anew.
func TestRecorded(t *testing.T) {
	var real conformance.Release
	if os.Getenv("AMQP_URL") != "" {
		needReal(t)
		real = releaseOf(t, os.Getenv("HTTP_URL"))
	}
	directories, err := os.ReadDir("testdata")
	if err != nil || len(directories) == 0 {
		t.Fatalf("there are no recorded programs: %v", err)
	}
	for _, directory := range directories {
		release := conformance.Release(directory.Name())
		t.Run(string(release), func(t *testing.T) {
			t.Parallel()
			names, err := filepath.Glob(filepath.Join("testdata", string(release), "*.txt"))
			if err != nil || len(names) == 0 {
				t.Fatalf("there are no recorded programs: %v", err)
			}
			p := pair{release: release, emulator: sessionOnEmulator(t, release, "/random")}
			if real == release {
				p = newPair(t, release, fmt.Sprintf("recorded-%d", os.Getpid()))
			}
			for _, name := range names {
				t.Run(filepath.Base(name), func(t *testing.T) { p.recorded(t, name) })
			}
		})
	}
}

// recorded runs one recorded program.
func (p *pair) recorded(t *testing.T, name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	script, err := random.ReadScript(strings.NewReader(string(text)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	run, err := p.replay(script.Program)
	if err != nil {
		t.Fatalf("on the emulator: %v", err)
	}
	if p.real != nil {
		if _, d, err := p.compare(run, attempts, long); d != nil || err != nil {
			t.Fatalf("RabbitMQ %s differs:\n%v%v", p.release, d, err)
		}
	}
	now := run.Script(script.Comments...)
	if p.real != nil && os.Getenv("MINIRABBIT_RANDOM_RECORD") != "" {
		if err := os.WriteFile(name, []byte(now.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(script.String(), now.String()); diff != "" {
		t.Errorf("the emulator does not do what RabbitMQ %s did (-want +got):\n%s", p.release, diff)
	}
}

// TestScripts checks that a program that is written as a script and read again is the same.
func TestScripts(t *testing.T) {
	emulator := sessionOnEmulator(t, "4.3", "/random")
	rapid.Check(t, func(t *rapid.T) {
		p := pair{emulator: emulator}
		run, err := p.generate(t)
		if err != nil {
			t.Fatal(err)
		}
		written := run.Script("written")
		read, err := random.ReadScript(strings.NewReader(written.String()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(written.String(), read.String()); diff != "" {
			t.Fatal(diff)
		}
		again, err := p.replay(read.Program)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(written.String(), again.Script("written").String()); diff != "" {
			t.Fatalf("the emulator does not do the same again:\n%s", diff)
		}
	})
}

// needReal skips the test without a real RabbitMQ.
func needReal(t *testing.T) {
	if os.Getenv("AMQP_URL") == "" || os.Getenv("HTTP_URL") == "" {
		t.Skip("random programs need a real RabbitMQ to compare with: set AMQP_URL and HTTP_URL")
	}
}

// counts is what the workers have done.
type counts struct{ programs, steps, again atomic.Int64 }

// pair runs programs on the emulator and on a real broker.
type pair struct {
	release        conformance.Release
	emulator, real *random.Session
	counts         *counts
	differences    []*random.Difference
	failure        error // that ends the search
}

func newPair(t *testing.T, release conformance.Release, vhost string) pair {
	return pair{release: release, emulator: sessionOnEmulator(t, release, vhost), real: sessionOn(t, realTarget(), vhost)}
}

// program writes a program, runs it on both and shrinks it if they differ.
func (p *pair) program(t *rapid.T) {
	if len(p.differences) >= mostDifferences || p.failure != nil {
		return
	}
	run, err := p.generate(t)
	if err != nil {
		t.Fatalf("on the emulator: %v", err)
	}
	unsteady, d, err := p.compare(run, attempts, long)
	if err != nil {
		p.failure = fmt.Errorf("%w\n%v", err, run.Script())
		return
	}
	if d == nil {
		p.counts.programs.Add(1)
		p.counts.steps.Add(int64(len(run.Program)))
		if unsteady != nil {
			p.counts.again.Add(1)
			p.keep(t, "unsteady", unsteady.String())
		}
		if n := p.counts.programs.Load(); n <= recordedPrograms && len(run.Program) >= 10 {
			p.keep(t, "program", p.script(run))
		}
		return
	}
	shrunk := time.Now().Add(shrinking)
	random.Shrink(run.Program[:min(d.At+1, len(run.Program))], func(smaller random.Program) bool {
		if time.Now().After(shrunk) {
			return false
		}
		run, err := p.replay(smaller)
		if err != nil {
			return false
		}
		_, found, err := p.compare(run, 2, longForLess)
		if found != nil && err == nil {
			d = found
		}
		return found != nil && err == nil
	})
	p.differences = append(p.differences, d)
	p.keep(t, "difference", p.script(random.Run{Program: d.Run.Program[:min(d.At+1, len(d.Run.Program))]}))
}

func (p *pair) script(run random.Run) string {
	return run.Script("RabbitMQ " + string(p.release)).String()
}

// keep writes a program to a file, if there is a directory for it.
func (p *pair) keep(t *rapid.T, kind, text string) {
	dir := os.Getenv("MINIRABBIT_RANDOM_KEEP")
	if dir == "" {
		return
	}
	name := fmt.Sprintf("%s-%08x.txt", kind, crc32.ChecksumIEEE([]byte(text)))
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (p *pair) generate(t *rapid.T) (random.Run, error) {
	defer clean(t, p.emulator)
	return random.Generate(t, p.emulator)
}

func (p *pair) replay(program random.Program) (random.Run, error) {
	run, err := random.Replay(program, p.emulator)
	return run, errors.Join(err, p.emulator.Clean(err != nil))
}

// compare runs a program on the real broker until it does as the emulator, or gives the last difference. If RabbitMQ was
// of two minds, unsteady is what it did first.
func (p *pair) compare(run random.Run, attempts int, long time.Duration) (unsteady, d *random.Difference, err error) {
	for late := 0; attempts > 0; attempts-- {
		if d, err = random.Compare(run, p.real, long); err != nil {
			err = fmt.Errorf("on the real broker: %w", errors.Join(err, p.real.Clean(true)))
			continue
		}
		if d != nil && d.Late && late < mostLate {
			late++
			attempts++
			continue
		}
		if d == nil {
			return unsteady, nil, nil
		}
		unsteady = d
	}
	return nil, d, err
}

func clean(t rapid.TB, emulator *random.Session) {
	if err := emulator.Clean(false); err != nil {
		t.Errorf("cleaning up the emulator: %v", err)
	}
}

func realTarget() random.Target {
	return random.Target{AMQP: os.Getenv("AMQP_URL"), HTTP: os.Getenv("HTTP_URL")}
}

func sessionOnEmulator(t *testing.T, release conformance.Release, vhost string) *random.Session {
	broker := testkit.Start(t, testkit.WithRelease(string(release)), testkit.WithManagement(), testkit.WithoutRecording())
	return sessionOn(t, random.Target{AMQP: broker.URL(), HTTP: broker.ManagementURL(), FastForward: func(d time.Duration) { broker.FastForward(t, d) }}, vhost)
}

func sessionOn(t *testing.T, target random.Target, vhost string) *random.Session {
	session, err := random.NewSession(target, vhost)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := session.Close(); err != nil {
			t.Error(err)
		}
	})
	return session
}

// releaseOf asks a broker for its release.
func releaseOf(t *testing.T, address string) conformance.Release {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodGet, u.JoinPath("/api/overview").String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("guest", "guest")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var overview struct {
		Version string `json:"rabbitmq_version"`
	}
	if err := json.NewDecoder(response.Body).Decode(&overview); err != nil {
		t.Fatal(err)
	}
	release, err := conformance.ReleaseOf(overview.Version)
	if err != nil {
		t.Fatal(err)
	}
	return release
}
