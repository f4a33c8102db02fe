import {at, del, get} from './api.js'
import {channelTable} from './channels.js'
import {chart, ratePoints, WINDOW} from './chart.js'
import {button, facts, h, link, section} from './dom.js'
import {byteRate, bytes, moment, pairs} from './format.js'
import {dialog} from './form.js'
import {state, vhostColumn} from './parts.js'
import {table} from './table.js'

const nameOf = (c) => c.user_provided_name || c.client_properties?.connection_name || ''

// connections lists the clients.
export function connections() {
  const list = table({
    caption: 'Connections', filter: 'Filter connections', empty: 'Nobody is connected.', key: (c) => c.name, sort: 0,
    columns: [
      {title: 'Name', value: (c) => nameOf(c) || c.name, render: (c) => h('span', {}, link(['connections', c.name], nameOf(c) || c.name), nameOf(c) && h('small', {}, c.name))},
      vhostColumn,
      {title: 'User', value: (c) => c.user},
      {title: 'State', value: (c) => c.state, render: (c) => state(c.state)},
      {title: 'Channels', value: (c) => c.channels, numeric: true},
      {title: 'From client', value: (c) => c.recv_oct_details?.rate, render: (c) => byteRate(c.recv_oct_details?.rate), numeric: true},
      {title: 'To client', value: (c) => c.send_oct_details?.rate, render: (c) => byteRate(c.send_oct_details?.rate), numeric: true},
    ],
  })
  return {
    title: 'Connections', node: list.node,
    async refresh() { list.update(await get('connections')) },
  }
}

// connection shows one client, and closes it.
export function connection([name]) {
  const about = facts(), client = facts(), channels = channelTable('Channels of the connection')
  const traffic = chart({title: 'Traffic', lines: [{name: 'From client', text: byteRate}, {name: 'To client', text: byteRate}]})
  return {
    title: name,
    node: h('div', {},
      h('div', {class: 'actions'}, button('Close connection …', () => close(name), 'danger')),
      h('div', {class: 'columns'}, section('Details', null, about.node), section('Client', null, client.node)),
      h('div', {class: 'charts'}, traffic.node),
      section('Channels', null, channels.node)),
    async refresh() {
      const [c, open] = await Promise.all([get(`${at('connections', name)}?${WINDOW}`), get(`${at('connections', name)}/channels`)])
      const {capabilities, ...properties} = c.client_properties
      about.update([['Name', nameOf(c)], ['User', c.user], ['Virtual host', c.vhost], ['State', c.state], ['Protocol', c.protocol],
        ['Login', c.auth_mechanism], ['Connected', moment(c.connected_at)], ['Heartbeat', c.timeout ? `${c.timeout} s` : 'none'],
        ['Frames up to', bytes(c.frame_max)], ['Channels up to', c.channel_max], ['Received', bytes(c.recv_oct)], ['Sent', bytes(c.send_oct)]])
      client.update([...Object.entries(properties).map(([k, v]) => [k, typeof v === 'object' ? pairs(v) : v]),
        ['capabilities', Object.keys(capabilities ?? {}).filter((k) => capabilities[k]).join(', ')]])
      channels.update(open)
      traffic.update([ratePoints(c, 'recv_oct'), ratePoints(c, 'send_oct')], c.recv_oct_details.samples?.[0]?.timestamp ?? Date.now())
    },
  }
}

function close(name) {
  dialog({
    title: 'Close the connection?', text: name, submit: 'Close connection', kind: 'danger',
    fields: [{name: 'reason', label: 'Reason, for the client', placeholder: 'Closed via management plugin'}],
    act: async ({reason}) => {
      await del(at('connections', name), reason ? {'X-Reason': reason} : {})
      location.hash = '#/connections'
      return 'The connection was closed.'
    },
  })
}
