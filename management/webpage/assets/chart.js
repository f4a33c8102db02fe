import {h, s, setText} from './dom.js'

const HEIGHT = 180
const MARGIN = {left: 44, right: 12, top: 10, bottom: 22}

// chart draws lines over the last minute.
//
//   lines   {name, text}: text(value) writes a value
//   update  takes the lines' points, [[milliseconds, value], …] each, and the
//           present moment
//
// The legend says what is now, or what was where the pointer is.
export function chart({title, lines, seconds = 60}) {
  let data = lines.map(() => []), now = Date.now(), pointed = null
  const svg = s('svg', {class: 'chart', height: HEIGHT, role: 'img', 'aria-label': title, onpointermove, onpointerleave})
  const values = lines.map(() => h('dd', {}))
  const when = h('span', {class: 'quiet when'})
  const legend = h('dl', {class: 'legend'}, lines.map((line, i) =>
    h('div', {class: `line${i + 1}`}, h('dt', {}, line.name), values[i])))
  const figure = h('figure', {}, h('figcaption', {}, h('h3', {}, title), when), legend, svg)
  new ResizeObserver(draw).observe(figure)

  function onpointermove(event) {
    const box = svg.getBoundingClientRect()
    const inside = (event.clientX - box.left - MARGIN.left) / (box.width - MARGIN.left - MARGIN.right)
    pointed = inside < 0 || inside > 1 ? null : inside
    draw()
  }

  function onpointerleave() {
    pointed = null
    draw()
  }

  function draw() {
    const width = svg.clientWidth
    if (width === 0) return
    const from = now - seconds * 1000
    const top = ceiling(Math.max(0, ...data.flatMap((points) => points.filter(([t]) => t >= from).map(([, v]) => v))))
    const x = (t) => MARGIN.left + (t - from) / (now - from) * (width - MARGIN.left - MARGIN.right)
    const y = (v) => HEIGHT - MARGIN.bottom - v / top * (HEIGHT - MARGIN.top - MARGIN.bottom)
    svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`)
    svg.replaceChildren(...grid(width, top, y), ...data.map((points, i) => drawLine(points.filter(([t]) => t >= from), i, x, y)))
    const at = pointed === null ? now : from + pointed * (now - from)
    if (pointed !== null) svg.append(s('line', {class: 'pointer', x1: x(at), x2: x(at), y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom}))
    setText(when, pointed === null ? '' : `${Math.round((now - at) / 1000)} s ago`)
    lines.forEach((line, i) => setText(values[i], line.text(valueAt(data[i], at))))
  }

  function grid(width, top, y) {
    const marks = [0, top / 2, top].map((v) => [
      s('line', {class: 'grid', x1: MARGIN.left, x2: width - MARGIN.right, y1: y(v), y2: y(v)}),
      s('text', {class: 'mark', x: MARGIN.left - 8, y: y(v) + 4, 'text-anchor': 'end'}, lines[0].text(v).replace('/s', '')),
    ])
    return [...marks.flat(),
      s('text', {class: 'mark', x: MARGIN.left, y: HEIGHT - 4}, `${seconds} s ago`),
      s('text', {class: 'mark', x: width - MARGIN.right, y: HEIGHT - 4, 'text-anchor': 'end'}, 'now')]
  }

  function drawLine(points, i, x, y) {
    const path = points.map(([t, v], n) => `${n ? 'L' : 'M'}${x(t).toFixed(1)} ${y(v).toFixed(1)}`).join('')
    return s('path', {class: `stroke line${i + 1}`, d: path})
  }

  return {
    node: figure,
    update(all, moment) {
      data = all
      now = moment
      draw()
    },
  }
}

// valueAt is the value of the last point up to a moment.
function valueAt(points, at) {
  let value = null
  for (const [t, v] of points) {
    if (t <= at) value = v
  }
  return value
}

// ceiling is the round number above, of those that halve well.
function ceiling(v) {
  if (v <= 2) return 2
  const magnitude = 10 ** Math.floor(Math.log10(v))
  return [1, 2, 4, 6, 8, 10].map((n) => n * magnitude).find((n) => n >= v)
}

// lengthPoints are the points of a count that goes up and down.
export function lengthPoints(object, name) {
  return samplesOf(object, name).map(({sample, timestamp}) => [timestamp, sample])
}

// ratePoints are the points of how fast a count has grown.
export function ratePoints(object, name) {
  const samples = samplesOf(object, name)
  return samples.slice(1).map(({sample, timestamp}, i) =>
    [timestamp, Math.max(0, sample - samples[i].sample) * 1000 / (timestamp - samples[i].timestamp)])
}

// samplesOf returns the samples of a count, the oldest first.
function samplesOf(object, name) {
  return [...(object?.[`${name}_details`]?.samples ?? [])].reverse()
}

// WINDOW asks the API for the samples of the last minute.
export const WINDOW = 'lengths_age=61&lengths_incr=1&msg_rates_age=62&msg_rates_incr=1&data_rates_age=62&data_rates_incr=1'
