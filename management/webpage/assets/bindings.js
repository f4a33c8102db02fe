import {at, del, post} from './api.js'
import {button, h} from './dom.js'
import {form} from './form.js'
import {notice, trouble} from './notice.js'
import {again, destination, exchangeName, source} from './parts.js'
import {pairs, parsePairs} from './format.js'
import {table} from './table.js'

// bindingTable lists bindings by the end that is not the one at hand: 'source' or
// 'destination'.
export function bindingTable(caption, end, empty) {
  return table({
    caption, empty,
    key: (b) => `${b.source}\n${b.destination_type}\n${b.destination}\n${b.properties_key}`,
    columns: [
      end === 'source' ? {title: 'From', value: (b) => b.source, render: source} : {title: 'To', value: (b) => b.destination, render: destination},
      {title: 'Routing key', value: (b) => b.routing_key, render: (b) => h('code', {}, b.routing_key)},
      {title: 'Arguments', value: (b) => pairs(b.arguments)},
      {title: '', value: (b) => b.properties_key, render: (b) => b.source === '' ? h('span', {class: 'quiet'}, 'implicit') : button('Unbind', () => unbind(b), 'small')},
    ],
  })
}

async function unbind(b) {
  const kind = b.destination_type === 'queue' ? 'q' : 'e'
  try {
    await del(`${at('bindings', b.vhost, 'e', b.source, kind, b.destination)}/${encodeURIComponent(b.properties_key)}`)
    notice('The binding is gone.')
  } catch (error) {
    trouble(error.message)
  }
  again()
}

const argumentsField = {name: 'arguments', label: 'Arguments', type: 'textarea', rows: 2, hint: 'One a line: name = value'}

// bindTo asks for a binding from some exchange to this queue.
export function bindTo(vhost, queue) {
  return form({
    fields: [
      {name: 'source', label: 'From exchange', required: true},
      {name: 'routing_key', label: 'Routing key'},
      argumentsField,
    ],
    submit: 'Bind',
    act: (values) => bind(vhost, values.source, 'q', queue, values),
  })
}

// bindFrom asks for a binding from this exchange to some queue or exchange.
export function bindFrom(vhost, exchange) {
  return form({
    fields: [
      {name: 'kind', label: 'To', type: 'select', options: [['q', 'queue'], ['e', 'exchange']], value: 'q'},
      {name: 'destination', label: 'Name', required: true},
      {name: 'routing_key', label: 'Routing key'},
      argumentsField,
    ],
    submit: 'Bind',
    act: (values) => bind(vhost, exchange, values.kind, values.destination, values),
  })
}

async function bind(vhost, from, kind, to, values) {
  await post(at('bindings', vhost, 'e', exchangeName(from), kind, to), {routing_key: values.routing_key, arguments: parsePairs(values.arguments)})
  again()
  return `Bound ${from} to ${to}.`
}
