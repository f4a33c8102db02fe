// The page begins here: it logs in, shows the view that the address names, and
// keeps it fresh.

import {get, isAdministrator, isMonitor, logout, resume, session} from './api.js'
import {h, hash} from './dom.js'
import {showLogin} from './login.js'
import {trouble} from './notice.js'
import {admin} from './admin.js'
import {channel, channels} from './channels.js'
import {connection, connections} from './connections.js'
import {exchange, exchanges} from './exchanges.js'
import {faults} from './faults.js'
import {history} from './history.js'
import {overview} from './overview.js'
import {queue, queues} from './queues.js'
import {trace} from './trace.js'

const INTERVAL = 1000 // milliseconds between looks at the broker

// views lists those in the navigation: the first part of the address, what it is
// called, what shows it with and without further parts, and whom it is for. A view is an object of
// a title, a node, refresh() and, if it needs one, close().
const views = [
  {path: '', name: 'Overview', list: overview},
  {path: 'connections', name: 'Connections', list: connections, one: connection},
  {path: 'channels', name: 'Channels', list: channels, one: channel},
  {path: 'exchanges', name: 'Exchanges', list: exchanges, one: exchange},
  {path: 'queues', name: 'Queues', list: queues, one: queue},
  {path: 'admin', name: 'Admin', list: admin, one: admin, may: isAdministrator},
  {path: 'trace', name: 'Trace', list: trace, may: isAdministrator, ours: true},
  {path: 'history', name: 'History', list: history, one: history, may: isAdministrator, ours: true},
  {path: 'faults', name: 'Faults', list: faults, may: isMonitor, ours: true},
]

const main = document.getElementById('main')
let current = null, timer = 0, running = false

async function begin() {
  if (!session.authorization) return askLogin()
  try {
    await resume()
  } catch (error) {
    return askLogin(error.status === 401 ? '' : error.message)
  }
  showHeader()
  route()
}

function askLogin(problem) {
  leave()
  document.getElementById('header').hidden = true
  document.title = 'Log in · minirabbit'
  showLogin(main, problem, () => { showHeader(); route() })
}

function showHeader() {
  document.getElementById('header').hidden = false
  document.getElementById('user').textContent = session.name
  document.getElementById('views').replaceChildren(...views.filter((v) => !v.may || v.may()).map((v) =>
    h('li', {class: v.ours ? 'ours' : ''}, h('a', {href: hash(v.path ? [v.path] : []), 'data-path': v.path}, v.name))))
}

// route shows the view that the address names.
function route() {
  if (!session.authorization || location.hash === '#main') return
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?')
  const parts = path.split('/').map(decodeURIComponent)
  const view = views.find((v) => v.path === parts[0])
  leave()
  const show = parts.length > 1 ? view?.one : view?.list
  current = show ? show(parts.slice(1), new URLSearchParams(query)) : unknown()
  for (const a of document.querySelectorAll('#views a')) {
    if (a.dataset.path === parts[0]) a.setAttribute('aria-current', 'page')
    else a.removeAttribute('aria-current')
  }
  document.title = `${current.title} · minirabbit`
  main.replaceChildren(h('h1', {}, current.title), current.node)
  if (document.activeElement !== document.body) main.focus({preventScroll: true})
  scrollTo(0, 0)
  refresh()
}

function unknown() {
  return {title: 'Not here', node: h('p', {}, 'There is no such view.'), refresh() {}}
}

function leave() {
  clearTimeout(timer)
  current?.close?.()
  current = null
  trouble('')
}

// refresh looks at the broker again, and once more after a while.
async function refresh() {
  clearTimeout(timer)
  if (running || !current) return
  running = true
  const view = current
  try {
    if (!document.hidden) await Promise.all([view.refresh(), refreshHeader()])
    if (view === current) trouble('')
  } catch (error) {
    if (view === current) explain(error)
  }
  running = false
  if (!current) return
  if (view === current) timer = setTimeout(refresh, INTERVAL)
  else refresh()
}

function explain(error) {
  if (error.status === 401 && !session.authorization) return askLogin()
  if (error.status === 404) return trouble('This is not there, or not any more.')
  trouble(error.status ? error.message : 'The broker does not answer. Trying again …')
}

async function refreshHeader() {
  const {cluster_name, rabbitmq_version} = await get('overview?columns=cluster_name,rabbitmq_version')
  document.getElementById('cluster').textContent = cluster_name
  document.getElementById('release').textContent = `as RabbitMQ ${rabbitmq_version}`
  const vhosts = await get('vhosts?columns=name')
  document.body.classList.toggle('one-vhost', vhosts.length < 2)
}

addEventListener('hashchange', route)
addEventListener('refresh', () => refresh())
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh() })
document.getElementById('logout').addEventListener('click', () => {
  logout()
  location.hash = '#/' // the next user may not see what this one saw
  askLogin()
})
begin()
