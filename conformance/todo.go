package conformance

const todo = "TODO"
