package exchange

import (
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/internal/lists"
	"github.com/minirabbit/minirabbit/wire"
)

// A headersTable finds bindings whose arguments match the message's headers; routing keys do not count. By x-match a
// binding wants all of its fields to match, which is the default, or any one. A field matches a header with its name
// and value, or any header with its name when it has no value (void). Fields whose names start with x- do not count,
// unless x-match ends in -with-x. Without fields that count, "all" matches every message and "any" none.
//
// A binding that wants all of its fields, one of them a text, can only match a message that has this text; and one that
// wants any of some texts, a message that has one of them. Such bindings are found by their texts. The others are
// looked at one by one for every message.
type headersTable struct {
	byText   map[headerText][]*headerPattern
	others   []*headerPattern // in order of binding
	patterns map[*Binding]*headerPattern
	added    int // patterns ever
	rules    Rules
}

// A headerText is a header whose value is a text.
type headerText struct{ key, value string }

// A headerPattern is what a binding wants.
type headerPattern struct {
	binding *Binding
	number  int // in order of binding
	any     bool
	fields  []wire.Field // those that count, sorted by key
}

func newHeadersTable(rules Rules) *headersTable {
	return &headersTable{rules: rules, byText: map[headerText][]*headerPattern{}, patterns: map[*Binding]*headerPattern{}}
}

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
	t.added++
	pattern := &headerPattern{binding: b, number: t.added, any: mode == "any"}
	for _, field := range b.Arguments {
		if field.Key != "x-match" && (withX || !strings.HasPrefix(field.Key, "x-")) {
			pattern.fields = append(pattern.fields, field)
		}
	}
	t.patterns[b] = pattern
	texts := t.texts(pattern)
	for _, text := range texts {
		t.byText[text] = append(t.byText[text], pattern)
	}
	if texts == nil {
		t.others = append(t.others, pattern)
	}
}

// texts returns texts of which a message must have one for the pattern to match; nil if that is not known. When texts
// compare loosely, as in RabbitMQ 3.10, a field may be passed over, so that nothing is a must.
func (t *headersTable) texts(p *headerPattern) (texts []headerText) {
	if t.rules.LooseHeaders {
		return nil
	}
	for _, field := range p.fields {
		switch value, ok := field.Value.(string); {
		case ok && !p.any:
			return []headerText{{field.Key, value}}
		case ok:
			texts = append(texts, headerText{field.Key, value})
		case p.any:
			return nil
		}
	}
	return texts
}

func (t *headersTable) remove(b *Binding) {
	pattern := t.patterns[b]
	delete(t.patterns, b)
	texts := t.texts(pattern)
	for _, text := range texts {
		if rest, _ := lists.Remove(t.byText[text], pattern); len(rest) > 0 {
			t.byText[text] = rest
		} else {
			delete(t.byText, text)
		}
	}
	if texts == nil {
		t.others, _ = lists.Remove(t.others, pattern)
	}
}

func (t *headersTable) match(m *Message, r *Router) {
	r.headers = append(r.headers[:0], m.Headers...)
	slices.SortStableFunc(r.headers, compareKeys)
	if !t.rules.LooseHeaders {
		r.headers = lastOfEach(r.headers)
	}
	r.patterns = append(r.patterns[:0], t.others...)
	if len(t.byText) > 0 {
		for _, header := range r.headers {
			var found []*headerPattern
			switch value := header.Value.(type) {
			case string:
				found = t.byText[headerText{header.Key, value}]
			case []byte: // which equals a string
				found = t.byText[headerText{header.Key, string(value)}]
			}
			r.patterns = append(r.patterns, found...)
		}
		if len(r.patterns) > len(t.others) {
			slices.SortFunc(r.patterns, func(a, b *headerPattern) int { return a.number - b.number })
		}
	}
	for _, p := range r.patterns {
		if t.matches(p, r.headers) {
			r.reach(p.binding)
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
