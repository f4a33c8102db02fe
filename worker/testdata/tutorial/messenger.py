"""Tells a result to whoever listens at variantCallerExchange."""
import datetime
import socket

import pika

import settings

EXCHANGE, KEY = 'variantCallerExchange', 'variantCallerRoutingKey'


def tell(result):
    connection = settings.connect()
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_publish(EXCHANGE, KEY, f'Job finished! Result is {result}'.encode(), pika.BasicProperties(
        content_type='text/plain', delivery_mode=2,
        headers={'host': socket.gethostname(), 'time': datetime.datetime.now(datetime.timezone.utc).isoformat()}))
    connection.close()
