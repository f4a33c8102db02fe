import {at, get, put} from './api.js'
import {bindFrom, bindingTable} from './bindings.js'
import {button, facts, h, link, section} from './dom.js'
import {dialog} from './form.js'
import {count, pairs, parsePairs, rate, statRate} from './format.js'
import {publishForm} from './messages.js'
import {again, confirmDelete, exchangeName, exchangeTitle, featureList, features, vhostColumn} from './parts.js'
import {table} from './table.js'

// exchanges lists them, and adds one.
export function exchanges() {
  const speed = (title, name) => ({title, value: (x) => statRate(x, name), render: (x) => rate(statRate(x, name)), numeric: true})
  const list = table({
    caption: 'Exchanges', filter: 'Filter exchanges', beside: button('Add exchange …', add, 'primary'), empty: 'No exchanges.', key: (x) => `${x.vhost}\n${x.name}`, sort: 0,
    columns: [
      {title: 'Name', value: (x) => x.name, render: (x) => link(['exchanges', x.vhost, exchangeName(x.name)], exchangeTitle(x.name))},
      vhostColumn,
      {title: 'Type', value: (x) => x.type},
      {title: 'Features', value: (x) => features(x).join(), render: featureList, only: 'wide'},
      speed('In', 'publish_in'), speed('Out', 'publish_out'),
    ],
  })
  return {
    title: 'Exchanges', node: list.node,
    async refresh() { list.update(await get('exchanges')) },
  }
}

async function add() {
  const [vhosts, {exchange_types}] = await Promise.all([get('vhosts?columns=name'), get('overview?columns=exchange_types')])
  dialog({
    title: 'Add exchange', submit: 'Add exchange',
    fields: [
      {name: 'vhost', label: 'Virtual host', type: 'select', options: vhosts.map((v) => v.name)},
      {name: 'name', label: 'Name', required: true},
      {name: 'type', label: 'Type', type: 'select', options: exchange_types.map((t) => t.name), value: 'direct'},
      {name: 'durable', label: 'Durable', type: 'checkbox', value: true},
      {name: 'auto_delete', label: 'Auto-delete', type: 'checkbox'},
      {name: 'internal', label: 'Internal', type: 'checkbox'},
      {name: 'arguments', label: 'Arguments', type: 'textarea', hint: 'One a line, such as alternate-exchange = unrouted'},
    ],
    act: async ({vhost, name, arguments: lines, ...rest}) => {
      await put(at('exchanges', vhost, name), {...rest, arguments: parsePairs(lines)})
      again()
      return `Exchange ${name} is there.`
    },
  })
}

// exchange shows one exchange: its bindings, and a form to publish.
export function exchange([vhost, inPath]) {
  const name = inPath === 'amq.default' ? '' : inPath, title = exchangeTitle(name)
  const about = facts(), from = bindingTable('Bindings to queues and exchanges', 'destination', 'Nothing is bound to this exchange.')
  const to = bindingTable('Bindings from exchanges', 'source', 'It is bound to no other exchange.')
  const path = at('exchanges', vhost, inPath)
  const remove = () => confirmDelete({title: 'Delete the exchange?', text: title, path, then: '#/exchanges', done: `Exchange ${title} is gone.`})
  const named = name !== ''
  return {
    title,
    node: h('div', {},
      named && !name.startsWith('amq.') && h('div', {class: 'actions'}, button('Delete exchange …', remove, 'danger')),
      section('Details', null, about.node),
      section('Bindings', null, from.node, named && to.node),
      h('div', {class: 'columns'},
        named && section('Add a binding', null, bindFrom(vhost, name)),
        section('Publish a message', null, publishForm(vhost, name, '')))),
    async refresh() {
      const [x, out, into] = await Promise.all([get(path), get(`${path}/bindings/source`), get(`${path}/bindings/destination`)])
      about.update([['Type', x.type], ['Virtual host', vhost], ['Features', features({...x, arguments: {}}).join(', ')], ['Arguments', pairs(x.arguments)],
        ['Messages in', count(x.message_stats?.publish_in)], ['Messages out', count(x.message_stats?.publish_out)]])
      from.update(out)
      to.update(into)
    },
  }
}
