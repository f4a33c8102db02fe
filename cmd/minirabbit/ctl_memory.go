package main

import (
	"context"
	"math"
	"regexp"
	"strconv"
)

// leastMemory is the limit below which memory counts as short. The limit that is
// measured is that of serve --memory: one this low can only be meant to raise the alarm.
const (
	leastFraction = 0.01
	leastMemory   = 64 << 20
)

var (
	amount = regexp.MustCompile(`^([0-9]+)([a-zA-Z]*)$`)
	units  = map[string]int64{"": 1, "k": 1 << 10, "kiB": 1 << 10, "M": 1 << 20, "MiB": 1 << 20, "G": 1 << 30, "GiB": 1 << 30,
		"kB": 1e3, "MB": 1e6, "GB": 1e9}
)

func (c *ctl) setMemoryHighWatermark(ctx context.Context) error {
	limit, unit := c.args[0], ""
	var raise bool
	if len(c.args) == 2 {
		limit, unit = c.args[1], " bytes"
		parts := amount.FindStringSubmatch(limit)
		if c.args[0] != "absolute" || parts == nil {
			return c.invalid(ctlBadData, "Bad argument.")
		}
		factor, known := units[parts[2]]
		if !known {
			return c.invalid(ctlBadData, "Bad argument: Invalid units.")
		}
		n, err := strconv.ParseInt(parts[1], 10, 64)
		raise = err == nil && n < math.MaxInt64/factor && n*factor < leastMemory
	} else {
		f, err := strconv.ParseFloat(limit, 64)
		switch {
		case err != nil:
			return c.invalid(ctlBadData, "Bad argument.")
		case f < 0 || f > 1:
			return c.invalid(ctlBadData, "Bad argument: The threshold should be a fraction between 0.0 and 1.0")
		}
		raise = f < leastFraction
	}
	s, err := c.state(ctx)
	if err != nil {
		return err
	}
	c.say("Setting memory threshold on %s to %s%s ...", s.Node, limit, unit)
	if raise {
		return c.api.put(ctx, "minirabbit/alarms/memory", nil)
	}
	return c.api.delete(ctx, "minirabbit/alarms/memory")
}
