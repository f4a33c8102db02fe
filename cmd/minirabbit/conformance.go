package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/conformance"
)

// words is a flag that may be given several times, or once with commas.
type words []string

func (w *words) String() string { return strings.Join(*w, ",") }

func (w *words) Set(text string) error {
	*w = append(*w, strings.Split(text, ",")...)
	return nil
}

// has tells whether a case or its area is among the words. An area stands for those below it, too: "basic" for "basic.ack".
func (w words) has(id string) bool {
	return slices.ContainsFunc(w, func(word string) bool {
		rest, begins := strings.CutPrefix(id, word)
		return begins && (rest == "" || rest[0] == '/' || rest[0] == '.' && strings.Contains(rest, "/"))
	})
}

// unknown gives a word that no case and no area has.
func (w words) unknown() (string, bool) {
	for _, word := range w {
		if !slices.ContainsFunc(conformance.Cases(), func(c conformance.Case) bool { return words{word}.has(c.ID) }) {
			return word, true
		}
	}
	return "", false
}

// runConformance holds a broker against a release of RabbitMQ. It fails if it was told the release and the broker differs.
func runConformance(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	address := flags.String("amqp", "", "the broker's `URL`, such as amqp://guest:guest@127.0.0.1:5672/; its user needs all permissions there")
	web := flags.String("http", "", "the `URL` of its management HTTP API, such as http://127.0.0.1:15672; without it, the cases that need it are not run")
	ctl := flags.String("ctl", "", "the `PATH` of its rabbitmqctl; then cases run, too, that restart the node and have it block publishers")
	as := flags.String("as", "", "the `RELEASE` that the broker has to be, such as 3.13; a difference fails the command. Without it, the version that the broker claims")
	var only, skip words
	flags.Var(&only, "only", "run the cases of this `AREA` only, such as basic.ack; may be given several times")
	flags.Var(&skip, "skip", "leave out this `CASE` or area; may be given several times")
	files := []*reportFile{
		{flags.String("junit", "", "write the report to this `FILE` as JUnit's XML"), (*conformance.Report).WriteJUnit},
		{flags.String("json", "", "write the report to this `FILE` as JSON"), (*conformance.Report).WriteJSON},
		{flags.String("html", "", "write the report to this `FILE` as a page"), (*conformance.Report).WriteHTML},
	}
	if done, err := parse(flags, args, stdout); done || err != nil {
		return err
	}
	target, err := conformanceTarget(*address, *web, *ctl, *as, only, skip)
	if err != nil {
		return err
	}
	report, err := conformance.Check(ctx, target, progressTo(stderr))
	if err != nil {
		return fmt.Errorf("conformance: %w", err)
	}
	for _, file := range files {
		if err := file.save(report); err != nil {
			return fmt.Errorf("conformance: %w", err)
		}
	}
	if err := report.WriteText(stdout); err != nil {
		return err
	}
	same, different, _ := report.Counts()
	switch {
	case same+different == 0:
		return fmt.Errorf("conformance: no case was run")
	case *as != "" && different > 0:
		return fmt.Errorf("conformance: the broker differs from RabbitMQ %s in %d of %d cases", report.As, different, same+different)
	}
	return nil
}

// conformanceTarget makes the target of what the flags say.
func conformanceTarget(address, web, ctl, as string, only, skip words) (target conformance.Target, err error) {
	if address == "" {
		return target, usageErrorf("conformance: which broker? give --amqp URL")
	}
	for _, given := range []words{only, skip} {
		if word, is := given.unknown(); is {
			return target, usageErrorf("conformance: there is no case and no area %q", word)
		}
	}
	target = conformance.Target{URL: address, ManagementURL: strings.TrimSuffix(web, "/"), Only: func(c conformance.Case) bool {
		return (len(only) == 0 || only.has(c.ID)) && !skip.has(c.ID)
	}}
	if ctl != "" {
		target.Node = conformance.Rabbitmqctl(ctl)
	}
	if as != "" {
		if target.Release, err = conformance.FindRelease(as); err != nil {
			return target, usageErrorf("conformance: --as: %v", err)
		}
		return target, nil
	}
	version, err := conformance.AskVersion(address)
	if err != nil {
		return target, fmt.Errorf("conformance: cannot reach the broker: %w", err)
	}
	if target.Release, err = conformance.ReleaseOf(version); err != nil {
		target.Release = conformance.AllReleases[len(conformance.AllReleases)-1] // no RabbitMQ, by its version
	}
	return target, nil
}

// reportFile is where a report goes, and in which form.
type reportFile struct {
	name  *string
	write func(*conformance.Report, io.Writer) error
}

func (f *reportFile) save(report *conformance.Report) error {
	if *f.name == "" {
		return nil
	}
	file, err := os.Create(*f.name)
	if err != nil {
		return err
	}
	if err := f.write(report, file); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// progressTo tells how far the suite is: on one line of a terminal, or else a line for each hundred cases.
func progressTo(w io.Writer) func(done, total int, o conformance.Outcome) {
	terminal := false
	if file, ok := w.(*os.File); ok {
		info, err := file.Stat()
		terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	differ := 0
	return func(done, total int, o conformance.Outcome) {
		if o.Skipped == "" && !o.Same() {
			differ++
		}
		line := fmt.Sprintf("%d of %d cases, %d differ", done, total, differ)
		switch {
		case terminal && done < total:
			fmt.Fprintf(w, "\r%s ", line)
		case terminal:
			fmt.Fprintf(w, "\r%s\n", line)
		case done%100 == 0 || done == total:
			fmt.Fprintln(w, line)
		}
	}
}
