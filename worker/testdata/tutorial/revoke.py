"""Revokes the tasks of the ids that it is given; with --terminate also those that run."""
import sys

from more import app

ids = [argument for argument in sys.argv[1:] if not argument.startswith('--')]
app.control.revoke(ids, terminate='--terminate' in sys.argv, reply=True, timeout=1)
print('revoked', flush=True)
