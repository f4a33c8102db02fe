package conformance

import "slices"

// Cases gives all cases, in the order in which they run. A new file of cases adds its slice here.
func Cases() []Case {
	return slices.Concat(
		connectionStartCases,
		connectionOpenCases,
		channelCases,
		queueDeclareCases,
		queueArgumentCases,
		queueExclusiveCases,
		queueDeleteCases,
		queueBindCases,
		exchangeDeclareCases,
		exchangeDeleteCases,
		exchangeBindCases,
		routingCases,
		ccCases,
		publishCases,
		confirmCases,
		txCases,
		consumeCases,
		cancelCases,
		qosCases,
		getCases,
		settlementCases,
		timeoutCases,
		policyCases,
		streamDeclareCases,
		streamConsumeCases,
		frameCases,
		contentCases,
		heartbeatCases,
		priorityCases,
		consumerPriorityCases,
		singleActiveCases,
		deadLetterCases,
		deadLetterHistoryCases,
		deadLetterCountCases,
		precedenceCases,
		textCases,
		permissionCases,
		clientCases,
		differenceCases,
	)
}
