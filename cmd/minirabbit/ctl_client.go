package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ctlClient talks to the HTTP API of a broker.
type ctlClient struct {
	base     string
	user     string
	password string
	http     http.Client
}

// newCtlClient takes the API's address, in which there may be a user and a
// password.
func newCtlClient(address string) (*ctlClient, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, ctlErrorf(ctlUsage, "Error (argument validation): %q is no URL such as http://127.0.0.1:15672", address)
	}
	c := &ctlClient{base: u.Scheme + "://" + u.Host + "/api/", user: "guest", password: "guest", http: http.Client{Timeout: time.Minute}}
	if u.User != nil {
		c.user = u.User.Username()
		c.password, _ = u.User.Password()
	}
	return c, nil
}

// apiError is an answer of the API that is no success.
type apiError struct {
	status int
	reason string
}

func (e *apiError) Error() string { return e.reason }

// is says whether an error is an answer with this status.
func isStatus(err error, status int) bool {
	var e *apiError
	return errors.As(err, &e) && e.status == status
}

// path joins escaped segments.
func path(segments ...string) string {
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return strings.Join(segments, "/")
}

// call sends a request and decodes the answer into out, unless that is nil.
func (c *ctlClient) call(ctx context.Context, method, path string, in, out any, headers ...string) (status int, err error) {
	var body io.Reader
	switch v := in.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(v)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return 0, err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return 0, err
	}
	r.SetBasicAuth(c.user, c.password)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.http.Do(r)
	if err != nil {
		return 0, ctlErrorf(ctlUnavailable, "unable to perform an operation on the node: %v. Is `minirabbit serve --http` running? --http or MINIRABBIT_HTTP say where.", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return response.StatusCode, err
	}
	if response.StatusCode >= 300 {
		return response.StatusCode, &apiError{response.StatusCode, reasonOf(response.Status, text)}
	}
	if out == nil {
		return response.StatusCode, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return response.StatusCode, d.Decode(out)
}

// reasonOf returns what the API says was wrong.
func reasonOf(status string, body []byte) string {
	var refusal struct{ Reason any }
	if json.Unmarshal(body, &refusal) != nil || refusal.Reason == nil {
		return status
	}
	if text, ok := invalidExpression(refusal.Reason); ok {
		return text
	}
	return html.UnescapeString(fmt.Sprint(refusal.Reason))
}

// invalidExpression writes [invalid_regexp, expression, [problem, offset]], in which texts are lists of letters, as
// rabbitmqctl does.
func invalidExpression(reason any) (string, bool) {
	list, _ := reason.([]any)
	if len(list) != 3 || list[0] != "invalid_regexp" {
		return "", false
	}
	problem, _ := list[2].([]any)
	if len(problem) != 2 {
		return "", false
	}
	return fmt.Sprintf("{:invalid_regexp, ~c%q, {~c%q, %v}}", letters(list[1]), letters(problem[0]), problem[1]), true
}

func letters(v any) string {
	var text []rune
	list, _ := v.([]any)
	for _, n := range list {
		if n, ok := n.(float64); ok {
			text = append(text, rune(n))
		}
	}
	return string(text)
}

func (c *ctlClient) get(ctx context.Context, path string, out any) error {
	_, err := c.call(ctx, http.MethodGet, path, nil, out)
	return err
}

func (c *ctlClient) put(ctx context.Context, path string, in any) error {
	_, err := c.call(ctx, http.MethodPut, path, in, nil)
	return err
}

func (c *ctlClient) delete(ctx context.Context, path string, headers ...string) error {
	_, err := c.call(ctx, http.MethodDelete, path, nil, nil, headers...)
	return err
}
