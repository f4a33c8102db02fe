"""Where the steps of the page clash: prints how the broker answers each."""
import pika

import settings


def answer(what, *arguments, **options):
    connection = settings.connect()
    channel = connection.channel()
    channel.confirm_delivery()
    try:
        getattr(channel, what)(*arguments, **options)
        print(what, 'ok')
        connection.close()
    except pika.exceptions.ChannelClosedByBroker as e:
        print(what, e.reply_code, e.reply_text)
        connection.close()


answer('queue_declare', 'test-queue1', durable=False)
answer('basic_publish', 'nobody-declared-this', 'redpill', b'hello')
