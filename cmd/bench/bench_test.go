package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every workload must run against brokers of this process, and come out with a
// figure.
func TestWorkloadsRun(t *testing.T) {
	against, err := contenders("null,minirabbit")
	require.NoError(t, err)
	for _, growth := range []bool{false, true} {
		o := options{
			against: against, only: regexp.MustCompile(""), sizes: "5000", networks: []string{"TCP", "memory"},
			rounds: 1, duration: time.Millisecond, growth: growth, quiet: true,
		}
		cases, err := o.cases()
		require.NoError(t, err)
		for i := range cases {
			switch { // what takes seconds, made small
			case cases[i].param == "messages":
				cases[i].size = 2000
			case cases[i].param != "" && cases[i].size > 20:
				cases[i].size = 20
			}
		}
		results := o.measure(cases)
		require.NoError(t, o.verdict(results))
		for _, r := range results {
			for _, c := range r.Contenders {
				require.Len(t, c.Samples, 1, "%s against %s", r, c.Name)
			}
		}
		var table, chart bytes.Buffer
		writeTable(&table, results)
		require.Contains(t, table.String(), "minirabbit")
		require.NoError(t, plot(&chart, results))
		d := xml.NewDecoder(&chart)
		for err == nil {
			_, err = d.Token()
		}
		require.ErrorIs(t, err, io.EOF)
	}
}

func TestRatiosAreOfOneRound(t *testing.T) {
	r := &result{Unit: "us p50", LessBetter: true, Goal: 0.9, Contenders: []*contenderResults{
		{Name: "null", Samples: []float64{10, 20, 30}},
		{Name: "minirabbit", local: true, Samples: []float64{40, 80, 120}},
	}}
	r.conclude()
	require.Equal(t, &spread{Median: 0.25, Min: 0.25, Max: 0.25}, r.Contenders[1].Ratio)
	require.Nil(t, r.Contenders[0].Ratio)
	require.ErrorContains(t, (&options{halves: true}).verdict([]*result{r}), "at most 0.25 of null")
	require.NoError(t, (&options{}).verdict([]*result{r}))
}

func TestMarkdown(t *testing.T) {
	one := func(name string, cpu float64, samples ...float64) *contenderResults {
		return &contenderResults{Name: name, Samples: samples, cpu: []float64{cpu}, local: true}
	}
	compared := &result{Workload: "RPC", Network: "TCP", Parameter: "body", Value: 128, Unit: "us p50", LessBetter: true,
		Contenders: []*contenderResults{one("null", 12, 10, 20, 30), one("minirabbit", 24, 40, 50, 60)}}
	small := &result{Workload: "topic", Network: "memory", Parameter: "bindings", Value: 100, Unit: "msgs/s", Contenders: []*contenderResults{one("minirabbit", 1, 1000)}}
	large := &result{Workload: "topic", Network: "memory", Parameter: "bindings", Value: 10_000, Unit: "msgs/s", Contenders: []*contenderResults{one("minirabbit", 1.5, 900)}}
	all := []*result{compared, small, large}
	for _, r := range all {
		r.conclude()
	}
	var b strings.Builder
	writeMarkdown(&b, all)
	require.Equal(t, `
| TCP |  |  | null | minirabbit | ratio | CPU ratio |
| --- | --- | --- | --- | --- | --- | --- |
| RPC | 128 B | us p50 | 20.0 (10.0–30.0) | 50.0 (40.0–60.0) | 0.40 (0.25–0.50) | 0.50 |

| memory |  |  | minirabbit | CPU us | to the first |
| --- | --- | --- | --- | --- | --- |
| topic | 100 bindings | msgs/s | 1000 (1000–1000) | 1.00 | 1.00 |
| topic | 10000 bindings | msgs/s | 900 (900–900) | 1.50 | 1.50 |
`, b.String())
}

func TestContendersMustBeKnown(t *testing.T) {
	_, err := contenders("null,rabbit")
	require.ErrorContains(t, err, `"rabbit"`)
	all, err := contenders("amqp://guest:guest@127.0.0.1:5710/")
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:5710", all[0].name)
	require.False(t, strings.Contains(all[0].name, "guest"))
}
