package broker

import (
	"maps"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// Target says what a policy applies to.
type Target string

// The targets of policies. Those that name a type of queue came with RabbitMQ 3.12.
const (
	ToAll           Target = "all"
	ToQueues        Target = "queues"
	ToClassicQueues Target = "classic_queues"
	ToQuorumQueues  Target = "quorum_queues"
	ToStreams       Target = "streams"
	ToExchanges     Target = "exchanges"
)

func (t Target) takesQueue(q *queue.Queue) bool {
	switch t {
	case ToAll, ToQueues:
		return true
	case ToClassicQueues:
		return q.Settings().Kind == queue.Classic || q.Settings().Kind == ""
	case ToQuorumQueues:
		return q.Settings().Kind == queue.Quorum
	case ToStreams:
		return q.Settings().Kind == queue.Stream
	}
	return false
}

// Policy gives settings to all queues or exchanges whose names match. It is
// immutable.
type Policy struct {
	Name     string
	Pattern  string
	ApplyTo  Target
	Priority float64
	// Fraction says that the priority was given with a fraction or an exponent, and is shown so.
	Fraction bool
	// Definition holds the settings, sorted by key.
	Definition wire.Table

	pattern *pattern
}

// PolicyKind tells the two kinds of policies apart.
type PolicyKind uint8

// An operator policy limits what arguments and other policies ask for.
const (
	UserPolicy PolicyKind = iota
	OperatorPolicy
)

// Applied is what policies say of one queue or exchange.
type Applied struct {
	Policy, Operator *Policy // nil for none
	// Definition is what both come to.
	Definition wire.Table

	declared queue.Settings // of a queue: what its arguments say
}

// supports says whether queues of a kind have a use for all that a policy sets.
func supports(r *release.Release, p *Policy, kind queue.Kind) bool {
	return !slices.ContainsFunc(p.Definition, func(f wire.Field) bool { return slices.Contains(r.UnsupportedSettings.Of(string(kind)), f.Key) })
}

// policySet is the policies of one kind by name.
type policySet map[string]*Policy

// of returns the policy with the highest priority that matches; of equal ones
// the last by name. RabbitMQ takes any of these, as the hashes of the names have it.
func (ps policySet) of(name string, takes func(*Policy) bool) (best *Policy) {
	for _, p := range ps {
		if !takes(p) || !p.pattern.match(name) {
			continue
		}
		if best == nil || p.Priority > best.Priority || p.Priority == best.Priority && p.Name > best.Name {
			best = p
		}
	}
	return best
}

// SetPolicy creates or replaces a policy, which takes effect at once. The error
// is a *ValidationError in RabbitMQ's words. The vhost must be locked.
func (vh *VHost) SetPolicy(kind PolicyKind, p Policy) (created bool, err error) {
	if err := checkPolicy(vh.node.release, kind, &p); err != nil {
		return false, err
	}
	slices.SortStableFunc(p.Definition, func(a, b wire.Field) int { return strings.Compare(a.Key, b.Key) })
	_, had := vh.policies[kind][p.Name]
	if vh.policies[kind] == nil {
		vh.policies[kind] = make(policySet)
	}
	vh.policies[kind][p.Name] = &p
	vh.applyPolicies()
	return !had, nil
}

// DeletePolicy removes a policy and its effect. It says whether there was one.
// The vhost must be locked.
func (vh *VHost) DeletePolicy(kind PolicyKind, name string) bool {
	if vh.policies[kind][name] == nil {
		return false
	}
	delete(vh.policies[kind], name)
	vh.applyPolicies()
	return true
}

// Policies returns the policies of a kind by name. The vhost must be locked.
func (vh *VHost) Policies(kind PolicyKind) []*Policy {
	return slices.SortedFunc(maps.Values(vh.policies[kind]), func(a, b *Policy) int { return strings.Compare(a.Name, b.Name) })
}

// Applied returns what policies say of a queue or an exchange, never nil. The
// vhost must be locked.
func (vh *VHost) Applied(d exchange.Destination) *Applied {
	if a := vh.applied[d]; a != nil {
		return a
	}
	return &Applied{}
}

// applyPolicies brings all queues and exchanges up to date.
func (vh *VHost) applyPolicies() {
	for _, q := range vh.Queues() {
		vh.applyToQueue(q)
	}
	for _, x := range vh.Exchanges() {
		vh.applyToExchange(x)
	}
	for _, c := range vh.connections {
		for _, ch := range c.channels {
			ch.watchOldest()
		}
	}
}

// applyToQueue gives a queue what its policies say. It is called when the queue
// is declared and whenever policies change.
func (vh *VHost) applyToQueue(q *queue.Queue) {
	before := vh.applied[q]
	a := vh.match(q.Name(), func(p *Policy) bool { return p.ApplyTo.takesQueue(q) && supports(vh.node.release, p, q.Kind()) })
	if before == nil && a == nil {
		return
	}
	declared := q.Settings()
	if before != nil {
		declared = before.declared
	}
	if a == nil {
		delete(vh.applied, q)
		a = &Applied{}
	} else {
		a.declared = declared
		vh.applied[q] = a
	}
	q.SetSettings(vh.Now(), settingsUnder(declared, q.Arguments, a.Definition))
	vh.watch(q)
}

func (vh *VHost) applyToExchange(x *exchange.Exchange) {
	a := vh.match(x.Name(), func(p *Policy) bool { return p.ApplyTo == ToAll || p.ApplyTo == ToExchanges })
	if a == nil {
		if vh.applied[x] != nil {
			delete(vh.applied, x)
			x.SetAlternate("")
		}
		return
	}
	vh.applied[x] = a
	alternate, _ := a.Definition.Get(argAlternate)
	name, _ := alternate.(string)
	x.SetAlternate(name)
}

// match finds the policies for a name, nil if there are none.
func (vh *VHost) match(name string, takes func(*Policy) bool) *Applied {
	a := &Applied{Policy: vh.policies[UserPolicy].of(name, takes), Operator: vh.policies[OperatorPolicy].of(name, takes)}
	switch {
	case a.Policy == nil && a.Operator == nil:
		return nil
	case a.Operator == nil:
		a.Definition = a.Policy.Definition
	case a.Policy == nil:
		a.Definition = a.Operator.Definition
	default:
		a.Definition = mergeDefinitions(a.Policy.Definition, a.Operator.Definition)
	}
	return a
}

// mergeDefinitions has an operator policy limit another: of two numbers the lower
// counts, of anything else what the operator says.
func mergeDefinitions(user, operator wire.Table) wire.Table {
	merged := slices.Clone(user)
	for _, f := range operator {
		if v, set := merged.Get(f.Key); set && takesLower(f.Key) {
			a, aOK := integer(v)
			b, bOK := integer(f.Value)
			if aOK && bOK && a < b {
				continue
			}
		}
		merged.Set(f.Key, f.Value)
	}
	slices.SortStableFunc(merged, func(a, b wire.Field) int { return strings.Compare(a.Key, b.Key) })
	return merged
}

// takesLower names the settings of which the lower value counts, be they from an
// argument or a policy.
func takesLower(key string) bool {
	switch key {
	case "message-ttl", "expires", "max-length", "max-length-bytes", "delivery-limit", "max-in-memory-length", "max-in-memory-bytes":
		return true
	}
	return false
}

// settingsUnder returns what is in force for a queue that was declared with
// arguments, under a policy's definition. As in RabbitMQ, of numbers the lower
// counts, and otherwise an argument goes before the policy.
func settingsUnder(s queue.Settings, args, definition wire.Table) queue.Settings {
	if s.Kind == queue.Stream {
		return streamSettingsUnder(s, definition)
	}
	set := func(key string) bool { _, set := args.Get("x-" + key); return set }
	number := func(to *queue.Optional, key string, v any) {
		n, ok := integer(v)
		if ok && !(set(key) && to.Value < n) {
			*to = queue.Some(n)
		}
	}
	for _, f := range definition {
		text, isText := f.Value.(string)
		switch f.Key {
		case "consumer-timeout":
			number(&s.ConsumerTimeout, f.Key, f.Value)
		case "max-length-bytes":
			number(&s.MaxLengthBytes, f.Key, f.Value)
		case "message-ttl":
			number(&s.MessageTTL, f.Key, f.Value)
		case "expires":
			number(&s.Expires, f.Key, f.Value)
		case "max-length":
			number(&s.MaxLength, f.Key, f.Value)
		case "delivery-limit":
			if s.Kind == queue.Quorum {
				number(&s.DeliveryLimit, f.Key, f.Value)
			}
		case "delayed-retry-min":
			number(&s.RetryMin, f.Key, f.Value)
		case "delayed-retry-max":
			number(&s.RetryMax, f.Key, f.Value)
		case "delayed-retry-type":
			if isText { // whatever the argument says
				s.Retry = queue.Retry(text)
			}
		case "overflow":
			// Of quorum queues the policy counts, in every release.
			if isText && (!set(f.Key) || s.Kind == queue.Quorum) {
				s.Overflow = queue.Overflow(text)
			}
		case "dead-letter-exchange":
			if isText && !set(f.Key) {
				s.DeadLetterExchange, s.DeadLetter = text, true
			}
		case "dead-letter-strategy":
			if !set(f.Key) {
				s.AtLeastOnce = text == "at-least-once"
			}
		case "dead-letter-routing-key":
			if isText && !set(f.Key) {
				s.DeadLetterRoutingKey, s.DeadLetterRekey = text, true
			}
		}
	}
	return s
}

// CheckPolicy returns the refusal of a policy, which has more problems than it
// tells itself; nil if there are none. The vhost must be locked.
func (vh *VHost) CheckPolicy(kind PolicyKind, p Policy, more ...string) error {
	var problems []string
	if err, ok := checkPolicy(vh.node.release, kind, &p).(*ValidationError); ok {
		problems = err.Problems
	}
	if problems = append(problems, more...); len(problems) == 0 {
		return nil
	}
	return &ValidationError{problems}
}
