import {get} from './api.js'
import {button, h, link, setText} from './dom.js'
import {bytes, clock} from './format.js'
import {trouble} from './notice.js'

const KEEP = 500 // lines on the page
const WAIT = 20 // seconds until an answer without news
const REST = 200 // milliseconds between two answers, under load

// trace follows the methods that clients and broker send each other.
export function trace() {
  const ended = new AbortController()
  let after = 0, first = true, paused = false, word = ''
  const lines = h('tbody')
  const nothing = h('p', {class: 'empty'}, 'Nothing has passed yet.')
  const pause = button('Pause', () => {
    paused = !paused
    setText(pause, paused ? 'Go on' : 'Pause')
    pause.setAttribute('aria-pressed', paused)
    if (!paused) follow()
  })
  const filter = h('input', {type: 'search', placeholder: 'Filter methods', 'aria-label': 'Filter methods', oninput: () => {
    word = filter.value.toLowerCase()
    for (const row of lines.children) hide(row)
  }})
  const hide = (row) => { row.hidden = !row.textContent.toLowerCase().includes(word) }
  const clear = () => {
    lines.replaceChildren()
    nothing.hidden = false
  }

  async function follow() {
    while (!paused && !ended.signal.aborted) {
      try {
        const methods = await get(`minirabbit/trace?after=${after}&count=${KEEP}&wait=${first ? 0 : WAIT}`, ended.signal)
        first = false
        add(methods)
        trouble('')
        await rest(REST)
      } catch (error) {
        if (ended.signal.aborted) return
        trouble(error.status === 404 ? 'This broker records no trace.' : 'The broker does not answer. Trying again …')
        await rest(1000)
      }
    }
  }

  // add shows methods, the latest on top.
  function add(methods) {
    if (methods.length === 0) return
    after = methods.at(-1).number
    const rows = methods.map(line).reverse()
    rows.forEach(hide)
    lines.prepend(...rows)
    while (lines.children.length > KEEP) lines.lastChild.remove()
    nothing.hidden = true
  }

  follow()
  return {
    title: 'Trace',
    node: h('div', {},
      h('p', {class: 'lead'}, 'Every method on the wire, the latest first. ',
        h('span', {class: 'from'}, '→ from a client'), ', ', h('span', {class: 'to'}, '← from the broker'), '.'),
      h('div', {class: 'actions'}, filter, pause, button('Clear', clear)),
      h('div', {class: 'scroller', role: 'region', tabindex: 0, 'aria-label': 'Trace'},
        h('table', {class: 'trace'}, h('caption', {}, 'Trace'),
          h('thead', {}, h('tr', {}, ['Time', 'Client', 'Channel', 'Method', 'Payload'].map((title) => h('th', {scope: 'col'}, title)))), lines)),
      nothing),
    refresh() {},
    close() { ended.abort() },
  }
}

const rest = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

function line(m) {
  const time = h('td', {class: 'time'}, clock(m.timestamp))
  if (m.note) return h('tr', {class: 'note'}, time, h('td', {colspan: 4}, m.note))
  const client = m.connection.split(' -> ')[0]
  const [name, ...rest] = m.method.split(' ')
  return h('tr', {class: m.sent_by_broker ? 'to' : 'from'}, time,
    h('td', {}, link(['connections', m.connection], client)),
    h('td', {class: 'numeric'}, m.channel),
    h('td', {}, h('span', {class: 'arrow', role: 'img', 'aria-label': m.sent_by_broker ? 'from the broker' : 'from the client'}, m.sent_by_broker ? '←' : '→'),
      h('strong', {}, name), ' ', h('span', {class: 'quiet'}, rest.join(' '))),
    h('td', {}, m.payload_bytes == null ? '' : h('span', {}, h('code', {}, m.payload), ' ', h('small', {}, bytes(m.payload_bytes)))))
}
