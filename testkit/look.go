package testkit

// Exchanges returns the exchanges of all virtual hosts, by name, without those that
// every virtual host has. The VHost of those in "/" is empty.
func (b *Broker) Exchanges(t T) []Exchange { t.Helper(); return b.topology(t).Exchanges }

// Queues returns the queues of all virtual hosts as they were declared, by name. The
// VHost of those in "/" is empty.
func (b *Broker) Queues(t T) []Queue { t.Helper(); return b.topology(t).Queues }

// Bindings returns the bindings of all exchanges of all virtual hosts but the default
// ones, by exchange and then in the order of their making. The VHost of those in "/"
// is empty.
func (b *Broker) Bindings(t T) []Binding { t.Helper(); return b.topology(t).Bindings }

// topology returns what is declared, virtual host by virtual host.
func (b *Broker) topology(t T) (all Topology) {
	t.Helper()
	err := b.visit("", func(name string, vh vhost) error {
		declared, err := vh.topology()
		if name != "/" {
			declared = declared.in(name)
		}
		all.Exchanges = append(all.Exchanges, declared.Exchanges...)
		all.Queues = append(all.Queues, declared.Queues...)
		all.Bindings = append(all.Bindings, declared.Bindings...)
		return err
	})
	if err != nil {
		fail(t, err)
	}
	return all
}
