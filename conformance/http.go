package conformance

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// HTTPAnswer is what the management HTTP API answers to a request.
type HTTPAnswer struct {
	Status int
	// Location and Allow are headers; Allow only of status 405.
	Location, Allow string
	// Body is the decoded JSON, or else the text.
	Body any
}

// Ask sends a request to the HTTP API as the target's user and gives the answer, whatever it is. A body that is a
// string is sent as it is, any other as JSON; nil is none. Parts of the path that are names have to be escaped; {vhost}
// stands for the target's.
func (t *T) Ask(method, path string, body any) HTTPAnswer {
	t.Helper()
	return t.AskAs(&t.uri, method, path, body)
}

// AskAs is Ask as another user; nil is nobody.
func (t *T) AskAs(user *amqp.URI, method, path string, body any) HTTPAnswer {
	t.Helper()
	var content io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(body)
	default:
		encoded, err := json.Marshal(body)
		t.Must(err)
		content = strings.NewReader(string(encoded))
	}
	path = strings.ReplaceAll(path, "{vhost}", url.PathEscape(t.uri.Vhost))
	request, err := http.NewRequest(method, t.target.ManagementURL+path, content)
	t.Must(err)
	if user != nil {
		request.SetBasicAuth(user.Username, user.Password)
	}
	request.Header.Set("Content-Type", "application/json") // operator policies want it
	client := &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	t.Must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	t.Must(err)
	answer := HTTPAnswer{Status: response.StatusCode, Location: response.Header.Get("Location")}
	if answer.Status == http.StatusMethodNotAllowed {
		answer.Allow = response.Header.Get("Allow")
	}
	if len(text) > 0 && json.Unmarshal(text, &answer.Body) != nil {
		answer.Body = string(text)
	}
	return answer
}

// asks sends requests, each a line such as "PUT /api/queues/{vhost}/q {}", and records each with its answer.
func (t *T) asks(lines ...string) {
	t.Helper()
	for _, line := range lines {
		parts := append(strings.SplitN(line, " ", 3), "")
		var body any
		if parts[2] != "" {
			body = parts[2]
		}
		t.Observe(line, t.Ask(parts[0], parts[1], body))
	}
}

// TaggedUser makes a user with tags, who may do everything in the target's vhost.
func (t *T) TaggedUser(label, tags string) *amqp.URI {
	t.Helper()
	user := t.User(label)
	t.Manage(http.MethodPut, "/api/users/"+url.PathEscape(user.Username), map[string]string{"password": user.Username, "tags": tags})
	t.Permit(user.Username, ".*", ".*", ".*")
	return &user
}
