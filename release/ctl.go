package release

// Ctl is how the texts of rabbitmqctl differ.
type Ctl struct {
	// CtlToldOfMissing: to delete a user or clear a permission that does not exist is an error.
	CtlToldOfMissing bool
	// CtlPlainNotFound: purging a queue that does not exist says not_found only.
	CtlPlainNotFound bool
	// CtlJSONBadarg: text that is not JSON is refused with badarg only.
	CtlJSONBadarg bool
	// CtlQuotesTexts: Erlang's strings are in single quotes, rather than in Elixir's ~c"".
	CtlQuotesTexts bool
	// CtlQueueNotFoundText refuses to delete a queue that does not exist.
	CtlQueueNotFoundText string
}
