// Package interop checks package worker against Python's Celery: producers and workers of both languages on one broker,
// in all arrangements, and Celery's own command line against the Go worker. It holds nothing but tests.
//
// They need Debian's celery, python3-kombu and python3-pika for the system's own /usr/bin/python3, and skip without,
// unless MINIRABBIT_CELERY=required makes that a failure; without that, those that take long skip, too. They run on `minirabbit serve`, or on the real RabbitMQ that
// MINIRABBIT_AMQP_URL and MINIRABBIT_HTTP_URL name, in a virtual host for each test.
package interop
