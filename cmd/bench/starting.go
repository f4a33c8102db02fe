package main

import (
	"time"
)

// startWorkloads start brokers.
var startWorkloads = []workload{
	{name: "start to first channel", group: "start", unit: "us p50", less: true, params: []int{0}, local: true, run: startOne},
	{name: "start and close brokers", group: "start", unit: "brokers/s", params: []int{0}, local: true, run: startMany},
}

// startOne measures from the start of a broker to a client with a channel.
func startOne(r *run) (float64, error) {
	var l latencies
	r.begin()
	for n := 0; n < 4 || r.more(n); n++ {
		began := time.Now()
		t, err := r.start()
		if err != nil {
			return 0, err
		}
		conn, _, err := t.connect()
		if err != nil {
			return 0, err
		}
		l = append(l, time.Since(began))
		conn.Close()
		t.close()
	}
	r.rate(len(l))
	return l.p50(), nil
}

// startMany starts and closes brokers that nobody talks to.
func startMany(r *run) (float64, error) {
	r.begin()
	n := 0
	for ; n < 16 || r.more(n); n++ {
		t, err := r.start()
		if err != nil {
			return 0, err
		}
		t.close()
	}
	return r.rate(n), nil
}
