package management

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/release"
)

// handler answers one method of one path.
type handler func(r *request)

// route is a path with variables in braces, and what answers its methods.
type route struct {
	pattern  string
	access   access
	exists   func(*release.HTTP) bool // nil: in all releases
	ranged   string                   // what a bad range of samples is called, "" if it takes none
	paged    func(*release.HTTP) bool // in which releases the list comes in pages if asked, nil: in none
	get      handler
	put      handler
	post     handler
	delete   handler
	segments []string
	allow    string
}

// The paths that not all releases have.
var (
	hasVersion      = func(rules *release.HTTP) bool { return rules.HasVersion }
	hasHashPassword = func(rules *release.HTTP) bool { return rules.HasHashPassword }
	hasDeprecated   = func(rules *release.HTTP) bool { return rules.DeprecatedFeatures != "" }
	hasReadiness    = func(rules *release.HTTP) bool { return rules.HasReadiness }
	hasMirrors      = func(rules *release.HTTP) bool { return !rules.NamesQueueType }
	hasPages        = func(*release.HTTP) bool { return true }
	pagesUsers      = func(rules *release.HTTP) bool { return rules.PagesUsers }
	hasProtection   = func(rules *release.HTTP) bool { return rules.Protected }
)

// What a bad range of samples is called in answers.
const (
	badRequest = "bad_request"
	badRange   = "invalid_range_parameters"
)

// routes is the table of all paths below /api.
var routes = []route{
	{pattern: "overview", access: anyUser, ranged: badRequest, get: (*request).overview},
	{pattern: "whoami", access: anyUser, get: (*request).whoami},
	{pattern: "extensions", access: anyUser, get: (*request).extensions},
	{pattern: "version", access: nobody, exists: hasVersion, get: (*request).version},
	{pattern: "auth", access: nobody, get: (*request).authSettings},
	{pattern: "auth/attempts/{node}", access: monitor, get: (*request).authAttempts, delete: (*request).resetAttempts},
	{pattern: "auth/attempts/{node}/source", access: monitor, get: (*request).authAttemptSources, delete: (*request).resetAttempts},
	{pattern: "auth/hash_password/{password}", access: administrator, exists: hasHashPassword, get: (*request).hashPassword},
	{pattern: "cluster-name", access: anyUser, get: (*request).clusterName, put: (*request).setClusterName},
	{pattern: "nodes", access: monitor, ranged: badRequest, get: (*request).nodes},
	{pattern: "nodes/{node}", access: monitor, ranged: badRequest, get: (*request).nodeByName},
	{pattern: "nodes/{node}/memory", access: monitor, get: (*request).nodeMemory},
	{pattern: "feature-flags", access: featureFlags, get: (*request).featureFlags},
	{pattern: "feature-flags/{name}/enable", access: administrator, put: (*request).enableFeatureFlag},
	{pattern: "deprecated-features", access: anyUser, exists: hasDeprecated, get: (*request).deprecatedFeatures},
	{pattern: "deprecated-features/used", access: anyUser, exists: hasDeprecated, get: (*request).deprecatedFeaturesUsed},
	{pattern: "rebalance/queues", access: administrator, post: (*request).rebalance},
	{pattern: "reset", access: administrator, delete: (*request).noContent},
	{pattern: "reset/{node}", access: administrator, delete: (*request).noContent},
	{pattern: "login", access: nobody, post: (*request).login},
	{pattern: "healthchecks/node", access: anyUser, get: (*request).healthy},
	{pattern: "healthchecks/node/{node}", access: anyUser, get: (*request).checkNode},
	{pattern: "health/checks/alarms", access: anyUser, get: (*request).checkAlarms},
	{pattern: "health/checks/local-alarms", access: anyUser, get: (*request).checkAlarms},
	{pattern: "health/checks/certificate-expiration/{within}/{unit}", access: anyUser, get: (*request).checkCertificates},
	{pattern: "health/checks/port-listener/{port}", access: anyUser, get: (*request).checkPort},
	{pattern: "health/checks/protocol-listener/{protocols}", access: anyUser, get: (*request).checkProtocol},
	{pattern: "health/checks/virtual-hosts", access: anyUser, get: (*request).healthy},
	{pattern: "health/checks/node-is-quorum-critical", access: anyUser, get: (*request).checkQuorum},
	{pattern: "health/checks/node-is-mirror-sync-critical", access: anyUser, exists: hasMirrors, get: (*request).checkQuorum},
	{pattern: "health/checks/is-in-service", access: nobody, exists: hasReadiness, get: (*request).healthy},
	{pattern: "health/checks/below-node-connection-limit", access: nobody, exists: hasReadiness, get: (*request).checkListeners},
	{pattern: "health/checks/ready-to-serve-clients", access: nobody, exists: hasReadiness, get: (*request).checkListeners},
	{pattern: "health/checks/metadata-store/initialized", access: anyUser, exists: hasReadiness, get: (*request).healthy},
	{pattern: "health/checks/metadata-store/initialized/with-data", access: anyUser, exists: hasReadiness, get: (*request).healthy},
	{pattern: "health/checks/quorum-queues-without-elected-leaders/all-vhosts", access: anyUser, exists: hasReadiness, get: (*request).healthy},

	{pattern: "connections", access: anyUser, ranged: badRequest, paged: hasPages, get: (*request).connections},
	{pattern: "connections/username/{user}", access: sameUser, paged: hasPages, get: (*request).connectionsOfUser, delete: (*request).closeConnectionsOfUser},
	{pattern: "connections/{name}", access: anyUser, ranged: badRequest, get: (*request).connection, delete: (*request).closeConnection},
	{pattern: "connections/{name}/channels", access: anyUser, ranged: badRequest, get: (*request).connectionChannels},
	{pattern: "vhosts/{vhost}/connections", access: vhostUser, ranged: badRequest, get: (*request).vhostConnections},
	{pattern: "channels", access: anyUser, ranged: badRequest, paged: hasPages, get: (*request).channels},
	{pattern: "channels/{name}", access: anyUser, ranged: badRequest, get: (*request).channel},
	{pattern: "vhosts/{vhost}/channels", access: vhostUser, ranged: badRequest, get: (*request).vhostChannels},
	{pattern: "consumers", access: anyUser, get: (*request).consumers},
	{pattern: "consumers/{vhost}", access: consumersOf, get: (*request).consumers},

	{pattern: "exchanges", access: anyUser, ranged: badRange, paged: hasPages, get: (*request).exchanges},
	{pattern: "exchanges/{vhost}", access: vhostUser, ranged: badRange, paged: hasPages, get: (*request).exchanges},
	{pattern: "exchanges/{vhost}/{exchange}", access: vhostUser, ranged: badRequest, get: (*request).exchange, put: (*request).putExchange, delete: (*request).deleteExchange},
	{pattern: "exchanges/{vhost}/{exchange}/publish", access: vhostUser, post: (*request).publish},
	{pattern: "exchanges/{vhost}/{exchange}/bindings/source", access: vhostUser, get: (*request).bindingsFrom},
	{pattern: "exchanges/{vhost}/{exchange}/bindings/destination", access: vhostUser, get: (*request).bindingsTo},
	{pattern: "queues", access: anyUser, ranged: badRange, paged: hasPages, get: (*request).queues},
	{pattern: "queues/detailed", access: anyUser, ranged: badRange, paged: hasPages, get: (*request).detailedQueues},
	{pattern: "queues/{vhost}", access: vhostUser, ranged: badRange, paged: hasPages, get: (*request).queues},
	{pattern: "queues/{vhost}/{queue}", access: vhostUser, ranged: badRequest, get: (*request).queue, put: (*request).putQueue, delete: (*request).deleteQueue},
	{pattern: "queues/{vhost}/{queue}/bindings", access: vhostUser, get: (*request).bindingsToQueue},
	{pattern: "queues/{vhost}/{queue}/contents", access: vhostUser, delete: (*request).purgeQueue},
	{pattern: "queues/{vhost}/{queue}/get", access: vhostUser, post: (*request).getMessages},
	{pattern: "queues/{vhost}/{queue}/actions", access: vhostUser, post: (*request).queueAction},
	{pattern: "bindings", access: anyUser, get: (*request).bindings},
	{pattern: "bindings/{vhost}", access: vhostUser, get: (*request).bindings},
	{pattern: "bindings/{vhost}/e/{source}/{kind}/{destination}", access: vhostUser, get: (*request).bindingsBetween, post: (*request).bind},
	{pattern: "bindings/{vhost}/e/{source}/{kind}/{destination}/{key}", access: vhostUser, get: (*request).binding, delete: (*request).unbind},

	{pattern: "vhosts", access: anyUser, ranged: badRange, paged: hasPages, get: (*request).vhosts},
	{pattern: "vhosts/{vhost}", access: administrator, ranged: badRequest, get: (*request).vhost, put: (*request).putVHost, delete: (*request).deleteVHost},
	{pattern: "vhosts/{vhost}/permissions", access: administrator, get: (*request).vhostPermissions},
	{pattern: "vhosts/{vhost}/topic-permissions", access: administrator, get: (*request).vhostTopicPermissions},
	{pattern: "vhosts/{vhost}/start/{node}", access: administrator, post: (*request).startVHost},
	{pattern: "vhosts/{vhost}/deletion/protection", access: administrator, exists: hasProtection, post: (*request).protectVHost, delete: (*request).unprotectVHost},
	{pattern: "aliveness-test/{vhost}", access: vhostUser, get: (*request).aliveness},
	{pattern: "users", access: administrator, paged: pagesUsers, get: (*request).users},
	{pattern: "users/without-permissions", access: administrator, paged: pagesUsers, get: (*request).usersWithoutPermissions},
	{pattern: "users/bulk-delete", access: administrator, post: (*request).bulkDeleteUsers},
	{pattern: "users/{user}", access: administrator, get: (*request).userByName, put: (*request).putUser, delete: (*request).deleteUser},
	{pattern: "users/{user}/permissions", access: administrator, get: (*request).userPermissions},
	{pattern: "users/{user}/topic-permissions", access: administrator, get: (*request).userTopicPermissions},
	{pattern: "permissions", access: administrator, get: (*request).permissions},
	{pattern: "permissions/{vhost}/{user}", access: administrator, get: (*request).permission, put: (*request).putPermission, delete: (*request).deletePermission},
	{pattern: "topic-permissions", access: administrator, get: (*request).topicPermissions},
	{pattern: "topic-permissions/{vhost}/{user}", access: administrator, get: (*request).topicPermission, put: (*request).putTopicPermission, delete: (*request).deleteTopicPermissions},
	{pattern: "topic-permissions/{vhost}/{user}/{exchange}", access: administrator, delete: (*request).deleteTopicPermission},

	{pattern: "policies", access: anyUser, get: (*request).policies},
	{pattern: "policies/{vhost}", access: vhostUser, get: (*request).policies},
	{pattern: "policies/{vhost}/{name}", access: policymaker, get: (*request).policy, put: (*request).putPolicy, delete: (*request).deletePolicy},
	{pattern: "operator-policies", access: anyUser, get: (*request).operatorPolicies},
	{pattern: "operator-policies/{vhost}", access: vhostUser, get: (*request).operatorPolicies},
	{pattern: "operator-policies/{vhost}/{name}", access: administrator, get: (*request).operatorPolicy, put: (*request).putOperatorPolicy, delete: (*request).deleteOperatorPolicy},
	{pattern: "vhost-limits", access: anyUser, get: (*request).vhostLimits},
	{pattern: "vhost-limits/{vhost}", access: vhostMonitor, get: (*request).vhostLimits},
	{pattern: "vhost-limits/{vhost}/{name}", access: administrator, put: (*request).putVHostLimit, delete: (*request).deleteVHostLimit},
	{pattern: "user-limits", access: limitsOfUsers, get: (*request).userLimits},
	{pattern: "user-limits/{user}", access: limitsOfUser, get: (*request).userLimits},
	{pattern: "user-limits/{user}/{name}", access: administrator, put: (*request).putUserLimit, delete: (*request).deleteUserLimit},
	{pattern: "parameters", access: anyPolicymaker, get: (*request).parameters},
	{pattern: "parameters/{component}", access: anyPolicymaker, get: (*request).parameters},
	{pattern: "parameters/{component}/{vhost}", access: policymaker, get: (*request).parameters},
	{pattern: "parameters/{component}/{vhost}/{name}", access: policymaker, get: (*request).parameter, put: (*request).putParameter, delete: (*request).deleteParameter},
	{pattern: "global-parameters", access: anyPolicymaker, get: (*request).globalParameters},
	{pattern: "global-parameters/{name}", access: anyPolicymaker, get: (*request).globalParameter, put: (*request).putGlobalParameter, delete: (*request).deleteGlobalParameter},
	{pattern: "definitions", access: administrator, get: (*request).definitions, post: (*request).importDefinitions},
	{pattern: "definitions/{vhost}", access: administrator, get: (*request).vhostDefinitions, post: (*request).importVHostDefinitions},
	{pattern: "all-configuration", access: administrator, get: (*request).definitions, post: (*request).importDefinitions},

	// These are minirabbit's own, for its control command.
	{pattern: "minirabbit/app", access: administrator, get: (*request).appState, put: (*request).setAppState},
	{pattern: "minirabbit/alarms/{resource}", access: administrator, put: (*request).raiseAlarm, delete: (*request).clearAlarm},
	{pattern: "minirabbit/connections", access: administrator, delete: (*request).closeAllConnections},
	{pattern: "minirabbit/passwords/{user}", access: administrator, post: (*request).checkPassword},

	// And these for its page.
	{pattern: "minirabbit/trace", access: administrator, get: (*request).tracedMethods},
	{pattern: "minirabbit/history", access: administrator, get: (*request).messageHistory},
	{pattern: "minirabbit/history/{id}", access: administrator, get: (*request).historyOfMessage},
	{pattern: "minirabbit/faults", access: monitor, get: (*request).faultsInForce},
}

func init() {
	for i := range routes {
		r := &routes[i]
		r.segments = strings.Split(r.pattern, "/")
		var methods []string
		for _, m := range []string{http.MethodHead, http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete} {
			if r.handler(m) != nil {
				methods = append(methods, m)
			}
		}
		r.allow = strings.Join(append(methods, http.MethodOptions), ", ")
	}
}

// handler returns what answers a method, nil if it is not allowed.
func (r *route) handler(method string) handler {
	switch method {
	case http.MethodGet, http.MethodHead:
		return r.get
	case http.MethodPut:
		return r.put
	case http.MethodPost:
		return r.post
	case http.MethodDelete:
		return r.delete
	}
	return nil
}

// findRoute returns the route for an escaped path below /api and the values of
// its variables. A slash at the end is ignored.
func findRoute(path string) (*route, map[string]string) {
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for i, part := range parts {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return nil, nil
		}
		parts[i] = plain
	}
	for i := range routes {
		if vars, ok := routes[i].match(parts); ok {
			return &routes[i], vars
		}
	}
	return nil, nil
}

func (r *route) match(parts []string) (map[string]string, bool) {
	if len(parts) != len(r.segments) {
		return nil, false
	}
	var vars map[string]string
	for i, segment := range r.segments {
		if segment[0] != '{' {
			if segment != parts[i] {
				return nil, false
			}
			continue
		}
		if vars == nil {
			vars = make(map[string]string)
		}
		vars[segment[1:len(segment)-1]] = parts[i]
	}
	if kind, set := vars["kind"]; set && !slices.Contains([]string{"e", "q"}, kind) {
		return nil, false
	}
	return vars, true
}
