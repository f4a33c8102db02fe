#!/usr/bin/python3
"""Records messages of real Celery, as golden files of this package.

    AMQP=amqp://guest:guest@127.0.0.1:5672/VHOST /usr/bin/python3 record.py

needs a RabbitMQ virtual host with nothing in it, Debian's celery, python3-kombu and
python3-pika, and writes golden/*.json beside itself: one message a file, with its
properties, its headers and its body, as text or else as base64.
"""
import base64
import datetime
import json
import os
import subprocess
import sys
import time

import pika
import pika.data
from celery import Celery, chain, group

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, 'golden')
URL = os.environ['AMQP']


class AnyNumber(int):
    """In the place of pika 1.2's own type, which cuts off fractions."""

    def __new__(cls, number):
        return number


pika.data.long = AnyNumber

app = Celery('record', broker=URL, backend='rpc://')
app.conf.update(task_default_queue='golden', task_track_started=True, worker_send_task_events=True,
                task_send_sent_event=True, broker_connection_retry_on_startup=True,
                enable_utc=True)


@app.task(name='record.add')
def add(x, y=1):
    return x + y


@app.task(name='record.fail')
def fail(text):
    raise ValueError(text, 17)


class Outer:
    class Inner(Exception):
        pass


@app.task(name='record.fail_own')
def fail_own():
    raise Outer.Inner('own', {'a': 1})


@app.task(name='record.again', bind=True, max_retries=1)
def again(self):
    try:
        raise KeyError('not yet')
    except KeyError as e:
        raise self.retry(exc=e, countdown=0.2)


@app.task(name='record.slow')
def slow():
    time.sleep(3)


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return {'base64': base64.b64encode(value).decode()}
    return str(value)


def write(name, method, props, body):
    message = {
        'exchange': method.exchange,
        'routing_key': method.routing_key,
        'properties': {k: v for k, v in vars(props).items() if k != 'headers' and v is not None},
        'headers': props.headers or {},
    }
    try:
        message['body'] = body.decode('utf-8').replace(HERE + '/', '')
    except UnicodeDecodeError:
        message['base64'] = base64.b64encode(body).decode()
    with open(os.path.join(GOLDEN, name + '.json'), 'w') as f:
        json.dump(message, f, indent=1, sort_keys=True, default=plain)
        f.write('\n')
    print(name)


class Tap:
    """A queue of the recorder's own."""

    def __init__(self):
        self.connection = pika.BlockingConnection(pika.URLParameters(URL))
        self.channel = self.connection.channel()

    def queue(self, name, exchange=None, key=''):
        self.channel.queue_declare(name, durable=True)
        if exchange:
            self.channel.queue_bind(name, exchange, key)

    def get(self, queue, wait=15):
        end = time.time() + wait
        while time.time() < end:
            method, props, body = self.channel.basic_get(queue, auto_ack=True)
            if method:
                return method, props, body
            self.connection.sleep(0.05)
        raise SystemExit(f'nothing came to {queue}')

    def record(self, name, queue):
        message = self.get(queue)
        write(name, *message)
        return message


def producers(tap):
    """What producers send: recorded from a queue that nobody works on."""
    common = dict(task_id='11111111-2222-3333-4444-555555555555', reply_to='golden.results')
    eta = datetime.datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.timezone.utc)
    east = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    cases = {
        'task_delay': lambda: add.apply_async((15,), **common),
        'task_kwargs': lambda: add.apply_async((15,), {'y': 2.5}, **common),
        'task_texts': lambda: app.send_task('record.any', (
            'it\'s "quoted"', 'naïve ☃ 𝄞\n', None, True, 1.5, 1e300, -2**70, [1, [2]], {'a': {'b': []}}), **common),
        'task_countdown': lambda: add.apply_async((1,), countdown=30, **common),
        'task_eta': lambda: add.apply_async((1,), eta=eta, **common),
        'task_eta_offset': lambda: add.apply_async((1,), eta=eta.astimezone(east), **common),
        'task_eta_naive': lambda: add.apply_async((1,), eta=datetime.datetime(2030, 1, 2, 3, 4, 5), **common),
        'task_expires': lambda: add.apply_async((1,), expires=60, **common),
        'task_expires_at': lambda: add.apply_async((1,), expires=eta, **common),
        'task_priority': lambda: add.apply_async((1,), priority=7, **common),
        'task_retries': lambda: add.apply_async((1,), retries=3, **common),
        'task_time_limits': lambda: add.apply_async((1,), time_limit=10, soft_time_limit=2.5, **common),
        'task_shadow': lambda: add.apply_async((1,), shadow='an alias', **common),
        'task_ignore_result': lambda: add.apply_async((1,), ignore_result=True, **common),
        'task_link': lambda: add.apply_async((1,), link=add.s(2), link_error=fail.s(), **common),
        'task_chain': lambda: chain(add.s(1), add.s(2), add.si(3, 4).set(queue='golden2', priority=3)).apply_async(),
        'task_headers': lambda: add.apply_async((1,), headers={
            'mine': 'kept', 'number': 5, 'nested': {'list': [1, 'two', True]},
            'traceparent': '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'}, **common),
        'task_gzip': lambda: add.apply_async((1,), compression='gzip', **common),
        'task_zlib': lambda: add.apply_async((1,), compression='zlib', **common),
        'task_bzip2': lambda: add.apply_async((1,), compression='bzip2', **common),
        'task_yaml': lambda: add.apply_async((1,), serializer='yaml', **common),
        'task_pickle': lambda: add.apply_async((1,), serializer='pickle', **common),
        'task_transient': lambda: add.apply_async((1,), delivery_mode=1, **common),
    }
    for name, send in cases.items():
        send()
        tap.record(name, 'golden')
    group(add.s(1), add.s(2)).apply_async()
    tap.record('task_group_0', 'golden')
    tap.record('task_group_1', 'golden')
    app.conf.task_protocol = 1
    app.amqp.__dict__.pop('_create_task_message', None)
    one = Celery('record1', broker=URL, backend='rpc://')
    one.conf.update(app.conf.changes, task_protocol=1, task_default_queue='golden')
    one.send_task('record.add', (15,), {'y': 2}, **common)
    tap.record('task_protocol1', 'golden')
    one.send_task('record.add', (1,), eta=eta, expires=60, link=add.s(2), **common)
    tap.record('task_protocol1_options', 'golden')
    app.conf.task_protocol = 2


def worker(tap):
    """What a worker sends: results, retries, events, answers."""
    tap.channel.exchange_declare('celeryev', 'topic', durable=True)
    tap.queue('golden.events', 'celeryev', '#')
    tap.queue('golden.results')
    node = subprocess.Popen([sys.executable, '-m', 'celery', '-A', 'record', 'worker', '-c', '1', '-E', '-n', 'golden@host',
                             '-l', 'warning'], cwd=HERE)
    try:
        tap.record('event_worker_online', 'golden.events')
        tap.record('event_worker_heartbeat', 'golden.events')
        number = 0

        def result(label, state, task):
            """Passes over what others sent, such as the second start of a task whose process was killed."""
            while True:
                method, props, body = tap.get('golden.results')
                if props.correlation_id == task and json.loads(body)['status'] == state.upper():
                    return write(f'result_{label}_{state}', method, props, body)

        def run(label, states, task, *args, **options):
            nonlocal number
            number += 1
            app.send_task(task, args, reply_to='golden.results', task_id=f'golden-{number}', **options)
            for state in states:
                result(label, state, f'golden-{number}')
        run('add', ['started', 'success'], 'record.add', 15)
        run('fail', ['started', 'failure'], 'record.fail', 'broken')
        run('fail_own', ['started', 'failure'], 'record.fail_own')
        run('again', ['started', 'retry', 'started', 'failure'], 'record.again')
        run('types', ['started', 'failure'], 'record.add', 1, 2, 3)
        run('unknown', ['failure'], 'record.unknown')
        app.send_task('record.slow')
        run('expired', ['revoked'], 'record.add', 1, expires=1)
        run('link', ['started', 'success'], 'record.add', 1, link=add.s(2))
        run('soft_limit', ['started', 'failure'], 'record.slow', soft_time_limit=0.5)
        run('hard_limit', ['started', 'failure'], 'record.slow', time_limit=1)
        first = chain(add.s(1), add.s(2)).apply_async(reply_to='golden.results').parent
        result('chain', 'success', first.id)
        app.control.revoke('golden-revoked')
        time.sleep(1)
        add.apply_async((1,), task_id='golden-revoked', reply_to='golden.results')
        result('revoked', 'revoked', 'golden-revoked')

        # Remote control: requests from their fanout exchange, answers from the client's queue.
        tap.queue('golden.control', 'celery.pidbox')
        box = app.control.mailbox(app.connection())
        replies = box.reply_exchange(box.connection.default_channel)
        replies.declare()
        tap.queue('golden.replies', replies.name, box.oid)
        slow.apply_async((), task_id='golden-slow', reply_to='golden.results')
        add.apply_async((1,), {'y': 2}, task_id='golden-eta', countdown=60, reply_to='golden.results')
        add.apply_async((1,), task_id='golden-waits', reply_to='golden.results')
        time.sleep(1)
        for command, arguments in [
                ('active', {}), ('scheduled', {}), ('reserved', {}), ('ping', {}), ('registered', {}), ('stats', {}), ('revoked', {}),
                ('active_queues', {}), ('clock', {}), ('query_task', {'ids': ['golden-slow', 'golden-eta']}),
                ('hello', {'from_node': 'other@host', 'revoked': {}}),
                ('enable_events', {}), ('disable_events', {}), ('revoke', {'task_id': ['golden-x'], 'terminate': False}),
                ('time_limit', {'task_name': 'record.add', 'soft': 1, 'hard': 2}), ('rate_limit', {'task_name': 'none', 'rate_limit': '1/s'}),
                ('no_such_command', {})]:
            box._broadcast(command, arguments, reply=True, timeout=0.5)
            tap.record(f'control_{command}', 'golden.control')
            tap.record(f'reply_{command}', 'golden.replies')
        app.control.ping(destination=['golden@host'], timeout=0.1)
        tap.record('control_ping_destination', 'golden.control')
        app.control.enable_events()
        app.control.revoke('golden-slow2', terminate=True, signal='SIGTERM')
    finally:
        node.terminate()
        node.wait()
    seen = set()
    while True:
        method, props, body = tap.channel.basic_get('golden.events', auto_ack=True)
        if not method:
            break
        events = json.loads(body)
        if isinstance(events, list):  # task.multi
            if 'multi' not in seen:
                seen.add('multi')
                write('event_task_multi', method, props, body)
            for event in events:
                if event['type'] not in seen:
                    seen.add(event['type'])
                    write('event_' + event['type'].replace('-', '_'), method, props, json.dumps(event).encode())
        elif events['type'] not in seen:
            seen.add(events['type'])
            write('event_' + events['type'].replace('-', '_'), method, props, body)


if __name__ == '__main__':
    os.makedirs(GOLDEN, exist_ok=True)
    tap = Tap()
    tap.queue('golden2')
    app.amqp.queues['golden'](app.connection().default_channel).declare()
    producers(tap)
    worker(tap)
