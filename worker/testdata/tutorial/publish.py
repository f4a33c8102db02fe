"""Publishes a plain message: its text is the first argument, the routing key the second, bluepill if there is none."""
import datetime
import socket
import sys

import pika

import settings

text = sys.argv[1]
key = sys.argv[2] if len(sys.argv) > 2 else 'bluepill'
connection = settings.connect()
channel = connection.channel()
channel.confirm_delivery()
channel.basic_publish('test-exchange', key, text.encode(), pika.BasicProperties(
    delivery_mode=2, headers={'host': socket.gethostname(), 'time': datetime.datetime.now(datetime.timezone.utc).isoformat()}))
connection.close()
