import {get} from './api.js'
import {button, h, hash, link} from './dom.js'
import {form} from './form.js'
import {clock, elapsed} from './format.js'
import {messageBox} from './messages.js'
import {exchangeName, exchangeTitle} from './parts.js'
import {table} from './table.js'

// history shows what happened to messages: to one, or to those that were asked for.
export function history([id], query) {
  return id ? oneMessage(id) : messages(query)
}

const endings = {acked: 'acknowledged', dropped: 'dropped', returned: 'returned', refused: 'refused', 'dead-lettered': 'dead-lettered'}

// outcome says in short what became of a message.
function outcome(m) {
  const last = m.events.at(-1)
  if (last.kind === 'published') return 'went nowhere'
  if (last.kind === 'dead-lettered') return `dead-lettered as message ${last.dead_letter ?? '?'}`
  if (last.no_ack) return 'taken without ack'
  if (last.kind === 'dropped') return `dropped: ${last.reason}`
  return endings[last.kind] ?? {routed: 'ready', requeued: 'ready again', delivered: 'unacked', got: 'unacked'}[last.kind] ?? last.kind
}

function messages(query) {
  const fields = ['queue', 'exchange', 'routing_key']
  const list = table({
    caption: 'Messages, the latest first', empty: 'No messages that are remembered.', key: (m) => String(m.id),
    columns: [
      {title: 'Message', value: (m) => m.id, render: (m) => link(['history', String(m.id)], `#${m.id}`)},
      {title: 'Published', value: (m) => m.events[0].timestamp, render: (m) => clock(m.events[0].timestamp / 1000)},
      {title: 'Exchange', value: (m) => exchangeTitle(m.exchange)},
      {title: 'Routing key', value: (m) => m.routing_key, render: (m) => h('code', {}, m.routing_key)},
      {title: 'Payload', value: (m) => m.payload.slice(0, 60), render: (m) => h('code', {class: 'cut'}, m.payload.slice(0, 60))},
      {title: 'Deliveries', value: (m) => m.events.filter((e) => e.kind === 'delivered' || e.kind === 'got').length, numeric: true},
      {title: 'Now', value: outcome},
    ],
  })
  const ask = form({
    fields: fields.map((name) => ({name, label: name.replace('_', ' ').replace(/^./, (c) => c.toUpperCase()), value: query.get(name) ?? ''})),
    submit: 'Show', cancel: button('Show all', () => { location.hash = hash(['history']) }),
    act: (values) => {
      const asked = Object.entries(values).filter(([, value]) => value !== '')
      location.hash = hash(['history'], asked.length ? Object.fromEntries(asked) : undefined)
    },
  })
  ask.classList.add('inline')
  const remembered = h('p', {class: 'quiet'})
  return {
    title: 'History of messages',
    node: h('div', {}, ask, list.node, remembered),
    async refresh() {
      const answer = await get(`minirabbit/history?count=200&${query}`)
      list.update(answer.messages)
      remembered.textContent = `Of ${answer.remembered} messages that are remembered, ${answer.messages.length} are shown.`
    },
  }
}

function oneMessage(id) {
  const about = h('div'), events = h('ol', {class: 'timeline', 'aria-label': 'What happened'})
  let shown = 0
  return {
    title: `Message #${id}`,
    node: h('div', {}, about, events),
    async refresh() {
      const m = await get(`minirabbit/history/${encodeURIComponent(id)}`)
      if (m.events.at(-1).number === shown) return
      shown = m.events.at(-1).number
      about.replaceChildren(messageBox(m))
      const began = m.events[0].timestamp
      events.replaceChildren(...m.events.map((e) => h('li', {class: e.kind},
        h('span', {class: 'quiet numeric'}, elapsed(e.timestamp - began)), h('div', {}, h('strong', {}, e.kind), ' ', ...tell(e, m)))))
      if (m.events_forgotten) events.children[0].after(h('li', {}, h('span'), `… ${m.events_forgotten} events that are forgotten …`))
    },
  }
}

// tell puts an event into words, with links to where it happened.
function tell(e, m) {
  const words = []
  if (e.kind === 'published') words.push('to ', link(['exchanges', m.vhost, exchangeName(m.exchange)], exchangeTitle(m.exchange)))
  if (e.queue) words.push({routed: 'to ', delivered: 'from ', got: 'from '}[e.kind] ?? 'in ', link(['queues', m.vhost, e.queue], e.queue))
  if (e.consumer) words.push({delivered: ' to consumer ', requeued: ' from consumer '}[e.kind] ?? ' by consumer ', h('code', {}, e.consumer))
  if (e.delivery_tag) words.push(e.kind === 'published' ? `, publishing ${e.delivery_tag}` : `, delivery tag ${e.delivery_tag}`)
  if (e.redelivered) words.push(', redelivered')
  if (e.no_ack) words.push(', no ack needed')
  if (e.reason) words.push(`, because: ${e.reason}`)
  if (e.dead_letter) words.push(', as ', link(['history', String(e.dead_letter)], `message #${e.dead_letter}`))
  if (e.connection) words.push(h('span', {class: 'quiet'}, ` by ${e.connection}, channel ${e.channel}`))
  return words
}
