package broker

import (
	"fmt"
	"slices"

	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/wire"
)

// mirrorKeys are the settings for mirrors, which 3.10 was the last to have, besides
// ha-mode, in the order in which they are checked.
var mirrorKeys = []string{"ha-params", "ha-sync-mode", "ha-sync-batch-size", "ha-promote-on-shutdown", "ha-promote-on-failure"}

// checkMirrors says what is wrong with what a policy sets about mirrors, of which
// a single node has none; empty if nothing is.
func checkMirrors(definition wire.Table) string {
	mode, set := definition.Get("ha-mode")
	if !set {
		if slices.ContainsFunc(definition, func(f wire.Field) bool { return slices.Contains(mirrorKeys, f.Key) }) {
			return "ha-mode must be specified to specify ha-params, ha-sync-mode or ha-promote-on-shutdown"
		}
		return ""
	}
	params, given := definition.Get("ha-params")
	text := "none"
	if given {
		text = erlang.Format(params, true)
	}
	_, isNumber := integer(params)
	_, isList := params.(wire.Array)
	switch {
	case mode == "all" && given:
		return `ha-mode="all" does not take parameters`
	case mode == "exactly" && !isNumber:
		return fmt.Sprintf(`ha-mode="exactly" takes an integer, %s given`, text)
	case mode == "nodes" && !isList:
		return fmt.Sprintf(`ha-mode="nodes" takes a list, %s given`, text)
	case mode != "all" && mode != "exactly" && mode != "nodes":
		return erlang.Format(mode, true) + " is not a valid ha-mode value"
	}
	for _, key := range mirrorKeys[1:] {
		v, set := definition.Get(key)
		if !set {
			continue
		}
		n, _ := integer(v)
		switch {
		case key == "ha-sync-mode" && v != "manual" && v != "automatic":
			return fmt.Sprintf(`ha-sync-mode must be "manual" or "automatic", got %s`, erlang.Format(v, true))
		case key == "ha-sync-batch-size" && n < 1:
			return fmt.Sprintf("ha-sync-batch-size takes an integer greater than 0, %s given", erlang.Format(v, true))
		case key != "ha-sync-mode" && key != "ha-sync-batch-size" && v != "always" && v != "when-synced":
			return fmt.Sprintf(`%s must be "always" or "when-synced", got %s`, key, erlang.Format(v, true))
		}
	}
	return ""
}
