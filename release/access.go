package release

// Access is how permissions and limits of users differ.
type Access struct {
	// RefusesWithoutPermission: the text of a refusal does not name the missing permission.
	RefusesWithoutPermission bool
	// PassiveNeedsConfigure: passive declarations need a permission.
	PassiveNeedsConfigure bool
	// TopicPermissionsEnd: topic permissions are deleted with their exchange.
	TopicPermissionsEnd bool
	// ChannelLimitText refuses a channel beyond a user's limit.
	ChannelLimitText string
	// ChannelLimitNamesNode: that text has the node's name instead of the user's.
	ChannelLimitNamesNode bool
	// MissingParenthesis is the text of the library of regular expressions for a group that does not end.
	MissingParenthesis string
}
