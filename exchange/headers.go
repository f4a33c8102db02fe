package exchange

import (
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/wire"
)

// A headersTable finds bindings whose arguments match the message's headers; routing keys do not count. By x-match a
// binding wants all of its fields to match, which is the default, or any one. A field matches a header with its name
// and value, or any header with its name when it has no value (void). Fields whose names start with x- do not count,
// unless x-match ends in -with-x. Without fields that count, "all" matches every message and "any" none.
type headersTable struct {
	patterns []headerPattern
	rules    Rules
}

// A headerPattern is what a binding wants.
type headerPattern struct {
	binding *Binding
	any     bool
	fields  []wire.Field // those that count, sorted by key
}

func newHeadersTable(rules Rules) *headersTable { return &headersTable{rules: rules} }

func (t *headersTable) check(b *Binding) error {
	value, ok := b.Arguments.Get("x-match")
	if !ok {
		return nil
	}
	switch value {
	case "all", "any", "all-with-x", "any-with-x":
		return nil
	}
	text := erlang.Format(value, !t.rules.PlainTexts)
	if _, ok := value.(string); ok {
		return preconditionFailed("Invalid x-match field value %s; expected all, any, all-with-x, or any-with-x", text)
	}
	return preconditionFailed("Invalid x-match field type %s (value %s); expected longstr", erlang.TypeName(value), text)
}

func (t *headersTable) add(b *Binding) {
	value, _ := b.Arguments.Get("x-match")
	match, _ := value.(string)
	mode, withX := strings.CutSuffix(match, "-with-x")
	pattern := headerPattern{binding: b, any: mode == "any"}
	for _, field := range b.Arguments {
		if field.Key != "x-match" && (withX || !strings.HasPrefix(field.Key, "x-")) {
			pattern.fields = append(pattern.fields, field)
		}
	}
	t.patterns = append(t.patterns, pattern)
}

func (t *headersTable) remove(b *Binding) {
	t.patterns = slices.DeleteFunc(t.patterns, func(p headerPattern) bool { return p.binding == b })
}

func (t *headersTable) match(m *Message, r *Router) {
	r.headers = append(r.headers[:0], m.Headers...)
	slices.SortStableFunc(r.headers, compareKeys)
	if !t.rules.LooseHeaders {
		r.headers = lastOfEach(r.headers)
	}
	for i := range t.patterns {
		if t.matches(&t.patterns[i], r.headers) {
			r.reach(t.patterns[i].binding)
		}
	}
}

// lastOfEach removes all but the last of fields with the same key, in place.
func lastOfEach(sorted []wire.Field) []wire.Field {
	kept := sorted[:0]
	for i, field := range sorted {
		if i+1 == len(sorted) || sorted[i+1].Key != field.Key {
			kept = append(kept, field)
		}
	}
	return kept
}

// matches goes through the fields and headers side by side, as both are sorted.
func (t *headersTable) matches(p *headerPattern, headers []wire.Field) bool {
	for i := range p.fields {
		field := &p.fields[i]
		for len(headers) > 0 && headers[0].Key < field.Key {
			headers = headers[1:]
		}
		matched := false
		if len(headers) > 0 && headers[0].Key == field.Key {
			matched = field.Value == nil || equalHeader(field.Value, headers[0].Value, t.rules.LooseHeaders)
			if t.rules.LooseHeaders { // 3.10 takes both for done with
				headers = headers[1:]
			}
		}
		if matched == p.any {
			return p.any
		}
	}
	return !p.any
}
