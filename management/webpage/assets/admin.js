import {h, hash} from './dom.js'
import {definitions} from './definitions.js'
import {policies} from './policies.js'
import {user, users} from './users.js'
import {vhosts} from './vhosts.js'

const tabs = [
  {path: 'users', name: 'Users', list: users, one: user},
  {path: 'vhosts', name: 'Virtual hosts', list: vhosts},
  {path: 'policies', name: 'Policies', list: policies},
  {path: 'definitions', name: 'Definitions', list: definitions},
]

// admin is what administrators see, in parts of its own.
export function admin([name = 'users', ...rest]) {
  const tab = tabs.find((t) => t.path === name) ?? tabs[0]
  const view = rest.length && tab.one ? tab.one(rest) : tab.list()
  return {
    ...view,
    node: h('div', {},
      h('nav', {class: 'tabs', 'aria-label': 'Admin'}, h('ul', {}, tabs.map((t) =>
        h('li', {}, h('a', {href: hash(['admin', t.path]), 'aria-current': t === tab && 'page'}, t.name))))),
      view.node),
  }
}
