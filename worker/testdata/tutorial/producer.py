"""Sends tasks and prints, as a line of JSON for each, in what state it ended and with what.

    producer.py QUEUE SECONDS FILE

FILE holds a list of [task, args, kwargs, options]. A line "sent" is printed when all were sent. Results are polled for,
on connections that are replaced when they are lost.
"""
import json
import sys
import time

from celery import Celery
from kombu.exceptions import OperationalError

import settings

queue, seconds, name = sys.argv[1], float(sys.argv[2]), sys.argv[3]
app = Celery('producer', broker=settings.CELERY_URL, backend='rpc://')
app.conf.update(task_default_queue=queue, broker_transport_options={'max_retries': 20})
with open(name) as f:
    calls = json.load(f)
LOST = (OSError, OperationalError, *app.connection().connection_errors, *app.connection().channel_errors)
results = [app.send_task(task, args, kwargs, **options) for task, args, kwargs, options in calls]
print('sent', flush=True)
until = time.time() + seconds
for result in results:
    while True:
        try:
            state = result.state
        except LOST:
            state = 'DISCONNECTED'
        if state in ('SUCCESS', 'FAILURE', 'REVOKED') or time.time() > until:
            break
        time.sleep(0.02)
    try:
        value = repr(result.result) if state in ('SUCCESS', 'FAILURE', 'REVOKED') else None
    except LOST as e:
        value = repr(e)
    print(json.dumps({'id': result.id, 'state': state, 'value': value, 'traceback': result._cache.get('traceback') if result._cache else None}), flush=True)
