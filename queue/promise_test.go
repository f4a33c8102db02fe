package queue_test

// Promise implements queue.Receiver for receivers without credit.
func (*sink) Promise()     {}
func (*follower) Promise() {}
func (acker) Promise()     {}
