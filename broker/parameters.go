package broker

import (
	"encoding/json"
	"maps"
	"slices"
)

// globalParameters are values that anybody may keep in a node, as JSON.
type globalParameters map[string]json.RawMessage

// ClusterName returns the name that the node gives itself.
func (n *Node) ClusterName() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.clusterName
}

// SetClusterName renames the node.
func (n *Node) SetClusterName(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.clusterName = name
}

// GlobalParameter returns a global parameter, nil if there is none.
func (n *Node) GlobalParameter(name string) json.RawMessage {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.parameters[name]
}

// GlobalParameters returns the names of the global parameters.
func (n *Node) GlobalParameters() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Sorted(maps.Keys(n.parameters))
}

// SetGlobalParameter sets a global parameter; nil removes it. It says whether
// there was none before.
func (n *Node) SetGlobalParameter(name string, value json.RawMessage) (created bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, had := n.parameters[name]
	if value == nil {
		delete(n.parameters, name)
		return !had
	}
	if n.parameters == nil {
		n.parameters = make(globalParameters)
	}
	n.parameters[name] = value
	return !had
}
