package release

var v4_1 = v4_0.next("4.1", "4.1.8", func(r *Release) {
	// Protocol
	r.MinFrameMax = 8192

	// Publishing
	r.MalformedReplyFails = false

	// The HTTP API
	r.HasReadiness = true
	r.FailsOnOneAddress = true
	r.NullQueueType = true
})
