import {at, get} from './api.js'
import {facts, h, link, section} from './dom.js'
import {count, rate, statRate} from './format.js'
import {state, vhostColumn} from './parts.js'
import {consumerTable} from './consumers.js'
import {table} from './table.js'

const modeOf = (c) => c.confirm ? 'confirms' : c.transactional ? 'transactions' : ''

// channelTable lists channels.
export function channelTable(caption, filter) {
  const speed = (title, name) => ({title, value: (c) => statRate(c, name), render: (c) => rate(statRate(c, name)), numeric: true})
  return table({
    caption, filter, empty: 'No channels are open.', key: (c) => c.name, sort: 0,
    columns: [
      {title: 'Channel', value: (c) => c.name, render: (c) => link(['channels', c.name], c.name)},
      vhostColumn,
      {title: 'User', value: (c) => c.user},
      {title: 'Mode', value: modeOf},
      {title: 'State', value: (c) => c.state, render: (c) => state(c.state)},
      {title: 'Prefetch', value: (c) => c.prefetch_count, numeric: true},
      {title: 'Unacked', value: (c) => c.messages_unacknowledged, render: (c) => count(c.messages_unacknowledged), numeric: true},
      speed('Publish', 'publish'), speed('Deliver, get', 'deliver_get'), speed('Ack', 'ack'),
    ],
  })
}

export function channels() {
  const list = channelTable('Channels', 'Filter channels')
  return {
    title: 'Channels', node: list.node,
    async refresh() { list.update(await get('channels')) },
  }
}

// channel shows one channel with its consumers.
export function channel([name]) {
  const about = facts(), consumers = consumerTable()
  return {
    title: name,
    node: h('div', {}, section('Details', null, about.node), section('Consumers', null, consumers.node)),
    async refresh() {
      const c = await get(at('channels', name))
      about.update([['Connection', link(['connections', c.connection_details.name], c.connection_details.name)], ['User', c.user],
        ['Virtual host', c.vhost], ['State', c.state], ['Mode', modeOf(c)], ['Prefetch', c.prefetch_count], ['Unacked', c.messages_unacknowledged],
        ['Published', count(c.message_stats?.publish)], ['Delivered, got', count(c.message_stats?.deliver_get)], ['Acked', count(c.message_stats?.ack)]])
      consumers.update(c.consumer_details)
    },
  }
}
