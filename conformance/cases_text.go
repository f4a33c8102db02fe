package conformance

import (
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

var textCases = []Case{
	{
		ID:     "text/cut-at-255",
		Title:  "a reply text longer than 255 bytes is cut, and ends with three dots; cut letters are a 541 from 4.0 on",
		Why:    "A short string holds no more, and long names are common.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			passive := func(name string) Error {
				return r.Channel().Refused(&wire.QueueDeclare{Queue: name, Passive: true})
			}
			before, after := "NOT_FOUND - no queue '", "' in vhost '"+t.uri.Vhost+"'"
			fits := strings.Repeat("q", 255-len(before+after))
			t.Check("just 255 bytes", passive(fits).Text, before+fits+after)
			t.Check("256 bytes", passive(fits+"q").Text, (before + fits + "q" + after)[:252]+"...")
			longest := strings.Repeat("q", 255)
			t.Check("as long as names get", passive(longest).Text, (before + longest + after)[:252]+"...")
			letters := strings.Repeat("é", 127) // 254 bytes
			t.Check("letters of two bytes", passive(letters), ByRelease(t,
				From(Only310, Error{OnChannel, wire.NotFound, (before + letters + after)[:252] + "...", wire.IDQueueDeclare}),
				From(Since40, Error{OnConnection, wire.InternalError, "INTERNAL_ERROR", 0})))
		},
	},
	{
		ID:     "text/names-as-they-are",
		Title:  "names stand in texts as they are: UTF-8, quotes and control characters",
		Why:    "People search their logs for them.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			for _, name := range []string{"é", "日本", "it's", `"`, "a\tb", "~p~s", "a\x00b", "%20"} {
				name = t.UniqueName("u") + name
				e := r.Channel().Refused(&wire.QueueDeclare{Queue: name, Passive: true})
				t.Check(render(name), e, ChannelError(wire.NotFound, "no queue '"+name+"' in vhost '/'", wire.IDQueueDeclare))
			}
		},
	},
}
