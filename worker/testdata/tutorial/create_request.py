"""Asks for a job and prints its id. With --wait, prints its result, too."""
import sys

from tasks import wrapped_main

request = wrapped_main.delay(15)
print(request.id, flush=True)
if '--wait' in sys.argv:
    print(request.get(timeout=30))
