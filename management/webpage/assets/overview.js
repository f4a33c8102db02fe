import {get, isMonitor} from './api.js'
import {chart, lengthPoints, ratePoints, WINDOW} from './chart.js'
import {facts, h, hash, section, setText} from './dom.js'
import {bytes, count, duration, rate} from './format.js'
import {table} from './table.js'

const tiles = [
  {name: 'Connections', key: 'connections', path: ['connections']},
  {name: 'Channels', key: 'channels', path: ['channels']},
  {name: 'Consumers', key: 'consumers', path: ['queues']},
  {name: 'Exchanges', key: 'exchanges', path: ['exchanges']},
  {name: 'Queues', key: 'queues', path: ['queues']},
]

// messageCharts draws what is in queues and how fast messages pass, for the whole
// node or for one queue. speeds are the counts whose rates are drawn, by their title.
export function messageCharts(speeds) {
  const lengths = chart({title: 'Messages in queues', lines: [
    {name: 'Ready', text: count}, {name: 'Unacked', text: count}, {name: 'Total', text: count}]})
  const rates = chart({title: 'Message rates', lines: Object.keys(speeds).map((name) => ({name, text: rate}))})
  return {
    node: h('div', {class: 'charts'}, lengths.node, rates.node),
    update(totals, stats) {
      const now = latest(totals) ?? Date.now()
      lengths.update(['messages_ready', 'messages_unacknowledged', 'messages'].map((name) => lengthPoints(totals, name)), now)
      rates.update(Object.values(speeds).map((name) => ratePoints(stats, name)), now)
    },
  }
}

// latest is the moment of the latest sample, by the broker's clock.
function latest(totals) {
  return totals?.messages_details?.samples?.[0]?.timestamp
}

// overview shows the node as a whole.
export function overview() {
  const values = tiles.map(() => h('span', {class: 'value'}, '–'))
  const charts = messageCharts({Publish: 'publish', 'Deliver, get': 'deliver_get', Ack: 'ack', Confirm: 'confirm'})
  const node = facts()
  const ports = table({caption: 'Ports', empty: 'No ports are open.', key: (l) => `${l.protocol} ${l.port}`, columns: [
    {title: 'Protocol', value: (l) => l.protocol}, {title: 'Address', value: (l) => l.ip_address}, {title: 'Port', value: (l) => l.port, numeric: true}]})
  const churn = table({caption: 'Since the start', empty: 'Nothing has happened.', key: (c) => c.name, columns: [
    {title: 'What', value: (c) => c.name}, {title: 'Times', value: (c) => c.n, render: (c) => count(c.n), numeric: true}]})
  const monitor = isMonitor()

  return {
    title: 'Overview',
    node: h('div', {},
      h('ul', {class: 'tiles'}, tiles.map((tile, i) => h('li', {}, h('a', {href: hash(tile.path)}, values[i], h('span', {}, tile.name))))),
      charts.node,
      h('div', {class: 'columns'},
        monitor && section('Node', null, node.node),
        monitor && section('Listening', null, ports.node),
        section('Churn', null, churn.node))),
    async refresh() {
      const [o, nodes] = await Promise.all([get(`overview?${WINDOW}`), monitor ? get('nodes') : []])
      tiles.forEach((tile, i) => setText(values[i], count(o.object_totals[tile.key]) || '–'))
      charts.update(o.queue_totals, o.message_stats)
      churn.update(Object.entries(o.churn_rates).filter(([, n]) => typeof n === 'number').map(([name, n]) => ({name: words(name), n})))
      if (!monitor) return
      const [n] = nodes
      ports.update(o.listeners)
      node.update([['Name', n.name], ['Release', `RabbitMQ ${o.rabbitmq_version}`], ['Uptime', duration(n.uptime)],
        ['Memory', bytes(n.mem_used)], ['Goroutines', count(n.proc_used)], ['Alarms', [n.mem_alarm && 'memory', n.disk_free_alarm && 'disk'].filter(Boolean).join(', ') || 'none']])
    },
  }
}

// words makes "connection created" of connection_created.
function words(name) {
  const text = name.replaceAll('_', ' ')
  return text[0].toUpperCase() + text.slice(1)
}
