import {at, get, put} from './api.js'
import {button, h, section} from './dom.js'
import {dialog} from './form.js'
import {pairs, parsePairs} from './format.js'
import {again, confirmDelete, vhostColumn} from './parts.js'
import {table} from './table.js'

const kinds = [
  {path: 'policies', title: 'Policies', one: 'policy', targets: ['all', 'queues', 'classic_queues', 'quorum_queues', 'exchanges']},
  {path: 'operator-policies', title: 'Operator policies', one: 'operator policy', targets: ['queues', 'classic_queues', 'quorum_queues']},
]

// policies lists both kinds, and adds one of either.
export function policies() {
  const lists = kinds.map((kind) => policyTable(kind))
  return {
    title: 'Policies',
    node: h('div', {}, kinds.map((kind, i) => section(kind.title, [button(`Add ${kind.one} …`, () => add(kind), i === 0 ? 'primary' : '')], lists[i].node))),
    async refresh() {
      const all = await Promise.all(kinds.map((kind) => get(kind.path)))
      all.forEach((some, i) => lists[i].update(some))
    },
  }
}

function policyTable(kind) {
  return table({
    caption: kind.title, empty: 'None.', key: (p) => `${p.vhost}\n${p.name}`, sort: 0,
    columns: [
      {title: 'Name', value: (p) => p.name},
      vhostColumn,
      {title: 'Pattern', value: (p) => p.pattern, render: (p) => h('code', {}, p.pattern)},
      {title: 'Applies to', value: (p) => p['apply-to']},
      {title: 'Definition', value: (p) => pairs(p.definition)},
      {title: 'Priority', value: (p) => p.priority, numeric: true},
      {title: '', value: (p) => p.name, render: (p) => button('Delete …', () => remove(kind, p), 'small danger')},
    ],
  })
}

async function add(kind) {
  const vhosts = await get('vhosts?columns=name')
  dialog({
    title: `Add ${kind.one}`, submit: `Add ${kind.one}`,
    fields: [
      {name: 'vhost', label: 'Virtual host', type: 'select', options: vhosts.map((v) => v.name)},
      {name: 'name', label: 'Name', required: true},
      {name: 'pattern', label: 'Pattern', required: true, placeholder: '^tasks'},
      {name: 'applyTo', label: 'Applies to', type: 'select', options: kind.targets},
      {name: 'priority', label: 'Priority', type: 'number', value: 0},
      {name: 'definition', label: 'Definition', type: 'textarea', hint: 'One a line, such as message-ttl = 60000'},
    ],
    act: async ({vhost, name, pattern, applyTo, priority, definition}) => {
      await put(at(kind.path, vhost, name), {pattern, 'apply-to': applyTo, priority: Number(priority), definition: parsePairs(definition)})
      again()
      return `The ${kind.one} ${name} is there.`
    },
  })
}

function remove(kind, p) {
  confirmDelete({title: `Delete the ${kind.one}?`, text: p.name, path: at(kind.path, p.vhost, p.name), done: `The ${kind.one} ${p.name} is gone.`})
}
