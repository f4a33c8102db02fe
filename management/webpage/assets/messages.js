import {at, post} from './api.js'
import {h} from './dom.js'
import {form} from './form.js'
import {again, exchangeName} from './parts.js'
import {bytes, pairs, parsePairs} from './format.js'

// publishForm publishes a message to an exchange. key is the routing key to begin
// with.
export function publishForm(vhost, exchange, key) {
  return form({
    fields: [
      {name: 'routing_key', label: 'Routing key', value: key},
      {name: 'payload', label: 'Payload', type: 'textarea', rows: 4},
      {name: 'persistent', label: 'Persistent', type: 'checkbox', value: true},
      {name: 'headers', label: 'Headers', type: 'textarea', rows: 2, hint: 'One a line: name = value'},
      {name: 'properties', label: 'Properties', type: 'textarea', rows: 2, hint: 'Such as content_type = application/json'},
    ],
    submit: 'Publish',
    act: async (values) => {
      const properties = parsePairs(values.properties)
      properties.delivery_mode ??= values.persistent ? 2 : 1
      const headers = parsePairs(values.headers)
      if (Object.keys(headers).length) properties.headers = headers
      const {routed} = await post(`${at('exchanges', vhost, exchangeName(exchange))}/publish`,
        {routing_key: values.routing_key, payload: values.payload, payload_encoding: 'string', properties})
      again()
      if (!routed) throw new Error('Published, but no queue took it: nothing is bound to the exchange for this message.')
      return 'Published.'
    },
  })
}

// getForm takes messages from a queue and shows them.
export function getForm(vhost, queue) {
  const shown = h('ol', {class: 'messages', 'aria-label': 'Messages'})
  const ask = form({
    fields: [
      {name: 'ackmode', label: 'And then', type: 'select', value: 'ack_requeue_true', options: [
        ['ack_requeue_true', 'put them back'], ['ack_requeue_false', 'acknowledge them'],
        ['reject_requeue_true', 'reject and put them back'], ['reject_requeue_false', 'reject them']]},
      {name: 'count', label: 'Messages', type: 'number', value: 1, min: 1, required: true},
    ],
    submit: 'Get messages',
    act: async ({ackmode, count}) => {
      const got = await post(`${at('queues', vhost, queue)}/get`, {count: Number(count), ackmode, encoding: 'auto', truncate: 50000})
      shown.replaceChildren(...got.map((message) => h('li', {}, messageBox(message))))
      again()
      return got.length === 0 ? 'The queue is empty.' : `Got ${got.length} of ${got.length + got.at(-1).message_count}.`
    },
  })
  return h('div', {}, ask, shown)
}

// messageBox shows a message as the API describes it.
export function messageBox(message) {
  const {headers, ...properties} = Array.isArray(message.properties) ? {} : message.properties
  const list = h('dl', {class: 'facts'}, [
    ['Exchange', message.exchange || '(default)'], ['Routing key', message.routing_key],
    ['Redelivered', message.redelivered && 'yes'], ['Properties', pairs(properties)], ['Headers', pairs(headers)],
    ['Size', bytes(message.payload_bytes)],
  ].filter(([, value]) => value).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))))
  return h('article', {class: 'message'}, list, payload(message))
}

// payload shows a body, as far as it was sent, and if it is JSON indented.
export function payload(message) {
  if (message.payload_encoding === 'base64') {
    return h('pre', {tabindex: 0, 'aria-label': 'Payload, in base64'}, message.payload)
  }
  return h('pre', {tabindex: 0, 'aria-label': 'Payload'}, indented(message.payload))
}

function indented(text) {
  if (!/^\s*[{[]/.test(text)) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
