"""The Celery app: one task, on a queue of its own.

    python3 -m celery -A tasks worker -Q test-queue1
"""
from celery import Celery

import job
import messenger
import settings

app = Celery('tasks', broker=settings.CELERY_URL, backend='rpc://')
app.conf.task_routes = {'tasks.wrapped_main': {'queue': 'test-queue1'}}


@app.task
def wrapped_main(value):
    result = job.fibonacci_below(value)
    messenger.tell(result)
    return result
