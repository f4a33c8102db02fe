package broker

import (
	"fmt"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// ValidationError is RabbitMQ's refusal of a policy, a limit or a parameter.
type ValidationError struct{ Problems []string }

var _ error = (*ValidationError)(nil)

// Error returns the text as RabbitMQ's API writes it.
func (e *ValidationError) Error() string {
	return "Validation failed\n\n" + strings.Join(e.Problems, "\n") + "\n"
}

// policySetting is a key that a policy's definition may have.
type policySetting struct {
	key      string
	what     string // what a wrong value is not a valid one of
	valid    func(r *release.Release, v any) bool
	operator bool // in operator policies too, in every release
}

// policySettings are all that RabbitMQ knows. What becomes of them: settingsUnder
// puts into force whatever has an effect on one node. The others have none that a
// client could see, in RabbitMQ either, and are taken for their own sake: where
// replicas are and how many (ha-*, initial-cluster-size, queue-leader-locator,
// queue-master-locator, target-group-size), how a message is stored (max-in-memory-*,
// queue-mode, queue-version, stream-*) and what becomes of clients of other nodes
// (consumer-disconnected-timeout). The API shows them.
var policySettings = []policySetting{
	{"alternate-exchange", "alternate exchange name", isText, false},
	{"consumer-timeout", "consumer timeout", atLeast(0), false},
	{"consumer-disconnected-timeout", "consumer disconnected timeout", atLeast(0), false},
	{"dead-letter-exchange", "dead letter exchange name", isText, false},
	{"dead-letter-routing-key", "dead letter routing key", isText, false},
	{"dead-letter-strategy", "dead letter strategy", oneOf("at-most-once", "at-least-once"), false},
	{"delayed-retry-max", "delayed retry maximum delay. Must be a positive integer", atLeast(1), true},
	{"delayed-retry-min", "delayed retry minimum delay. Must be a positive integer", atLeast(1), true},
	{"delayed-retry-type", "delayed retry type. Must be one of: all, failed, returned, disabled", oneOf("all", "failed", "returned", "disabled"), true},
	{"delivery-limit", "delivery limit", func(r *release.Release, v any) bool {
		n, ok := integer(v)
		return ok && (n >= 0 || !r.RefusesNegativeDeliveryLimit)
	}, true},
	{"expires", "queue expiry", atLeast(1), true},
	{"ha-mode", "", anything, false}, // what is wrong with these, checkMirrors says
	{"ha-params", "", anything, false},
	{"ha-promote-on-failure", "", anything, false},
	{"ha-promote-on-shutdown", "", anything, false},
	{"ha-sync-batch-size", "", anything, false},
	{"ha-sync-mode", "", anything, false},
	{"initial-cluster-size", "cluster size", atLeast(0), false},
	{"max-age", "max age", func(r *release.Release, v any) bool {
		// Some values that are none crash the check of RabbitMQ up to 4.0.
		s, _ := v.(string)
		_, problem := parseAge(s)
		return problem == ""
	}, false},
	{"max-in-memory-bytes", "maximum memory in bytes", atLeast(0), true},
	{"max-in-memory-length", "maximum memory in bytes", atLeast(0), true},
	{"max-length", "maximum length", atLeast(0), true},
	{"max-length-bytes", "maximum length in bytes", atLeast(0), true},
	{"message-ttl", "message TTL", atLeast(0), true},
	{"overflow", "overflow value", oneOf("drop-head", "reject-publish", "reject-publish-dlx"), false},
	{"queue-leader-locator", "queue leader locator value", func(r *release.Release, v any) bool {
		s, ok := v.(string)
		return ok && slices.Contains(r.LeaderLocators, s)
	}, false},
	{"queue-master-locator", "master locator", oneOf("client-local", "min-masters", "random"), false},
	{"queue-mode", "queue-mode value", oneOf("default", "lazy"), false},
	{"queue-version", "queue-version value", func(r *release.Release, v any) bool {
		n, ok := integer(v)
		return ok && (n == 1 || n == 2)
	}, false},
	{"stream-filter-size-bytes", "filter size. Valid range is 16-255", func(_ *release.Release, v any) bool {
		n, ok := integer(v)
		return ok && n >= 16 && n <= 255
	}, false},
	{"stream-max-segment-size-bytes", "segment size", atLeast(0), false},
	{"target-group-size", "qq target count value", atLeast(1), false},
}

func anything(*release.Release, any) bool { return true }

func isText(_ *release.Release, v any) bool { _, ok := v.(string); return ok }

func atLeast(least int64) func(*release.Release, any) bool {
	return func(_ *release.Release, v any) bool { n, ok := integer(v); return ok && n >= least }
}

func oneOf(values ...string) func(*release.Release, any) bool {
	return func(_ *release.Release, v any) bool { s, ok := v.(string); return ok && slices.Contains(values, s) }
}

// knowsSetting says whether a release takes a setting in policies of a kind.
func knowsSetting(r *release.Release, kind PolicyKind, s *policySetting) bool {
	if slices.Contains(r.UnknownSettings, s.key) || strings.HasPrefix(s.key, "ha-") && !r.Mirrors {
		return false
	}
	return kind == UserPolicy || s.operator || slices.Contains(r.MoreOperatorSettings, s.key)
}

// checkPolicy reads a policy's pattern and refuses what RabbitMQ refuses.
func checkPolicy(r *release.Release, kind PolicyKind, p *Policy) error {
	var problems []string
	if problem := checkDefinition(r, kind, p.Definition); problem != "" {
		problems = append(problems, problem)
	}
	var err error
	if p.pattern, err = parsePattern(p.Pattern); err != nil {
		text, at := err.(*PatternError).PCRE(r)
		problems = append(problems, "pattern should be regular expression but is invalid: "+patternProblem(r, text, at))
	}
	if p.Pattern == "" {
		p.pattern = everything // unlike a permission's
	}
	if !slices.Contains(r.PolicyTargets, string(p.ApplyTo)) {
		problems = append(problems, fmt.Sprintf("apply-to '%s' unrecognised; should be %s", p.ApplyTo, r.PolicyTargetsText))
	}
	if len(problems) > 0 {
		return &ValidationError{problems}
	}
	return nil
}

// patternProblem prints {Text, Position} as Erlang does: on two lines if it is
// long.
func patternProblem(r *release.Release, text string, at int) string {
	gap := ""
	if len(text) > 20 {
		gap = "\n" + strings.Repeat(" ", len("pattern should be regular expression but is invalid: {"))
	}
	return fmt.Sprintf("{%q,%s%d}", text, gap, at)
}

func checkDefinition(r *release.Release, kind PolicyKind, definition wire.Table) string {
	if len(definition) == 0 {
		return "no policy provided"
	}
	sorted := slices.Clone(definition)
	slices.SortStableFunc(sorted, func(a, b wire.Field) int { return strings.Compare(a.Key, b.Key) })
	// What is wrong with a known setting is said before what is not known.
	for _, f := range sorted {
		s := findSetting(f.Key)
		if s == nil || !knowsSetting(r, kind, s) {
			continue
		}
		if !s.valid(r, f.Value) {
			return fmt.Sprintf("%s is not a valid %s", settingText(f.Value), s.what)
		}
		if slices.Contains(r.ForbiddenSettings, f.Key) {
			return fmt.Sprintf("use of deprecated %s argument is not permitted", f.Key)
		}
	}
	if problem := checkRetry(definition); problem != "" && knowsSetting(r, kind, findSetting("delayed-retry-type")) {
		return problem
	}
	var unknown []string
	for _, f := range sorted {
		if s := findSetting(f.Key); s == nil || !knowsSetting(r, kind, s) {
			unknown = append(unknown, fmt.Sprintf("{%s,%s}", erlang.Format(f.Key, true), settingText(f.Value)))
		}
	}
	if len(unknown) > 0 {
		return erlangList(unknown) + " are not recognised policy settings"
	}
	if problem := checkMirrors(definition); problem != "" {
		return problem
	}
	return ""
}

// settingText prints a value as Erlang does that it has from JSON, not from AMQP.
func settingText(value any) string {
	var parts []string
	switch v := value.(type) {
	case nil:
		return "null"
	case wire.Array:
		for _, item := range v {
			parts = append(parts, settingText(item))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case wire.Table:
		for _, f := range v {
			parts = append(parts, erlang.Format(f.Key, true)+" => "+settingText(f.Value))
		}
		return "#{" + strings.Join(parts, ",") + "}"
	default:
		return erlang.Format(value, true)
	}
}

// checkRetry returns what is wrong with how settings delay what comes back.
func checkRetry(definition wire.Table) string {
	kind, _ := definition.Get("delayed-retry-type")
	least, hasLeast := definition.Get("delayed-retry-min")
	most, hasMost := definition.Get("delayed-retry-max")
	a, _ := integer(least)
	b, _ := integer(most)
	switch {
	case kind != nil && kind != "disabled" && !hasLeast:
		return fmt.Sprintf("delayed-retry-min is required when delayed-retry-type is %v", kind)
	case hasLeast && hasMost && b < a:
		return fmt.Sprintf("delayed-retry-max (%d) must not be smaller than delayed-retry-min (%d)", b, a)
	}
	return ""
}

func findSetting(key string) *policySetting {
	for i := range policySettings {
		if policySettings[i].key == key {
			return &policySettings[i]
		}
	}
	return nil
}

// erlangList prints a list of terms as Erlang does: on one line if that has no more than 80 columns, otherwise with each term
// on a line of its own.
func erlangList(terms []string) string {
	const columns = 80
	if line := "[" + strings.Join(terms, ",") + "]"; len(line) <= columns {
		return line
	}
	return "[" + strings.Join(terms, ",\n ") + "]"
}
