package exchange

import "github.com/minirabbit/minirabbit/release"

// Rules says how exchanges route: as in a release of RabbitMQ, with the plug-ins that it has. The zero value is the newest
// release with all plug-ins.
type Rules struct {
	release.Routing

	// NoPlugins: there are no exchange types of plug-ins, as in a RabbitMQ that has none enabled.
	NoPlugins bool
}
