"""Makes the exchanges and queues, all durable, and the bindings."""
import settings

connection = settings.connect()
channel = connection.channel()
channel.exchange_declare('test-exchange', 'direct', durable=True)
for queue, key in ('test-queue1', 'redpill'), ('test-queue2', 'bluepill'):
    channel.queue_declare(queue, durable=True)
    channel.queue_bind(queue, 'test-exchange', key)
channel.exchange_declare('variantCallerExchange', 'direct', durable=True)
channel.queue_declare('results', durable=True)
channel.queue_bind('results', 'variantCallerExchange', 'variantCallerRoutingKey')
connection.close()
