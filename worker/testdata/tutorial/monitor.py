"""Watches as Flower does, with Celery's own State of all workers and tasks: prints "watching" when it hears of a worker,
and what it knows when as many tasks as its argument says have ended.
"""
import sys

from more import app

state = app.events.State()
watching = False


def heard(event):
    global watching
    state.event(event)
    if not watching and state.workers:
        watching = True
        print('watching', flush=True)
    if sum(task.state in ('SUCCESS', 'FAILURE', 'REVOKED') for task in state.tasks.values()) == int(sys.argv[1]):
        raise SystemExit


with app.connection() as connection:
    try:
        app.events.Receiver(connection, handlers={'*': heard}).capture(limit=None, timeout=None)
    except SystemExit:
        pass
for name, worker in state.workers.items():
    print(name, worker.status_string, worker.sw_ident)
for id, task in sorted(state.tasks.items()):
    print(id, task.name, task.state, task.args, task.kwargs, task.result or task.exception, task.worker.hostname)
