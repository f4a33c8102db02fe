package exchange

import "strings"

// A topicTable finds bindings whose pattern matches one of the message's routing keys. Both are words separated by
// dots, which may be empty: "." is two empty words, and only the empty key has no words. In a pattern the word * stands
// for any one word and # for any number of them, also none. A message's words * and # are words like others.
//
// The patterns form a trie with a word to each edge. A key walks all its paths at once: after each word there is a
// set of active nodes, so that a step costs no more than the nodes it reaches, whatever the patterns.
type topicTable struct {
	root  topicNode
	step  uint64 // counts the words walked, over all calls
	rules Rules
}

// A topicNode is the end of the patterns' common beginning.
type topicNode struct {
	parent   *topicNode
	word     string                // that leads here from the parent
	children map[string]*topicNode // by word, but for * and #
	star     *topicNode
	hash     *topicNode
	bindings []*Binding
	loops    bool   // it is the end of a #, where any word leads back to
	step     uint64 // the last at which it was active
}

func newTopicTable(rules Rules) *topicTable { return &topicTable{rules: rules} }

// maxTopicHashes is how many words # a pattern may have from RabbitMQ 4.3 on.
const maxTopicHashes = 2

func (t *topicTable) check(b *Binding) error {
	if t.rules.ManyTopicHashes {
		return nil
	}
	hashes := 0
	for word := range strings.SplitSeq(b.RoutingKey, ".") {
		if word == "#" {
			hashes++
		}
	}
	if hashes > maxTopicHashes {
		return preconditionFailed("Topic binding key '%s' uses %d '#' wildcards, at most %d are allowed",
			b.RoutingKey, hashes, maxTopicHashes)
	}
	return nil
}

func (t *topicTable) add(b *Binding) {
	node := t.node(b.RoutingKey)
	node.bindings = append(node.bindings, b)
}

func (t *topicTable) remove(b *Binding) {
	node := t.node(b.RoutingKey)
	node.bindings = without(node.bindings, b)
	for node.parent != nil && node.empty() {
		switch parent := node.parent; node {
		case parent.star:
			parent.star = nil
		case parent.hash:
			parent.hash = nil
		default:
			delete(parent.children, node.word)
		}
		node = node.parent
	}
}

// node returns the end of a pattern, making what is missing on the way.
func (t *topicTable) node(pattern string) *topicNode {
	node := &t.root
	if pattern == "" {
		return node
	}
	for word := range strings.SplitSeq(pattern, ".") {
		node = node.child(word)
	}
	return node
}

func (n *topicNode) child(word string) *topicNode {
	var edge **topicNode
	switch word {
	case "*":
		edge = &n.star
	case "#":
		edge = &n.hash
	default:
		child := n.children[word]
		if child == nil {
			if n.children == nil {
				n.children = map[string]*topicNode{}
			}
			child = &topicNode{parent: n, word: word}
			n.children[word] = child
		}
		return child
	}
	if *edge == nil {
		*edge = &topicNode{parent: n, word: word, loops: word == "#"}
	}
	return *edge
}

func (n *topicNode) empty() bool {
	return len(n.bindings) == 0 && len(n.children) == 0 && n.star == nil && n.hash == nil
}

func (t *topicTable) match(m *Message, r *Router) {
	for _, key := range m.RoutingKeys {
		t.matchKey(key, r)
	}
}

func (t *topicTable) matchKey(key string, r *Router) {
	active, next := r.active[:0], r.next[:0]
	t.step++
	active = t.enter(active, &t.root)
	for rest, more := key, key != ""; more && len(active) > 0; {
		var word string
		word, rest, more = strings.Cut(rest, ".")
		t.step++
		next = next[:0]
		for _, node := range active {
			if child := node.children[word]; child != nil {
				next = t.enter(next, child)
			}
			if node.star != nil {
				next = t.enter(next, node.star)
			}
			if node.loops {
				next = t.enter(next, node)
			}
		}
		active, next = next, active
	}
	for _, node := range active {
		for _, b := range node.bindings {
			r.reach(b)
		}
	}
	r.active, r.next = active, next
}

// enter makes a node active for this step, and with it all that follow by # alone, which takes no word.
func (t *topicTable) enter(active []*topicNode, node *topicNode) []*topicNode {
	for node != nil && node.step != t.step {
		node.step = t.step
		active = append(active, node)
		node = node.hash
	}
	return active
}
