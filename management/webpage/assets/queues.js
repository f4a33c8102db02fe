import {at, del, get, isAdministrator, put} from './api.js'
import {bindTo, bindingTable} from './bindings.js'
import {WINDOW} from './chart.js'
import {consumerTable} from './consumers.js'
import {button, facts, h, hash, link, section} from './dom.js'
import {dialog} from './form.js'
import {bytes, count, pairs, parsePairs, rate, statRate} from './format.js'
import {getForm, publishForm} from './messages.js'
import {messageCharts} from './overview.js'
import {again, confirmDelete, featureList, features, state, vhostColumn} from './parts.js'
import {table} from './table.js'

// queues lists them, and adds one.
export function queues() {
  const number = (title, name) => ({title, value: (q) => q[name], render: (q) => count(q[name]), numeric: true})
  const speed = (title, name) => ({title, value: (q) => statRate(q, name), render: (q) => rate(statRate(q, name)), numeric: true})
  const list = table({
    caption: 'Queues', filter: 'Filter queues', beside: button('Add queue …', add, 'primary'), empty: 'There are no queues yet.', key: (q) => `${q.vhost}\n${q.name}`, sort: 0,
    columns: [
      {title: 'Name', value: (q) => q.name, render: (q) => link(['queues', q.vhost, q.name], q.name)},
      vhostColumn,
      {title: 'Type', value: (q) => q.type, only: 'wide'},
      {title: 'Features', value: (q) => features(q).join(), render: featureList, only: 'wide'},
      {title: 'State', value: (q) => q.state, render: (q) => state(q.state), only: 'wide'},
      number('Ready', 'messages_ready'), number('Unacked', 'messages_unacknowledged'), number('Total', 'messages'),
      speed('Publish', 'publish'), speed('Deliver, get', 'deliver_get'), speed('Ack', 'ack'),
    ],
  })
  return {
    title: 'Queues', node: list.node,
    async refresh() { list.update(await get('queues')) },
  }
}

async function add() {
  const vhosts = await get('vhosts?columns=name')
  dialog({
    title: 'Add queue', submit: 'Add queue',
    fields: [
      {name: 'vhost', label: 'Virtual host', type: 'select', options: vhosts.map((v) => v.name)},
      {name: 'name', label: 'Name', required: true},
      {name: 'type', label: 'Type', type: 'select', options: ['classic', 'quorum', 'stream'], value: 'classic'},
      {name: 'durable', label: 'Durable', type: 'checkbox', value: true},
      {name: 'auto_delete', label: 'Auto-delete', type: 'checkbox'},
      {name: 'arguments', label: 'Arguments', type: 'textarea', hint: 'One a line, such as x-message-ttl = 60000'},
    ],
    act: async ({vhost, name, type, durable, auto_delete, arguments: lines}) => {
      await put(at('queues', vhost, name), {durable, auto_delete, arguments: {'x-queue-type': type, ...parsePairs(lines)}})
      again()
      return `Queue ${name} is there.`
    },
  })
}

// queue shows one queue, its messages and who takes them.
export function queue([vhost, name]) {
  const path = at('queues', vhost, name)
  const charts = messageCharts({Publish: 'publish', 'Deliver, get': 'deliver_get', Ack: 'ack', Redeliver: 'redeliver'}), about = facts(), consumers = consumerTable(), bindings = bindingTable('Bindings', 'source', 'The queue is bound to no exchange.')
  return {
    title: name,
    node: h('div', {},
      h('div', {class: 'actions'},
        isAdministrator() && h('a', {class: 'button', href: hash(['history'], {vhost, queue: name})}, 'History of its messages'),
        button('Purge …', () => purge(path, name)),
        button('Delete queue …', () => confirmDelete({title: 'Delete the queue?', text: `${name}, with all messages in it`, path, then: '#/queues', done: `Queue ${name} is gone.`}), 'danger')),
      charts.node,
      section('Details', null, about.node),
      section('Consumers', null, consumers.node),
      section('Bindings', null, bindings.node),
      h('div', {class: 'columns'},
        section('Get messages', null, getForm(vhost, name)),
        section('Publish a message', null, publishForm(vhost, '', name)),
        section('Add a binding', null, bindTo(vhost, name)))),
    async refresh() {
      const [q, bound] = await Promise.all([get(`${path}?${WINDOW}`), get(`${path}/bindings`)])
      charts.update(q, q.message_stats)
      const {'x-queue-type': _, ...args} = q.arguments
      about.update([['Type', q.type], ['Virtual host', vhost], ['State', q.state], ['Features', features({...q, arguments: {}, policy: null}).join(', ')],
        ['Arguments', pairs(args)], ['Policy', q.policy], ['Operator policy', q.operator_policy], ['In effect', pairs(q.effective_policy_definition)],
        ['Ready', count(q.messages_ready)], ['Unacked', count(q.messages_unacknowledged)], ['Size', bytes(q.message_bytes)],
        ['Consumers', count(q.consumers)], ['Exclusive to', q.owner_pid_details?.name && link(['connections', q.owner_pid_details.name], q.owner_pid_details.name)]])
      consumers.update(q.consumer_details)
      bindings.update(bound)
    },
  }
}

function purge(path, name) {
  dialog({
    title: 'Purge the queue?', text: `All ready messages of ${name} will be gone.`, submit: 'Purge', kind: 'danger',
    act: async () => {
      await del(`${path}/contents`)
      again()
      return `Queue ${name} was purged.`
    },
  })
}
