package management_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/management"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/testkit"
)

// serveTo sends a request to an API without a network, as somebody at an address.
func serveTo(api http.Handler, remote, method, target, body string, headers map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = remote
	r.SetBasicAuth("guest", "guest")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return w
}

const here, elsewhere = "127.0.0.1:1234", "192.0.2.1:1234"

func newAPI(t *testing.T, name string, options ...management.Option) *management.API {
	t.Helper()
	shown, err := release.Find(name)
	require.NoError(t, err)
	node := broker.NewNode(broker.Options{Release: shown})
	api := management.New(node, options...)
	t.Cleanup(func() { api.Close(); node.Close() })
	return api
}

// The policies are those that 3.10.8, 4.0.5 and 4.3.6 sent, with what was found, not found and refused.
func TestSecurityHeaders(t *testing.T) {
	for release, policy := range map[string]string{
		"3.10": "script-src 'self' 'unsafe-eval' 'unsafe-inline'; object-src 'self'",
		"4.0":  "script-src 'self' 'unsafe-eval' 'unsafe-inline'; object-src 'self'",
		"4.3":  "script-src 'self'; object-src 'self'",
	} {
		api := newAPI(t, release)
		for _, path := range []string{"http://localhost/api/overview", "http://localhost/api/nope", "http://localhost/api/queues/%2F/nope"} {
			for _, login := range []string{"guest:guest", "guest:wrong"} {
				w := serveTo(api, here, "GET", path, "", map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(login))})
				require.Equal(t, policy, w.Header().Get("Content-Security-Policy"), "%s of %s", path, release)
				require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
				require.Equal(t, "DENY", w.Header().Get("X-Frame-Options"))
			}
		}
	}
}

func TestHostIsNotThatOfAWebSite(t *testing.T) {
	api := newAPI(t, "4.3", management.WithHosts("broker.example.org"))
	for host, want := range map[string]int{
		"127.0.0.1:15672": 200, "localhost": 200, "[::1]:15672": 200, "192.168.1.9": 200, "rabbitmq:15672": 200, "LOCALHOST.:80": 200,
		"rabbit.localhost": 200, "host.docker.internal:15672": 200, "Broker.Example.org": 200,
		"evil.example.com": 421, "evil.example.com:15672": 421, "localhost.evil.example.com": 421, "127.0.0.1.evil.example.com": 421,
	} {
		require.Equal(t, want, serveTo(api, here, "GET", "http://"+host+"/api/whoami", "", nil).Code, host)
	}
	// From elsewhere guest may not log in, and others have passwords that a web site does not know.
	require.Equal(t, 401, serveTo(api, elsewhere, "GET", "http://rabbit.example.com/api/whoami", "", nil).Code)
}

func TestOtherOriginsChangeNothing(t *testing.T) {
	api := newAPI(t, "4.3")
	for _, c := range []struct {
		method  string
		headers map[string]string
		want    int
	}{
		{"PUT", nil, 201},
		{"PUT", map[string]string{"Origin": "http://localhost:15672"}, 204},
		{"PUT", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:15672"}, 204},
		{"GET", map[string]string{"Origin": "http://evil.example.com", "Sec-Fetch-Site": "cross-site"}, 200},
		{"PUT", map[string]string{"Origin": "http://evil.example.com"}, 403},
		{"PUT", map[string]string{"Origin": "null"}, 403},
		{"PUT", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"DELETE", map[string]string{"Origin": "http://localhost:8080"}, 403},
	} {
		w := serveTo(api, here, c.method, "http://localhost:15672/api/queues/%2F/q", "{}", c.headers)
		require.Equal(t, c.want, w.Code, "%s %v", c.method, c.headers)
		require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
	}
}

func TestGuestLogsInFromHereOnly(t *testing.T) {
	api := newAPI(t, "4.3")
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	const credentials = "username=guest&password=guest"
	require.Equal(t, 204, serveTo(api, here, "POST", "http://localhost/api/login", credentials, form).Code)
	require.Equal(t, 401, serveTo(api, elsewhere, "POST", "http://localhost/api/login", credentials, form).Code)
	require.Equal(t, 200, serveTo(api, here, "GET", "http://localhost/api/whoami", "", nil).Code)
	require.Equal(t, 401, serveTo(api, elsewhere, "GET", "http://localhost/api/whoami", "", nil).Code)
}

// TestUnfinishedBodiesAreCutOff waits for the server to answer a request whose body never comes.
func TestUnfinishedBodiesAreCutOff(t *testing.T) {
	server := management.NewServer(newAPI(t, "4.3"))
	require.Positive(t, server.ReadHeaderTimeout)
	require.Positive(t, server.IdleTimeout)
	require.Positive(t, server.ReadTimeout)
	server.ReadTimeout = 100 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	defer func() { server.Close(); <-served }()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "PUT /api/queues/%%2F/q HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic %s\r\nContent-Length: 100\r\n\r\n{",
		base64.StdEncoding.EncodeToString([]byte("guest:guest")))
	answer, err := io.ReadAll(conn) // until the server hangs up
	require.NoError(t, err)
	require.Contains(t, string(answer), "408 Request Timeout")
}

// TestPasswordsAreNowhere logs in in all ways, with right and wrong passwords, and looks for them in all that the broker
// writes.
func TestPasswordsAreNowhere(t *testing.T) {
	const right, wrong = "cOrrect-hOrse", "bAttery-stAple"
	eachRelease(t, func(t *testing.T, release string) {
		var log, capture, written bytes.Buffer
		t.Run("log in", func(t *testing.T) {
			b := testkit.Start(t, testkit.WithManagement(), testkit.WithRelease(release), testkit.WithCapture(&capture),
				testkit.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			do(t, b, `PUT /api/users/u {"password":"`+right+`","tags":"administrator"}`, `PUT /api/permissions/%2F/u {"configure":".*","write":".*","read":".*"}`)
			login := func(mechanism amqp.Authentication) {
				u, err := url.Parse(b.URL())
				require.NoError(t, err)
				config := b.ClientConfig()
				config.SASL = []amqp.Authentication{mechanism}
				conn, err := amqp.DialConfig("amqp://"+u.Host+"/", config)
				if err != nil {
					fmt.Fprintln(&written, err)
					return
				}
				conn.Close()
			}
			for _, password := range []string{right, wrong} {
				login(&amqp.PlainAuth{Username: "u", Password: password})
				login(&amqp.AMQPlainAuth{Username: "u", Password: password})
				for _, request := range []string{
					"@u:" + password + " GET /api/whoami",
					"@u:" + password + ` PUT /api/users/v {"password":"` + password + `","tags":5}`,
					`POST /api/minirabbit/passwords/u {"password":"` + password + `"}`,
				} {
					a := send(t, b.ManagementURL(), request)
					written.Write(a.Body)
				}
				response, err := http.PostForm(b.ManagementURL()+"/api/login", url.Values{"username": {"u"}, "password": {password}})
				require.NoError(t, err)
				io.Copy(&written, response.Body)
				response.Body.Close()
			}
			for _, path := range []string{"definitions", "users", "connections", "overview", "minirabbit/trace", "minirabbit/history", "auth/attempts/rabbit@minirabbit"} {
				a := send(t, b.ManagementURL(), "GET /api/"+path)
				require.Equal(t, 200, a.Status, path)
				written.Write(a.Body)
			}
			for _, m := range b.Trace(t) {
				fmt.Fprintln(&written, m)
			}
		}) // by whose end the capture is written
		for what, text := range map[string]string{"answers and errors": written.String(), "the log": log.String(), "the capture": capture.String()} {
			require.NotEmpty(t, text, what)
			for _, password := range []string{right, wrong} {
				require.NotContains(t, text, password, what)
				for _, credentials := range []string{password, "u:" + password, "\x00u\x00" + password} {
					require.NotContains(t, text, base64.StdEncoding.EncodeToString([]byte(credentials)), what)
				}
			}
		}
	})
}
