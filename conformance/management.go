package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/wire"
)

// Manage asks the management HTTP API, with a body unless it is nil, and gives the response's JSON, or nil. Parts of the
// path that are names have to be escaped.
func (t *T) Manage(method, path string, body any) any {
	t.Helper()
	status, answer := t.manage(method, path, body)
	if status >= 300 {
		t.Fatalf("%s %s: status %d: %v", method, path, status, answer)
	}
	return answer
}

func (t *T) manage(method, path string, body any) (status int, answer any) {
	t.Helper()
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		t.Must(err)
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequest(method, t.target.ManagementURL+path, content)
	t.Must(err)
	request.SetBasicAuth(t.uri.Username, t.uri.Password)
	request.Header.Set("Content-Type", "application/json") // operator policies want it
	client := &http.Client{Timeout: patience}
	response, err := client.Do(request)
	t.Must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	t.Must(err)
	if json.Unmarshal(text, &answer) != nil {
		answer = string(text)
	}
	line := fmt.Sprintf("http %s %s %d", method, path, response.StatusCode)
	if response.StatusCode >= 400 {
		line += " " + render(answer)
	}
	t.asked(line)
	return response.StatusCode, answer
}

// User makes a user with a password equal to its name, and gives a target's URI for it. It is removed when the case ends.
func (t *T) User(label string) amqp.URI {
	t.Helper()
	name := t.UniqueName(label)
	path := "/api/users/" + url.PathEscape(name)
	t.Manage(http.MethodPut, path, map[string]string{"password": name, "tags": ""})
	t.Cleanup(func() { t.manage(http.MethodDelete, path, nil) })
	uri := t.uri
	uri.Username, uri.Password = name, name
	return uri
}

// Permit gives a user permissions in the target's vhost, as regular expressions.
func (t *T) Permit(user, configure, write, read string) {
	t.Helper()
	t.PermitIn(t.uri.Vhost, user, configure, write, read)
}

// RawAs opens a raw connection as another user.
func (t *T) RawAs(uri amqp.URI) *Raw {
	t.Helper()
	r := t.Socket()
	t.unrecorded(func() { r.Handshake(Handshake{Response: plainResponse(uri.Username, uri.Password)}) })
	return r
}

// RawAsPermitted opens a raw connection as a user to whom it gives permissions first.
func (t *T) RawAsPermitted(uri amqp.URI, configure, write, read string) *Raw {
	t.Helper()
	t.Permit(uri.Username, configure, write, read)
	return t.RawAs(uri)
}

// accessRefused is the channel error for the user that t.User("user") made; 3.10 does not say which access was refused.
func (t *T) accessRefused(access, what string, method wire.MethodID) Error {
	if t.In(Only("3.10")) {
		access = ""
	} else {
		access += " "
	}
	return ChannelError(wire.AccessRefused, access+"access to "+what+" in vhost '/' refused for user '<user>'", method)
}

// Vhost makes a virtual host in which the target's user may do everything. It is deleted when the case ends, with all that
// is in it.
func (t *T) Vhost(label string) (name string) {
	t.Helper()
	name = t.UniqueName(label)
	t.VhostWith(name, map[string]any{})
	return name
}

// VhostWith is Vhost with a name that t.UniqueName made, and with metadata.
func (t *T) VhostWith(name string, metadata map[string]any) {
	t.Helper()
	path := "/api/vhosts/" + url.PathEscape(name)
	t.unrecorded(func() {
		t.Manage(http.MethodPut, path, metadata)
		t.PermitIn(name, t.uri.Username, ".*", ".*", ".*")
	})
	t.Cleanup(func() { t.unrecorded(func() { t.manage(http.MethodDelete, path, nil) }) })
}

// PermitIn is Permit for another virtual host.
func (t *T) PermitIn(vhost, user, configure, write, read string) {
	t.Helper()
	t.Manage(http.MethodPut, "/api/permissions/"+url.PathEscape(vhost)+"/"+url.PathEscape(user),
		map[string]string{"configure": configure, "write": write, "read": read})
}

// RawIn opens a raw connection to another virtual host.
func (t *T) RawIn(vhost string) *Raw {
	t.Helper()
	r := t.Socket()
	t.unrecorded(func() { r.Handshake(Handshake{Vhost: vhost}) })
	return r
}

// Policy gives settings to a queue for the time of the case, under the queue's name. RabbitMQ's queues have been told of
// them when it returns, and heed them in what they are told after that.
func (t *T) Policy(queue string, definition map[string]any) {
	t.Helper()
	t.PolicyOf("policies", queue, "", 0, definition)
}

// PolicyOf is Policy for "policies" or "operator-policies", with a suffix to the name, and a priority.
func (t *T) PolicyOf(kind, queue, suffix string, priority int, definition map[string]any) {
	t.Helper()
	t.policy(kind, "queues", queue, suffix, priority, definition)
}

// ExchangePolicy is Policy for an exchange. It gives what removes the policy before the case ends.
func (t *T) ExchangePolicy(exchange string, definition map[string]any) (remove func()) {
	t.Helper()
	return t.policy("policies", "exchanges", exchange, "", 0, definition)
}

func (t *T) policy(kind, applyTo, name, suffix string, priority int, definition map[string]any) (remove func()) {
	t.Helper()
	path := t.policyPath(kind, name+suffix)
	t.Manage(http.MethodPut, path, map[string]any{
		"pattern": exactly(name), "definition": definition, "apply-to": applyTo, "priority": priority})
	t.Cleanup(func() { t.manage(http.MethodDelete, path, nil) })
	return func() { t.Manage(http.MethodDelete, path, nil) }
}

// Unpolicy removes a policy before the case ends.
func (t *T) Unpolicy(name string) {
	t.Helper()
	t.Manage(http.MethodDelete, t.policyPath("policies", name), nil)
}

func (t *T) policyPath(kind, name string) string {
	return "/api/" + kind + "/" + url.PathEscape(t.uri.Vhost) + "/" + url.PathEscape(name)
}

// exactly is a pattern for one name.
func exactly(name string) string { return "^" + regexp.QuoteMeta(name) + "$" }

// PermitTopic gives a user topic permissions for an exchange, as regular expressions.
func (t *T) PermitTopic(user, exchange, write, read string) {
	t.Helper()
	t.Manage(http.MethodPut, "/api/topic-permissions/"+url.PathEscape(t.uri.Vhost)+"/"+url.PathEscape(user),
		map[string]string{"exchange": exchange, "write": write, "read": read})
}
