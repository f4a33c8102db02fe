"""Prints the states that tasks go through, as their producer sees them."""
import time

from more import app

for task, arguments in ('tasks.sleep', (1,)), ('tasks.again', (1,)), ('tasks.fail', ()):
    result = app.send_task(task, arguments)
    seen = []
    end = time.time() + 20
    while time.time() < end and not result.ready():
        if result.state not in seen:
            seen.append(result.state)
        time.sleep(0.001)
    print(task, result.state, *sorted(state for state in seen if state not in ('PENDING', result.state)))
