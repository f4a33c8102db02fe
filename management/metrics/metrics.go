package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/minirabbit/minirabbit/broker"
)

// Handler serves the metrics of a node in the formats that Prometheus reads. raised
// returns the resources with an alarm, "memory" or "disk"; nil stands for none ever.
func Handler(node *broker.Node, raised func() []string) http.Handler {
	if raised == nil {
		raised = func() []string { return nil }
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(&collector{node, raised})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// collector looks at the node whenever it is asked.
type collector struct {
	node   *broker.Node
	raised func() []string
}

var _ prometheus.Collector = (*collector)(nil)

// metric is a number of the node.
type metric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(t *totals) float64
}

func gauge(name, help string, value func(t *totals) float64) metric {
	return metric{prometheus.NewDesc("rabbitmq_"+name, help, nil, nil), prometheus.GaugeValue, value}
}

func counter(name, help string, value func(t *totals) float64) metric {
	return metric{prometheus.NewDesc("rabbitmq_"+name, help, nil, nil), prometheus.CounterValue, value}
}

// metrics are the totals. The help texts are our own.
var metrics = []metric{
	gauge("alarms_memory_used_watermark", "1 while the memory alarm is in force", func(t *totals) float64 { return t.memoryAlarm }),
	gauge("alarms_free_disk_space_watermark", "1 while the disk alarm is in force", func(t *totals) float64 { return t.diskAlarm }),

	gauge("connections", "Open connections", func(t *totals) float64 { return t.connections }),
	gauge("channels", "Open channels", func(t *totals) float64 { return t.channels }),
	gauge("consumers", "Consumers", func(t *totals) float64 { return t.consumers }),
	gauge("queues", "Queues", func(t *totals) float64 { return t.queues }),
	counter("connections_opened_total", "Connections that were opened", func(t *totals) float64 { return float64(t.churn.ConnectionCreated.Load()) }),
	counter("connections_closed_total", "Connections that were closed", func(t *totals) float64 { return float64(t.churn.ConnectionClosed.Load()) }),
	counter("channels_opened_total", "Channels that were opened", func(t *totals) float64 { return float64(t.churn.ChannelCreated.Load()) }),
	counter("channels_closed_total", "Channels that were closed", func(t *totals) float64 { return float64(t.churn.ChannelClosed.Load()) }),
	counter("queues_declared_total", "Declarations of queues", func(t *totals) float64 { return float64(t.churn.QueueDeclared.Load()) }),
	counter("queues_created_total", "Queues that were created", func(t *totals) float64 { return float64(t.churn.QueueCreated.Load()) }),
	counter("queues_deleted_total", "Queues that were deleted", func(t *totals) float64 { return float64(t.churn.QueueDeleted.Load()) }),

	gauge("queue_messages", "Messages in queues", func(t *totals) float64 { return t.ready + t.unacked }),
	gauge("queue_messages_ready", "Messages that wait for a consumer", func(t *totals) float64 { return t.ready }),
	gauge("queue_messages_unacked", "Messages that consumers hold and have not settled", func(t *totals) float64 { return t.unacked }),
	gauge("queue_messages_bytes", "Bytes of the bodies of messages in queues", func(t *totals) float64 { return t.readyBytes + t.unackedBytes }),
	gauge("queue_messages_ready_bytes", "Bytes of the bodies of ready messages", func(t *totals) float64 { return t.readyBytes }),
	gauge("queue_messages_unacked_bytes", "Bytes of the bodies of unsettled messages", func(t *totals) float64 { return t.unackedBytes }),
	gauge("queue_messages_persistent", "Persistent messages in queues", func(t *totals) float64 { return t.persistent }),
	gauge("queue_messages_ram", "Messages in memory, which all are", func(t *totals) float64 { return t.ready + t.unacked }),
	gauge("queue_consumers", "Consumers of queues", func(t *totals) float64 { return t.consumers }),
	counter("queue_messages_published_total", "Messages that entered queues which exist", func(t *totals) float64 { return t.entered }),

	gauge("channel_consumers", "Consumers on channels", func(t *totals) float64 { return t.consumers }),
	gauge("channel_messages_unacked", "Deliveries that are not settled", func(t *totals) float64 { return t.held }),
	counter("channel_messages_published_total", "Messages that were published", func(t *totals) float64 { return float64(t.stats.Publish) }),
	counter("channel_messages_confirmed_total", "Publishings that were confirmed", func(t *totals) float64 { return float64(t.stats.Confirm) }),
	counter("channel_messages_unroutable_returned_total", "Mandatory messages without a queue", func(t *totals) float64 { return float64(t.stats.ReturnUnroutable) }),
	counter("channel_messages_unroutable_dropped_total", "Other messages without a queue", func(t *totals) float64 { return float64(t.stats.DropUnroutable) }),
	counter("channel_messages_delivered_total", "Deliveries without acknowledgement", func(t *totals) float64 { return float64(t.stats.DeliverNoAck) }),
	counter("channel_messages_delivered_ack_total", "Deliveries to be acknowledged", func(t *totals) float64 { return float64(t.stats.Deliver) }),
	counter("channel_messages_redelivered_total", "Deliveries of messages that had been delivered before", func(t *totals) float64 { return float64(t.stats.Redeliver) }),
	counter("channel_messages_acked_total", "Acknowledged deliveries", func(t *totals) float64 { return float64(t.stats.Ack) }),
	counter("channel_get_total", "Messages got without acknowledgement", func(t *totals) float64 { return float64(t.stats.GetNoAck) }),
	counter("channel_get_ack_total", "Messages got that are to be acknowledged", func(t *totals) float64 { return float64(t.stats.Get) }),
	counter("channel_get_empty_total", "Gets that found nothing", func(t *totals) float64 { return float64(t.stats.GetEmpty) }),

	gauge("connection_channels", "Channels on connections", func(t *totals) float64 { return t.channels }),
	counter("connection_incoming_bytes_total", "Bytes received on connections that are open", func(t *totals) float64 { return t.received }),
	counter("connection_outgoing_bytes_total", "Bytes sent on connections that are open", func(t *totals) float64 { return t.sent }),
}

var (
	buildInfo = prometheus.NewDesc("rabbitmq_build_info", "The release that the node shows", []string{"rabbitmq_version", "product_name", "product_version"}, nil)
	identity  = prometheus.NewDesc("rabbitmq_identity_info", "The node and its cluster", []string{"rabbitmq_node", "rabbitmq_cluster"}, nil)
	attempts  = map[string]*prometheus.Desc{
		"succeeded": prometheus.NewDesc("rabbitmq_auth_attempts_succeeded_total", "Logins", []string{"protocol"}, nil),
		"failed":    prometheus.NewDesc("rabbitmq_auth_attempts_failed_total", "Refused logins", []string{"protocol"}, nil),
		"":          prometheus.NewDesc("rabbitmq_auth_attempts_total", "Attempts to log in", []string{"protocol"}, nil),
	}
)

// Describe implements [prometheus.Collector].
func (c *collector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// Collect implements [prometheus.Collector].
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	t := c.look()
	for _, m := range metrics {
		ch <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(t))
	}
	version := c.node.Release().Version
	ch <- prometheus.MustNewConstMetric(buildInfo, prometheus.GaugeValue, 1, version, "RabbitMQ", version)
	ch <- prometheus.MustNewConstMetric(identity, prometheus.GaugeValue, 1, "rabbit@minirabbit", c.node.ClusterName())
	for _, p := range []struct {
		name     string
		protocol broker.Protocol
	}{{"amqp091", broker.AMQP}, {"http", broker.HTTP}} {
		succeeded, failed := c.node.Attempts(p.protocol)
		for name, n := range map[string]uint64{"succeeded": succeeded, "failed": failed, "": succeeded + failed} {
			ch <- prometheus.MustNewConstMetric(attempts[name], prometheus.CounterValue, float64(n), p.name)
		}
	}
}
