// Package celery is the codec of Celery's messages: tasks of protocol 2 (and 1, read), results of the rpc:// backend,
// remote control and events. It turns what amqp091-go carries into Go values and back, and talks to nobody.
//
//	task, err := celery.DecodeTask(delivery, celery.Accept{})
//	…
//	message, err := celery.Task{ID: id, Name: "tasks.wrapped_main", Args: args, ReplyTo: queue}.Publishing()
//
// Package worker, which sends and does tasks, is built on it. The formats are those that Celery 5.2 was seen to send,
// recorded in testdata/golden by testdata/record.py, and those of its documentation ("Message Protocol").
//
// Bodies are JSON. Other content types are refused by name unless an [Accept] says how to read them: pickle, for one,
// is a program, and running it would hand the worker over to whoever can publish.
package celery
