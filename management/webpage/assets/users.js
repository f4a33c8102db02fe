import {at, del, get, put, session} from './api.js'
import {button, h, hash, link, section} from './dom.js'
import {dialog, form} from './form.js'
import {notice, trouble} from './notice.js'
import {again, confirmDelete} from './parts.js'
import {table} from './table.js'

const TAGS = 'administrator, monitoring, policymaker, management; none for AMQP alone'
const tagsOf = (u) => [u.tags].flat().join(', ')

// users lists them, and adds one.
export function users() {
  const list = table({
    caption: 'Users', filter: 'Filter users', beside: button('Add user …', add, 'primary'), empty: 'No users.', key: (u) => u.name, sort: 0,
    columns: [
      {title: 'Name', value: (u) => u.name, render: (u) => link(['admin', 'users', u.name], u.name)},
      {title: 'Tags', value: tagsOf},
      {title: 'Virtual hosts', value: (u) => u.vhosts},
      {title: 'Password', value: (u) => u.password_hash ? 'set' : 'none'},
    ],
  })
  return {
    title: 'Users',
    node: list.node,
    async refresh() {
      const [all, permissions] = await Promise.all([get('users'), get('permissions')])
      list.update(all.map((u) => ({...u, vhosts: permissions.filter((p) => p.user === u.name).map((p) => p.vhost).join(', ')})))
    },
  }
}

function add() {
  dialog({
    title: 'Add user', submit: 'Add user',
    fields: [
      {name: 'name', label: 'Name', required: true},
      {name: 'password', label: 'Password', type: 'password', required: true, autocomplete: 'new-password'},
      {name: 'tags', label: 'Tags', hint: TAGS},
    ],
    act: async ({name, password, tags}) => {
      await put(at('users', name), {password, tags: tags.replaceAll(' ', '')})
      location.hash = hash(['admin', 'users', name])
      return `User ${name} is there. Now permit a virtual host.`
    },
  })
}

// user shows one user and what it may do.
export function user([name]) {
  const allowed = table({
    caption: 'Permissions', empty: 'The user may enter no virtual host.', key: (p) => p.vhost,
    columns: [
      {title: 'Virtual host', value: (p) => p.vhost},
      ...['configure', 'write', 'read'].map((what) => ({title: what[0].toUpperCase() + what.slice(1), value: (p) => p[what], render: (p) => h('code', {}, p[what])})),
      {title: '', value: (p) => p.vhost, render: (p) => button('Clear', () => clear(at('permissions', p.vhost, name)), 'small')},
    ],
  })
  const topics = table({
    caption: 'Topic permissions', empty: 'No limits on routing keys.', key: (p) => `${p.vhost}\n${p.exchange}`,
    columns: [
      {title: 'Virtual host', value: (p) => p.vhost}, {title: 'Exchange', value: (p) => p.exchange},
      {title: 'Write', value: (p) => p.write, render: (p) => h('code', {}, p.write)}, {title: 'Read', value: (p) => p.read, render: (p) => h('code', {}, p.read)},
      {title: '', value: (p) => p.vhost, render: (p) => button('Clear', () => clear(at('topic-permissions', p.vhost, name, p.exchange)), 'small')},
    ],
  })
  const place = h('div', {class: 'columns'})
  get('vhosts?columns=name').then((vhosts) => place.append(...forms(name, vhosts.map((v) => v.name)))).catch((error) => trouble(error.message))
  return {
    title: name,
    node: h('div', {},
      h('div', {class: 'actions'},
        name !== session.name && button('Delete user …', () => confirmDelete({title: 'Delete the user?', text: name, path: at('users', name), then: '#/admin/users', done: `User ${name} is gone.`}), 'danger')),
      section('Permissions', null, allowed.node, topics.node), place),
    async refresh() {
      const [permissions, topical] = await Promise.all([get(`${at('users', name)}/permissions`), get(`${at('users', name)}/topic-permissions`)])
      allowed.update(permissions)
      topics.update(topical)
    },
  }
}

async function clear(path) {
  try {
    await del(path)
    notice('The permission is gone.')
  } catch (error) {
    trouble(error.message)
  }
  again()
}

function forms(name, vhosts) {
  const vhost = {name: 'vhost', label: 'Virtual host', type: 'select', options: vhosts}
  const pattern = (what) => ({name: what, label: `${what[0].toUpperCase()}${what.slice(1)}: names that match`, value: '.*'})
  const set = (kind) => async ({vhost: to, ...rest}) => {
    await put(at(kind, to, name), rest)
    again()
    return 'Permitted.'
  }
  return [
    section('Set permissions', null, form({fields: [vhost, pattern('configure'), pattern('write'), pattern('read')], submit: 'Set', act: set('permissions')})),
    section('Set topic permissions', null, form({fields: [vhost, {name: 'exchange', label: 'Exchange', value: 'amq.topic'}, pattern('write'), pattern('read')], submit: 'Set', act: set('topic-permissions')})),
    section('Change the user', null, form({
      fields: [{name: 'password', label: 'New password', type: 'password', required: true, autocomplete: 'new-password'}, {name: 'tags', label: 'Tags', hint: TAGS}],
      submit: 'Change',
      act: async ({password, tags}) => {
        await put(at('users', name), {password, tags: tags.replaceAll(' ', '')})
        again()
        return `User ${name} was changed.`
      },
    })),
  ]
}
