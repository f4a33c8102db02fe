package random

import (
	"fmt"
	"strings"
)

// String is the program up to the difference as a script, and there both outcomes, compared.
func (d *Difference) String() string {
	shown := d.Run
	shown.Program = shown.Program[:min(d.At+1, len(shown.Program))]
	shown.Outcomes = shown.Outcomes[:min(d.At, len(shown.Outcomes))]
	var want []string
	if d.At < len(d.Run.Outcomes) {
		want = d.Run.Outcomes[d.At].Lines()
	} else if d.At > 0 {
		want = Outcome{Queues: d.Run.Outcomes[d.At-1].Queues}.Lines()
	}
	var text strings.Builder
	text.WriteString(shown.Script().String())
	fmt.Fprintf(&text, "\nThere the emulator (-) and RabbitMQ (+) differ:\n")
	for _, line := range want {
		fmt.Fprintf(&text, "- %s\n", line)
	}
	for _, line := range d.Got.Lines() {
		fmt.Fprintf(&text, "+ %s\n", line)
	}
	return text.String()
}
