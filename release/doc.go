// Package release is the table of what differs between RabbitMQ's releases.
//
// A [Release] holds one answer for each behaviour in which releases differ. A release is its predecessor plus named changes
// (v3_10.go and so on, one file each), each a line with the behaviour's name, in the order of the table. Each answer was
// measured on a running RabbitMQ of the version that the release names.
//
// Everything else asks a release a named question, such as release.LastDeath. Nothing outside this package names a release,
// lists releases or compares versions.
//
// The behaviours are in groups, one file each: [Protocol], [Publishing], [Exchanges], [Queues], [Quorum], [Streams],
// [DeadLetters], [Access], [Policies], [HTTP] and [Ctl].
//
// The package is a leaf: it knows neither queues nor exchanges, which take their vocabulary from it where releases differ.
package release
