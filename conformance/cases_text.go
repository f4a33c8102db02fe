package conformance

import (
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

var textCases = []Case{
	{
		ID:     "text/cut-at-255",
		Title:  "a reply text longer than 255 bytes is cut, and ends with three dots; a letter that is cut is a 541 since 4.0",
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
				On(Only("3.10"), Error{OnChannel, wire.NotFound, (before + letters + after)[:252] + "...", wire.IDQueueDeclare}),
				On(Between("3.12", "3.13"), Error{OnChannel, wire.NotFound, before + strings.Repeat("\xe9", 127) + after, wire.IDQueueDeclare}), // Latin-1
				On(Since("4.0"), Error{OnConnection, wire.InternalError, "INTERNAL_ERROR", 0})))
		},
	},
	{
		ID:       "text/names-as-they-are",
		Title:    "names stand in texts as they are: UTF-8, quotes and control characters",
		Why:      "People search their logs for them.",
		Source:   measured,
		Releases: Only("3.10").Or(Since("4.0")),
		Run: func(t *T) {
			r := t.Raw()
			for _, name := range []string{"é", "日本", "it's", `"`, "a\tb", "~p~s", "a\x00b", "%20"} {
				name = t.UniqueName("u") + name
				e := r.Channel().Refused(&wire.QueueDeclare{Queue: name, Passive: true})
				t.Check(render(name), e, ChannelError(wire.NotFound, "no queue '"+name+"' in vhost '/'", wire.IDQueueDeclare))
			}
		},
	},
	{
		ID:       "text/latin-1",
		Title:    "3.12 and 3.13 write texts in Latin-1, and close the connection over a name with other letters",
		Why:      "A client that decodes UTF-8 fails on the text, and a typing error costs the connection.",
		Source:   measured,
		Releases: Between("3.12", "3.13"),
		Run: func(t *T) {
			r := t.Raw()
			for _, each := range []struct {
				suffix string
				want   func(name string) Error
			}{
				{"é", func(name string) Error {
					return ChannelError(wire.NotFound, "no queue '"+strings.TrimSuffix(name, "é")+"\xe9' in vhost '/'", wire.IDQueueDeclare)
				}},
				{"日本", func(string) Error { return Error{OnConnection, wire.InternalError, "INTERNAL_ERROR", 0} }},
			} {
				name := t.UniqueName("u") + each.suffix
				t.Check(render(name), r.Channel().Refused(&wire.QueueDeclare{Queue: name, Passive: true}), each.want(name))
			}
		},
	},
}
