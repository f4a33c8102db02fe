import {at, get, put} from './api.js'
import {button, h} from './dom.js'
import {dialog} from './form.js'
import {count} from './format.js'
import {again, confirmDelete} from './parts.js'
import {table} from './table.js'

// vhosts lists the virtual hosts, and adds one.
export function vhosts() {
  const number = (title, name) => ({title, value: (v) => v[name] ?? 0, render: (v) => count(v[name] ?? 0), numeric: true})
  const list = table({
    caption: 'Virtual hosts', empty: 'No virtual hosts.', key: (v) => v.name, sort: 0,
    columns: [
      {title: 'Name', value: (v) => v.name},
      {title: 'Description', value: (v) => v.description},
      {title: 'Tags', value: (v) => [v.tags ?? []].flat().join(', ')},
      number('Ready', 'messages_ready'), number('Unacked', 'messages_unacknowledged'), number('Total', 'messages'),
      {title: 'Tracing', value: (v) => v.tracing ? 'on' : 'off'},
      {title: '', value: (v) => v.name, render: (v) => button('Delete …', () => remove(v.name), 'small danger')},
    ],
  })
  return {
    title: 'Virtual hosts',
    node: h('div', {}, h('div', {class: 'actions'}, button('Add virtual host …', add, 'primary')), list.node),
    async refresh() { list.update(await get('vhosts')) },
  }
}

function add() {
  dialog({
    title: 'Add virtual host', submit: 'Add virtual host',
    fields: [{name: 'name', label: 'Name', required: true}, {name: 'description', label: 'Description'}, {name: 'tags', label: 'Tags', hint: 'With commas between them'}],
    act: async ({name, description, tags}) => {
      await put(at('vhosts', name), {description, tags})
      again()
      return `Virtual host ${name} is there.`
    },
  })
}

function remove(name) {
  confirmDelete({title: 'Delete the virtual host?', text: `${name}, with all that is in it`, path: at('vhosts', name), done: `Virtual host ${name} is gone.`})
}
