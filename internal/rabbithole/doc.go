// Command rabbithole runs the own tests of github.com/michaelklishin/rabbit-hole, a client of RabbitMQ's HTTP API, at
// the two versions of its two majors that are in use, against a broker that serves that API.
//
//	rabbithole -amqp 127.0.0.1:5672 -http 127.0.0.1:15672 -excluded scripts/rabbithole-suite.excluded
//
// The tests have the usual ports written down in them, so they are copied and changed. A test that the list excludes
// must not pass: the list shrinks with what the broker learns.
package main
