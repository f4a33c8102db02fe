// Package frametap listens in on AMQP connections: a proxy between a client and a broker that keeps the bytes of both
// directions, and a check that package wire decodes each frame in them and encodes it to the same bytes again. It is
// for tests, against this broker or a real RabbitMQ:
//
//	tap, err := frametap.Start("127.0.0.1:5672")
//	...
//	use(tap.Addr())
//	tap.Close()
//	for _, session := range tap.Sessions() {
//		frames, err := frametap.Check(session.Client)
//		...
//	}
package frametap
