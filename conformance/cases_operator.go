package conformance

import (
	"net/http"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

var operatorCases = []Case{
	{
		ID: "operator/delete-user", Title: "deleting a user closes its connections with 320; a new password does not",
		Why: "A leaked account is shut at once.", Source: pageAuth, Management: true,
		Run: func(t *T) {
			user := t.User("user")
			c, q := t.RawAsPermitted(user, ".*", ".*", ".*").Channel(), t.QueueName("q")
			c.Queue(q)
			c.Confirm()
			t.Manage(http.MethodPut, "/api/users/"+user.Username, map[string]string{"password": "other", "tags": ""})
			c.published(q, wire.Properties{}, "m")
			t.Manage(http.MethodDelete, "/api/users/"+user.Username, nil)
			t.Check("told", c.Error(), ConnectionError(wire.ConnectionForced, "user '<user>' is deleted", 0))
		},
	},
	{
		ID:         "operator/close-connection",
		Title:      "an operator's close is a 320 of the connection that names no method",
		Why:        "Clients reconnect after it.",
		Source:     pageConnections,
		Management: true,
		Run: func(t *T) {
			user := t.User("user")
			t.Permit(user.Username, ".*", ".*", ".*")
			r := t.RawAs(user)
			c := r.Channel()
			path := "/api/connections/username/" + user.Username
			t.unrecorded(func() { // the node lists a connection some time after it is open
				for start := time.Now(); time.Since(start) < patience; {
					if all, _ := t.Manage(http.MethodGet, path, nil).([]any); len(all) > 0 {
						break
					}
				}
			})
			t.Manage(http.MethodDelete, path, nil)
			t.Check("close", c.Error(), ConnectionError(wire.ConnectionForced, "Closed via management plugin", 0))
		},
	},
}
