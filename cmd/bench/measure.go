package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// benchCase is a workload with a parameter and a network.
type benchCase struct {
	workload
	size    int
	network string
}

// result is what came out of a case.
type result struct {
	Workload   string              `json:"workload"`
	Group      string              `json:"group"`
	Network    string              `json:"network"`
	Parameter  string              `json:"parameter"` // what Value counts
	Value      int                 `json:"value"`
	Unit       string              `json:"unit"`
	LessBetter bool                `json:"less_is_better,omitempty"`
	Goal       float64             `json:"goal,omitempty"`
	Contenders []*contenderResults `json:"contenders"`
}

// contenderResults are the figures of one contender.
type contenderResults struct {
	Name    string    `json:"name"`
	Samples []float64 `json:"samples"`
	Figure  spread    `json:"figure"`
	// Ratio to the first contender, more is better; nil for the first itself.
	Ratio *spread `json:"ratio,omitempty"`
	// CPU is what the process spent on an operation, client and broker if it
	// has both: the median in microseconds.
	CPU   float64 `json:"cpu_us"`
	Error string  `json:"error,omitempty"`

	cpu   []float64
	local bool
}

// spread is a median with its surroundings.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// String names the case.
func (r *result) String() string {
	return fmt.Sprintf("%s, %s, %s", r.Workload, r.value(), r.Network)
}

func (r *result) value() string {
	switch {
	case r.Parameter != "body":
		if r.Value == 0 {
			return ""
		}
		return fmt.Sprintf("%d %s", r.Value, r.Parameter)
	case r.Value >= 1<<20:
		return fmt.Sprintf("%d MiB", r.Value>>20)
	case r.Value >= 1<<10:
		return fmt.Sprintf("%d KiB", r.Value>>10)
	}
	return fmt.Sprintf("%d B", r.Value)
}

func spreadOf(samples []float64) spread {
	s := slices.Sorted(slices.Values(samples))
	if len(s) == 0 {
		return spread{}
	}
	return spread{Median: (s[(len(s)-1)/2] + s[len(s)/2]) / 2, Min: s[0], Max: s[len(s)-1]}
}

// cases are what the flags ask for.
func (o *options) cases() ([]benchCase, error) {
	var bodies []int
	if o.sizes != "" {
		for s := range strings.SplitSeq(o.sizes, ",") {
			n, err := strconv.Atoi(s)
			if err != nil || n < 0 {
				return nil, fmt.Errorf("--sizes: %q, expected bytes", s)
			}
			bodies = append(bodies, n)
		}
	}
	var all []benchCase
	for _, w := range workloads() {
		if !o.only.MatchString(w.name) || (w.group == "growth") != o.growth {
			continue
		}
		params := w.params
		if bodies != nil && w.param == "" && len(params) > 1 {
			params = bodies
		}
		for _, network := range o.networks {
			if w.network != "" && w.network != network {
				continue
			}
			for _, p := range params {
				all = append(all, benchCase{w, p, network})
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no workload matches")
	}
	return all, nil
}

// measure runs all cases, interleaved.
func (o *options) measure(cases []benchCase) []*result {
	results := make([]*result, len(cases))
	for i, c := range cases {
		r := &result{Workload: c.name, Group: c.group, Network: c.network, Parameter: c.param, Value: c.size, Unit: c.unit, LessBetter: c.less, Goal: c.goal}
		switch {
		case r.Parameter == "" && len(c.params) == 1 && c.size == 0:
			r.Parameter = "none"
		case r.Parameter == "":
			r.Parameter = "body"
		}
		for _, who := range o.against {
			if who.local || c.network == "TCP" && !c.local {
				r.Contenders = append(r.Contenders, &contenderResults{Name: who.name, local: who.local})
			}
		}
		results[i] = r
	}
	began := time.Now()
	for round := range o.rounds {
		for i, c := range cases {
			if c.slow && round%3 != 0 {
				continue
			}
			for k := range results[i].Contenders {
				// Who goes first changes from round to round.
				k = (k + round) % len(results[i].Contenders)
				o.progress(began, round, i, len(cases), results[i])
				o.once(c, results[i].Contenders[k])
			}
		}
	}
	if !o.quiet {
		fmt.Fprintf(os.Stderr, "\r\x1b[K")
	}
	for _, r := range results {
		r.conclude()
	}
	return results
}

func (o *options) progress(began time.Time, round, i, n int, r *result) {
	if o.quiet {
		return
	}
	done := float64(round*n+i) / float64(o.rounds*n)
	left := "?"
	if done > 0.01 {
		left = seconds(time.Duration(float64(time.Since(began)) * (1 - done) / done))
	}
	fmt.Fprintf(os.Stderr, "\r\x1b[Kround %d of %d, %3.0f %%, %s left: %s", round+1, o.rounds, 100*done, left, r)
}

// once measures one contender once.
func (o *options) once(c benchCase, to *contenderResults) {
	if to.Error != "" {
		return
	}
	who := o.against[slices.IndexFunc(o.against, func(w contender) bool { return w.name == to.Name })]
	r := &run{size: c.size, duration: o.duration, start: func() (*target, error) { return who.start(c.network == "memory") }}
	var err error
	if r.target, err = r.start(); err != nil {
		to.Error = err.Error()
		return
	}
	figure, err := c.run(r)
	r.target.close()
	runtime.GC() // the next one does not pay for this one
	if err != nil {
		to.Error = err.Error()
		return
	}
	to.Samples = append(to.Samples, figure)
	to.cpu = append(to.cpu, r.cpu)
}

// conclude turns samples into figures.
func (r *result) conclude() {
	for i, c := range r.Contenders {
		c.Figure = spreadOf(c.Samples)
		c.CPU = spreadOf(c.cpu).Median
		if i == 0 || c.Error != "" || r.Contenders[0].Error != "" {
			continue
		}
		var ratios []float64
		for k := range min(len(c.Samples), len(r.Contenders[0].Samples)) {
			ratio := c.Samples[k] / r.Contenders[0].Samples[k]
			if r.LessBetter {
				ratio = 1 / ratio
			}
			ratios = append(ratios, ratio)
		}
		s := spreadOf(ratios)
		c.Ratio = &s
	}
}
