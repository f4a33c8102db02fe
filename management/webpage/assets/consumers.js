import {link} from './dom.js'
import {pairs} from './format.js'
import {table} from './table.js'

// consumerTable lists the consumers of a queue or a channel.
export function consumerTable() {
  return table({
    caption: 'Consumers', empty: 'No consumers.', key: (c) => `${c.channel_details.name}\n${c.consumer_tag}`,
    columns: [
      {title: 'Tag', value: (c) => c.consumer_tag},
      {title: 'Queue', value: (c) => c.queue.name, render: (c) => link(['queues', c.queue.vhost, c.queue.name], c.queue.name)},
      {title: 'Channel', value: (c) => c.channel_details.name, render: (c) => link(['channels', c.channel_details.name], c.channel_details.name)},
      {title: 'Acks', value: (c) => c.ack_required ? 'required' : 'none'},
      {title: 'Prefetch', value: (c) => c.prefetch_count, numeric: true},
      {title: 'Activity', value: (c) => [c.activity_status, c.exclusive && 'exclusive'].filter(Boolean).join(', ')},
      {title: 'Arguments', value: (c) => pairs(c.arguments)},
    ],
  })
}
