"""Chains, groups and what get() raises: prints a line for each."""
import sys

from celery import Celery, chain, group, signature

import settings

app = Celery('canvas', broker=settings.CELERY_URL, backend='rpc://')
app.conf.task_default_queue = sys.argv[1]


def show(name, *arguments, **options):
    return signature(name, arguments, app=app, **options)


print('chain', chain(show('tasks.add', 1, 2), show('tasks.add', 4), show('tasks.add', 10)).delay().get(timeout=20))
print('group', group(show('tasks.add', n, n) for n in range(5)).delay().get(timeout=20))
print('end in a group', chain(show('tasks.add', 1, 2), group(show('tasks.add', 10), show('tasks.add', 20))).delay().get(timeout=20))
print('kwargs', app.send_task('tasks.add', kwargs={'x': 4, 'y': 5}).get(timeout=20))
print('countdown', app.send_task('tasks.add', (1, 1), countdown=0.5).get(timeout=20))
print('again', app.send_task('tasks.again', (2,)).get(timeout=20))
failing = chain(show('tasks.add', 1, 2), show('tasks.fail', immutable=True), show('tasks.add', 4), show('tasks.add', 10)).delay()
try:
    failing.get(timeout=20)
except RuntimeError as e:
    print('failing chain', e, failing.state)
for task, arguments in ('tasks.fail', ()), ('tasks.fail_own', ()), ('tasks.unknown', ()), ('tasks.add', (1, 2, 3)), ('tasks.add', ('a',)):
    result = app.send_task(task, arguments)
    try:
        print(task, result.get(timeout=20))
    except Exception as e:
        print(task, type(e).__module__, type(e).__name__, e.args, 'Traceback' in (result.traceback or ''))
