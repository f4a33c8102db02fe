// Package fault is the engine of faults: it has a broker misbehave at exact moments. It is for
// whatever drives faults: package testkit, and an HTTP API.
//
//	engine := fault.NewEngine(trace)
//	server.SetInterceptor(engine)
//	lost, err := engine.Inject(fault.Fault{
//		When: fault.When{Moment: fault.Before, Method: fault.BasicAck, Queue: fault.Text("tasks")},
//		Do:   fault.Action{{Kind: fault.DropConnection}},
//	})
//	...
//	err = lost.Await(ctx, 1)
//
// A [Fault] is data: when it strikes, what it does, how often.
// [Fault.Check] refuses what cannot be carried out as a whole; what it accepts, a
// strike carries out to the last step. [Engine] holds the faults in force and is the server's
// interceptor: it answers each command with what the command is to suffer, which package
// amqpserver carries out. [Chaos] draws faults and events from a seed.
//
// # How it is tested
//
// What is pure is tested here: the pairs of actions with every method, and
// the plan of chaos. What clients see of each action, alone and in pairs, is
// tested through testkit, with real clients.
package fault
