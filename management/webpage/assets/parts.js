// What several views share.

import {del} from './api.js'
import {h, link} from './dom.js'
import {dialog} from './form.js'

// again has the view look at the broker at once.
export function again() {
  dispatchEvent(new Event('refresh'))
}

// vhostColumn is shown only while there are several virtual hosts.
export const vhostColumn = {title: 'Virtual host', value: (row) => row.vhost, only: 'vhost'}

// exchangeName is what the exchange without a name is called in addresses.
export const exchangeName = (name) => name === '' ? 'amq.default' : name
export const exchangeTitle = (name) => name === '' ? '(default)' : name

// features marks what is special about a queue or an exchange.
export function features(object) {
  const words = []
  if (object.durable === false) words.push('transient')
  if (object.auto_delete) words.push('auto-delete')
  if (object.exclusive) words.push('exclusive')
  if (object.internal) words.push('internal')
  for (const [name, value] of Object.entries(object.arguments ?? {})) {
    if (name !== 'x-queue-type') words.push(`${name.replace(/^x-/, '')}: ${typeof value === 'object' ? JSON.stringify(value) : value}`)
  }
  if (object.policy) words.push(`policy ${object.policy}`)
  return words
}

export function featureList(object) {
  return h('span', {class: 'tags'}, features(object).map((word) => h('span', {class: 'tag'}, word)))
}

// state shows in which state something is, with a sign beside the colour.
export function state(name) {
  return h('span', {class: `state ${name === 'running' ? 'good' : 'other'}`}, name ?? '')
}

// destination leads to the queue or exchange at the end of a binding.
export function destination(binding) {
  const kind = binding.destination_type === 'queue' ? 'queues' : 'exchanges'
  return link([kind, binding.vhost, exchangeName(binding.destination)], binding.destination)
}

export function source(binding) {
  return link(['exchanges', binding.vhost, exchangeName(binding.source)], exchangeTitle(binding.source))
}

// confirmDelete asks before it deletes what is at a path, and then goes elsewhere.
export function confirmDelete({title, text, submit = 'Delete', path, done, then}) {
  dialog({title, text, submit, kind: 'danger', act: async () => {
    await del(path)
    if (then) location.hash = then
    else again()
    return done
  }})
}
