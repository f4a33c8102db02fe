// Package demo is the project's main job from start to end, for a person to watch: a worker and a producer exchange
// tasks and results through a broker, and a tally at the end says that nothing was lost.
//
//	tally, err := demo.Run(ctx, os.Stdout, broker.URL(), 40)
//	if err != nil || tally.Lost() > 0 { … }
package demo
