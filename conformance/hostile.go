package conformance

import "github.com/minirabbit/minirabbit/wire"

// silence is something that the broker answers by closing the socket without a word; before the connection is open it
// lets three seconds pass first.
type silence struct {
	label string
	do    func(r *Raw)
}

// startedWith answers connection.start that way.
func startedWith(label string, h Handshake) silence {
	return silence{label, func(r *Raw) {
		r.Greet()
		r.StartOk(r.complete(h))
	}}
}

// closedInSilence does everything on sockets of their own, at the same time, and waits for their end.
func (t *T) closedInSilence(all []silence) {
	t.Helper()
	sockets := make([]*Raw, len(all))
	for i, each := range all {
		sockets[i] = t.Socket()
		each.do(sockets[i])
	}
	for i, each := range all {
		sockets[i].ExpectEnd()
		t.mark(each.label)
	}
}

// garbage is something on an open connection that the broker answers with an error of the connection.
type garbage struct {
	label string
	do    func(r *Raw)
	want  Error
}

// refused does everything on connections of their own, at the same time, and checks the errors. RabbitMQ keeps some of
// the connections for three seconds after the error.
func (t *T) refused(all []garbage) {
	t.Helper()
	connections := make([]*Raw, len(all))
	for i, each := range all {
		connections[i] = t.Raw()
		each.do(connections[i])
	}
	for i, each := range all {
		m := Expect[*wire.ConnectionClose](connections[i].Channel0())
		e, _ := asError(m)
		t.Check(each.label, e, each.want)
		connections[i].closeOk()
	}
	for _, connection := range connections {
		connection.ExpectEnd()
	}
}
