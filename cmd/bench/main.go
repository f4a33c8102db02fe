package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime/pprof"
	"time"
)

func main() {
	if err := bench(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	against  []contender
	only     *regexp.Regexp
	sizes    string
	networks []string
	rounds   int
	duration time.Duration
	growth   bool
	halves   bool
	quiet    bool
}

func bench() error {
	against := flag.String("against", "null,minirabbit", "contenders, separated by commas: null, keeping, minirabbit, bare, amqp://...")
	only := flag.String("only", "", "regular expression for the workloads to run, such as 'publish|raw'")
	network := flag.String("network", "", "TCP or memory instead of both")
	body := flag.String("sizes", "", "body sizes in bytes, separated by commas, instead of 0,128,1024,65536,1048576")
	rounds := flag.Int("rounds", 5, "how often each case runs for each contender")
	duration := flag.Duration("duration", 100*time.Millisecond, "how long each run takes, roughly")
	growth := flag.Bool("growth", false, "run the workloads that show how costs grow, and no others")
	jsonFile := flag.String("json", "", "write the results to this file, - for standard output instead of the table")
	markdownFile := flag.String("markdown", "", "write tables for a document to this file")
	plotFile := flag.String("plot", "", "draw the ratios into this SVG file")
	halves := flag.Bool("fail-below-half", false, "exit with 1 if a ratio is below half of its goal in every round")
	profile := flag.String("cpuprofile", "", "write a CPU profile of everything, clients too, to this file")
	quiet := flag.Bool("quiet", false, "show no progress")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	o := options{sizes: *body, rounds: *rounds, duration: *duration, growth: *growth, halves: *halves, quiet: *quiet}
	var err error
	if o.against, err = contenders(*against); err != nil {
		return err
	}
	if o.only, err = regexp.Compile(*only); err != nil {
		return fmt.Errorf("--only: %w", err)
	}
	switch *network {
	case "":
		o.networks = []string{"TCP", "memory"}
	case "TCP", "memory":
		o.networks = []string{*network}
	default:
		return fmt.Errorf("--network %q: expected TCP or memory", *network)
	}
	cases, err := o.cases()
	if err != nil {
		return err
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	results := o.measure(cases)
	if *jsonFile == "-" {
		if err := writeJSON(os.Stdout, results); err != nil {
			return err
		}
	} else {
		writeTable(os.Stdout, results)
	}
	if *jsonFile != "" && *jsonFile != "-" {
		if err := toFile(*jsonFile, func(f *os.File) error { return writeJSON(f, results) }); err != nil {
			return err
		}
	}
	if *markdownFile != "" {
		if err := toFile(*markdownFile, func(f *os.File) error { writeMarkdown(f, results); return nil }); err != nil {
			return err
		}
	}
	if *plotFile != "" {
		if err := toFile(*plotFile, func(f *os.File) error { return plot(f, results) }); err != nil {
			return err
		}
	}
	return o.verdict(results)
}

func toFile(name string, write func(f *os.File) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return fmt.Errorf("%s: %w", name, err)
	}
	return f.Close()
}

func writeJSON(f *os.File, results []*result) error {
	e := json.NewEncoder(f)
	e.SetIndent("", "  ")
	return e.Encode(results)
}

// verdict returns an error if a contender failed or, if asked, has less than half
// of the ratio that is its goal.
func (o *options) verdict(results []*result) error {
	for _, r := range results {
		for _, c := range r.Contenders {
			if c.Error != "" {
				return fmt.Errorf("%s against %s: %s", r, c.Name, c.Error)
			}
			// Noise is no reason to fail: not in one round was it better.
			if o.halves && r.Goal > 0 && c.local && c.Ratio != nil && c.Ratio.Max < r.Goal/2 {
				return fmt.Errorf("%s: %s has at most %.2f of %s, and the goal is %.2f", r, c.Name, c.Ratio.Max, r.Contenders[0].Name, r.Goal)
			}
		}
	}
	return nil
}
