package worker

import (
	"context"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// tracer is the name of this package's spans.
const tracer = "github.com/minirabbit/minirabbit/worker"

// carrier lets OpenTelemetry read and write a message's headers: traceparent and tracestate, where the program has set
// up W3C trace context. Python's instrumentation of Celery uses the same headers.
type carrier amqp.Table

var _ propagation.TextMapCarrier = carrier{}

func (c carrier) Get(key string) string {
	text, _ := c[key].(string)
	return text
}

func (c carrier) Set(key, value string) { c[key] = value }

func (c carrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for key := range c {
		keys = append(keys, key)
	}
	return keys
}

// inject writes the trace of ctx into a task's headers.
func inject(ctx context.Context, t *celery.Task) {
	if t.Headers == nil {
		t.Headers = amqp.Table{}
	}
	otel.GetTextMapPropagator().Inject(ctx, carrier(t.Headers))
}

// traceHeaders are the headers that continue the trace of ctx.
func traceHeaders(ctx context.Context) amqp.Table {
	headers := amqp.Table{}
	otel.GetTextMapPropagator().Inject(ctx, carrier(headers))
	return headers
}

// traced continues the trace of a task's headers with a span for its run. Without a set-up, that is a span of no effect.
func traced(ctx context.Context, t *celery.Task) (context.Context, trace.Span) {
	ctx = otel.GetTextMapPropagator().Extract(ctx, carrier(t.Headers))
	return otel.Tracer(tracer).Start(ctx, "run/"+t.Name, trace.WithSpanKind(trace.SpanKindConsumer))
}

// endSpan ends a run's span with what came of it.
func endSpan(span trace.Span, o *outcome) {
	if o.exception != nil && o.state == celery.Failure {
		span.SetStatus(codes.Error, o.exception.Error())
	}
	span.End()
}
