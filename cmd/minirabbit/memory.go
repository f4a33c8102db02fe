package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// memoryWatch raises the alarm of memory while the process uses more than a limit,
// as RabbitMQ does above its watermark: publishers are blocked until consumers have
// made room.
//
// What counts is the heap, with what it keeps for stacks and itself. Ten times a
// second the watch looks whether that is over the limit. Some of it may be garbage: so
// the watch has it collected, once a second at most, before it raises the alarm and
// before it clears it, which it does when a sixteenth of the limit is free again. The
// collector is told to keep the whole process within a quarter more than the limit.
type memoryWatch struct {
	limit    uint64
	interval time.Duration
	patience time.Duration // between two collections
	set      func(raised bool)
}

const (
	memoryInterval = 100 * time.Millisecond
	memoryPatience = time.Second
)

// run watches until stop is closed.
func (w *memoryWatch) run(stop <-chan struct{}) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 { // GOMEMLIMIT says nothing
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(int64(min(w.limit+w.limit/4, math.MaxInt64))))
	}
	tick := time.NewTicker(w.interval)
	defer tick.Stop()
	raised, collected := false, time.Time{}
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		if !raised && usedMemory() <= w.limit || time.Since(collected) < w.patience {
			continue
		}
		runtime.GC()
		collected = time.Now()
		switch used := usedMemory(); {
		case !raised && used > w.limit:
			raised = true
			w.set(true)
		case raised && used <= w.limit-w.limit/16:
			raised = false
			w.set(false)
		}
	}
}

// usedMemory returns the size of the heap's objects and of what the runtime needs for
// them, in bytes.
func usedMemory() uint64 {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}, {Name: "/memory/classes/os-stacks:bytes"},
		{Name: "/memory/classes/metadata/mcache/inuse:bytes"}, {Name: "/memory/classes/metadata/mspan/inuse:bytes"},
		{Name: "/memory/classes/metadata/other:bytes"}, {Name: "/memory/classes/other:bytes"},
	}
	metrics.Read(samples)
	var used uint64
	for _, s := range samples {
		used += s.Value.Uint64()
	}
	return used
}

// memoryUsage describes the flag that says so.
const memoryUsage = "block publishers while the broker uses more than `SIZE`, such as 512MiB; 0 means no limit (default half of this machine's memory)"

// memoryLimit returns the limit that a flag asks for, 0 for none.
func memoryLimit(asked string) (uint64, error) {
	if asked == "" {
		return machineMemory() / 2, nil
	}
	parts := amount.FindStringSubmatch(asked)
	if parts == nil {
		return 0, usageErrorf("invalid size %q for -memory: expected a number of bytes, or of kiB, MiB or GiB", asked)
	}
	n, err := strconv.ParseUint(parts[1], 10, 64)
	factor, known := units[parts[2]]
	if err != nil || !known || n > math.MaxInt64/uint64(factor) {
		return 0, usageErrorf("invalid size %q for -memory: expected a number of bytes, or of kiB, MiB or GiB", asked)
	}
	return n * uint64(factor), nil
}

// machineMemory returns how many bytes of memory this machine has, or the container
// that the process runs in; 0 if that is not known, which it is on Linux only.
func machineMemory() uint64 {
	total := uint64(math.MaxUint64)
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kib uint64
		if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &kib); err == nil {
			total = kib << 10
		}
	}
	for _, name := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if text, err := os.ReadFile(name); err == nil {
			if n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil {
				total = min(total, n)
			}
		}
	}
	if total == math.MaxUint64 {
		return 0
	}
	return total
}
