package main

import (
	"runtime"
	"slices"
	"time"
)

// workload is something that a broker can be measured by.
type workload struct {
	name  string
	group string // client, raw, scale, start or growth
	unit  string
	less  bool // less is better
	// params are the body sizes or, if param is not empty, other numbers that
	// the workload is measured with.
	params []int
	param  string
	// network is the only one that it runs over, both if empty.
	network string
	local   bool // for contenders in this process
	slow    bool // takes seconds: a few rounds are enough
	// goal is the ratio to the null broker that issue 5 asks for, 0 for none.
	goal float64
	run  func(r *run) (float64, error)
}

// sizes are the bodies of issue 5.
var sizes = []int{0, 128, 1 << 10, 64 << 10, 1 << 20}

func workloads() []workload {
	return slices.Concat(clientWorkloads, rawWorkloads, scaleWorkloads, startWorkloads, growthWorkloads)
}

// run is one measurement of one contender.
type run struct {
	*target
	start    func() (*target, error) // for workloads that start brokers themselves
	size     int                     // the parameter, mostly of bodies in bytes
	duration time.Duration           // that is to be measured, roughly

	began    time.Time
	cpuBegan time.Duration
	cpu      float64 // microseconds of this process for each operation
}

// maxBytes limits what a run leaves in a queue.
const maxBytes = 192 << 20

// begin begins what is measured.
func (r *run) begin() {
	r.warmUp()
	runtime.GC()
	r.cpuBegan = cpuTime()
	r.began = time.Now()
}

// warmUp has the process own the memory that a run with large bodies leaves in a
// queue. What is measured is else how fast the kernel hands out pages.
func (r *run) warmUp() {
	if r.size < 32<<10 {
		return
	}
	for b := make([]byte, maxBytes); len(b) > 0; b = b[min(len(b), 4<<10):] {
		b[0] = 1
	}
}

// more says whether there is time for another operation of so many bytes in a
// queue that keeps them. It looks at the clock every 16 operations.
func (r *run) more(done int) bool {
	if done*r.size > maxBytes {
		return false
	}
	return done%16 != 0 || time.Since(r.began) < r.duration
}

// rate ends what is measured and returns the operations a second.
func (r *run) rate(operations int) float64 {
	elapsed := time.Since(r.began)
	r.cpu = float64((cpuTime() - r.cpuBegan).Nanoseconds()) / 1e3 / float64(operations)
	return float64(operations) / elapsed.Seconds()
}

// latencies collects times.
type latencies []time.Duration

// p50 returns the median in microseconds.
func (l latencies) p50() float64 {
	slices.Sort(l)
	return float64(l[len(l)/2].Nanoseconds()) / 1e3
}
