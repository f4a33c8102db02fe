import {get} from './api.js'
import {h, section} from './dom.js'
import {table} from './table.js'

// faults shows how a test has the broker misbehave.
export function faults() {
  const list = table({
    caption: 'Faults', empty: 'No faults: the broker behaves.', key: (f) => f.key,
    columns: [
      {title: 'Fault', value: (f) => f.fault},
      {title: 'Has struck', value: (f) => f.strikes, render: (f) => times(f.strikes), numeric: true},
      {title: 'Will strike', value: (f) => f.left ?? Infinity, render: (f) => f.left === null ? 'always' : f.left === 0 ? 'no more' : times(f.left), numeric: true},
    ],
  })
  const alarms = table({
    caption: 'Alarms', empty: 'No alarms.', key: (a) => a.resource,
    columns: [{title: 'Resource', value: (a) => a.resource}, {title: 'Effect', value: () => 'connections that publish are blocked'}],
  })
  return {
    title: 'Faults',
    node: h('div', {},
      h('p', {class: 'lead'}, 'What tests inject with testkit: where it strikes, what it does, and how often it has. Alarms come from tests or from minirabbit ctl.'),
      section('In force', null, list.node), section('Alarms', null, alarms.node)),
    async refresh() {
      const now = await get('minirabbit/faults')
      list.update(now.faults.map((f, i) => ({...f, key: `${i} ${f.fault}`})))
      alarms.update(now.alarms.map((resource) => ({resource})))
    },
  }
}

const times = (n) => n === 1 ? 'once' : `${n} times`
