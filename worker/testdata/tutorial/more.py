"""Tasks for checks: the same that the Go worker of the checks has.

    python3 -m celery -A more worker -Q QUEUE
"""
import os
import time

from celery import Celery
from kombu import Exchange, Queue

import settings

app = Celery('more', broker=settings.CELERY_URL, backend='rpc://')
app.conf.task_default_queue = 'checks'
if 'DEAD' in os.environ:  # the queue of that name gets what the worker rejects
    app.conf.task_queues = [Queue('checks', Exchange('checks'), 'checks', queue_arguments={
        'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': os.environ['DEAD']})]


@app.task(name='tasks.add')
def add(x, y=0):
    return x + y


@app.task(name='tasks.fail')
def fail():
    raise RuntimeError('broken')


@app.task(name='tasks.fail_own')
def fail_own():
    raise ValueError('own', 17)


@app.task(name='tasks.again', bind=True, max_retries=2)
def again(self, times):
    if self.request.retries < times:
        raise self.retry(exc=RuntimeError('not yet'), countdown=0.05)
    return self.request.retries


@app.task(name='tasks.sleep', track_started=True)
def sleep(seconds):
    time.sleep(seconds)
    return seconds


@app.task(name='tasks.show', bind=True)
def show(self, *args, **kwargs):
    r = self.request
    return {'args': args, 'kwargs': kwargs, 'priority': r.delivery_info['priority'], 'retries': r.retries, 'root': r.root_id == r.id,
            'mine': r.get('mine'), 'shadow': r.shadow, 'reply_to': bool(r.reply_to), 'ignore': r.ignore_result,
            'timelimit': r.timelimit, 'origin': r.origin.startswith('gen')}
