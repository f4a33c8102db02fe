package conformance

import (
	_ "embed"
	"encoding/json"
	"encoding/xml"
	"html/template"
	"io"
	"strings"
)

// WriteJSON writes the report as one JSON object.
func (r *Report) WriteJSON(w io.Writer) error {
	type outcome struct {
		ID         string   `json:"id"`
		Title      string   `json:"title"`
		Why        string   `json:"why"`
		Source     string   `json:"source"`
		Outcome    string   `json:"outcome"` // same, different or skipped
		Seconds    float64  `json:"seconds"`
		Skipped    string   `json:"skipped,omitempty"`
		Difference []string `json:"difference,omitempty"`
		Failures   []string `json:"failures,omitempty"`
	}
	type likeness struct {
		Release string `json:"release"`
		Version string `json:"version"`
		Same    int    `json:"same"`
		Of      int    `json:"of"`
	}
	report := struct {
		Version   string     `json:"version"`
		As        Release    `json:"as"`
		Same      int        `json:"same"`
		Different int        `json:"different"`
		Skipped   int        `json:"skipped"`
		Nearest   []likeness `json:"nearest"`
		Cases     []outcome  `json:"cases"`
	}{Version: r.Version, As: r.As}
	report.Same, report.Different, report.Skipped = r.Counts()
	for _, l := range r.Likenesses() {
		report.Nearest = append(report.Nearest, likeness{string(l.Release), l.Version, l.Same, l.Of})
	}
	for _, o := range r.Outcomes {
		report.Cases = append(report.Cases, outcome{o.Case.ID, o.Case.Title, o.Case.Why, o.Case.Source, o.word(), o.Duration.Seconds(),
			o.Skipped, o.Difference, o.Failures})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}

// word names how a case ended.
func (o Outcome) word() string {
	switch {
	case o.Skipped != "":
		return "skipped"
	case o.Same():
		return "same"
	default:
		return "different"
	}
}

// WriteJUnit writes the report as JUnit's XML, which CI services read: a suite for each area.
func (r *Report) WriteJUnit(w io.Writer) error {
	type message struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",cdata"`
	}
	type testcase struct {
		Name    string   `xml:"name,attr"`
		Class   string   `xml:"classname,attr"`
		Seconds float64  `xml:"time,attr"`
		Failure *message `xml:"failure,omitempty"`
		Skipped *message `xml:"skipped,omitempty"`
	}
	type testsuite struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Cases    []testcase `xml:"testcase"`
	}
	suites := struct {
		XMLName xml.Name    `xml:"testsuites"`
		Name    string      `xml:"name,attr"`
		Suites  []testsuite `xml:"testsuite"`
	}{Name: "RabbitMQ " + string(r.As)}
	for _, a := range r.areas() {
		suite := testsuite{Name: a.Name, Tests: len(a.Outcomes), Failures: a.Different, Skipped: a.Skipped}
		for _, o := range a.Outcomes {
			_, name, _ := strings.Cut(o.Case.ID, "/")
			c := testcase{Name: name, Class: a.Name, Seconds: o.Duration.Seconds()}
			switch o.word() {
			case "different":
				c.Failure = &message{o.Case.Title, printable(strings.Join(o.details(), "\n"))}
			case "skipped":
				c.Skipped = &message{Message: o.Skipped}
			}
			suite.Cases = append(suite.Cases, c)
		}
		suites.Suites = append(suites.Suites, suite)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suites); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// printable replaces what XML cannot hold.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

//go:embed report.html
var reportPage string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"areaDiffers": func(a *areaReport) []Outcome {
		return (&Report{Outcomes: a.Outcomes}).differences()
	},
	"details": func(o Outcome) []string { return o.details() },
	"kind": func(line string) string {
		switch {
		case strings.HasPrefix(line, "-"):
			return "expected"
		case strings.HasPrefix(line, "+"):
			return "got"
		default:
			return ""
		}
	},
}).Parse(reportPage))

// WriteHTML writes the report as one page that needs no other file.
func (r *Report) WriteHTML(w io.Writer) error {
	same, different, skipped := r.Counts()
	return reportTemplate.Execute(w, map[string]any{
		"Version": r.Version, "As": r.As, "Same": same, "Different": different, "Skipped": skipped,
		"Likenesses": r.Likenesses(), "Areas": r.areas(), "Skips": r.skips(),
	})
}
