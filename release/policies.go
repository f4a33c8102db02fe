package release

// Policies is how policies differ.
type Policies struct {
	// PolicyTargets are the values of apply-to.
	PolicyTargets []string
	// PolicyTargetsText lists them in the refusal of others.
	PolicyTargetsText string
	// UnknownSettings are policy keys that other releases have.
	UnknownSettings []string
	// MoreOperatorSettings are keys of operator policies too, besides those that are in every release.
	MoreOperatorSettings []string
	// ForbiddenSettings are deprecated keys, which are refused with a text of their own.
	ForbiddenSettings []string
	// UnsupportedSettings are keys that a type of queue does not support. A policy with one of them does not apply to
	// queues of that type.
	UnsupportedSettings ByType
	// RefusesNegativeDeliveryLimit: delivery-limit must not be negative.
	RefusesNegativeDeliveryLimit bool
	// Mirrors: there are keys ha-*, for mirrored classic queues.
	Mirrors bool
}
