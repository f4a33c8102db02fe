"""Where the broker is: BROKER is its host, with port and virtual host if they are not the usual ones."""
import os
from urllib.parse import quote

import pika

HOST = os.environ.get('BROKER', 'localhost//')
CELERY_URL = f'pyamqp://guest@{HOST}'


def connect():
    """Connects with pika, which wants the virtual host's slash escaped and the password told."""
    address, _, vhost = HOST.partition('/')
    return pika.BlockingConnection(pika.URLParameters(f'amqp://guest:guest@{address}/{quote(vhost or "/", safe="")}'))
