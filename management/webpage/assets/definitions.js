import {at, get, post} from './api.js'
import {h, section} from './dom.js'
import {form} from './form.js'
import {trouble} from './notice.js'

const ALL = ''

// definitions takes them down to a file, and up from one.
export function definitions() {
  const place = h('div', {class: 'columns'})
  get('vhosts?columns=name').then((vhosts) => place.append(...forms(vhosts.map((v) => v.name)))).catch((error) => trouble(error.message))
  return {
    title: 'Definitions',
    node: h('div', {}, h('p', {class: 'lead'}, 'Users, virtual hosts, permissions, policies, exchanges, queues and bindings, in the format of RabbitMQ. No messages.'), place),
    async refresh() { await get('whoami') },
  }
}

function forms(vhosts) {
  const which = {name: 'vhost', label: 'Of', type: 'select', value: ALL, options: [[ALL, 'everything'], ...vhosts.map((v) => [v, `virtual host ${v}`])]}
  const path = (vhost) => vhost === ALL ? 'definitions' : at('definitions', vhost)
  return [
    section('Download', null, form({
      fields: [which], submit: 'Download',
      act: async ({vhost}) => {
        save('definitions.json', JSON.stringify(await get(path(vhost)), null, 2))
        return 'Downloaded definitions.json.'
      },
    })),
    section('Upload', null, form({
      fields: [{...which, label: 'Into'}, {name: 'file', label: 'File', type: 'file', accept: '.json,application/json', required: true}], submit: 'Upload',
      act: async ({vhost, file}) => {
        if (!file) throw new Error('Choose a file.')
        await post(path(vhost), parse(await file.text()))
        return `Uploaded ${file.name}.`
      },
    })),
  ]
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`The file is not JSON: ${error.message}`)
  }
}

// save has the browser keep a text as a file.
function save(name, text) {
  const address = URL.createObjectURL(new Blob([text], {type: 'application/json'}))
  const a = h('a', {href: address, download: name})
  document.body.append(a)
  a.click()
  a.remove()
  URL.revokeObjectURL(address)
}
