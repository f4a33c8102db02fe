import {h, setText} from './dom.js'

// table shows rows of data, sorted by a column and filtered by a word. A row is
// known by its key: an update changes what has changed and leaves the rest, and
// with it the keyboard's focus, alone.
//
//   columns   {title, value(row), render(row)?, numeric?, only?}
//             value is what is sorted and, without render, shown; a cell is made
//             again when its value has changed. only is a class of the column.
//   key       (row) → text
//   empty     what is said when there are no rows
//   filter    the label of the filter; without one there is none
//   beside    what stands on the line of the filter
//   sort      the number of the column to sort by at first
export function table({caption, columns, key, empty, filter, beside, sort}) {
  let rows = [], word = ''
  let by = sort ?? -1, descending = false
  const shown = new Map()
  const heads = columns.map((column, i) => head(column, i))
  const body = h('tbody')
  const nothing = h('p', {class: 'empty', hidden: true}, empty)
  const scroller = h('div', {class: 'scroller', role: 'region', tabindex: 0, 'aria-label': caption},
    h('table', {}, h('caption', {}, caption), h('thead', {}, h('tr', {}, heads)), body))
  const input = filter && h('input', {type: 'search', placeholder: filter, 'aria-label': filter, oninput: () => { word = input.value.toLowerCase(); draw() }})

  function head(column, i) {
    const attributes = {scope: 'col', class: [column.numeric && 'numeric', column.only].filter(Boolean).join(' ')}
    if (!column.title) return h('th', {...attributes, class: 'actions-of'}, h('span', {class: 'unseen'}, 'Actions'))
    return h('th', attributes, h('button', {type: 'button', class: 'sort', onclick: () => sortBy(i)}, column.title))
  }

  function sortBy(i) {
    descending = by === i && !descending
    by = i
    draw()
  }

  function draw() {
    heads.forEach((th, i) => {
      if (i === by) th.setAttribute('aria-sort', descending ? 'descending' : 'ascending')
      else th.removeAttribute('aria-sort')
    })
    let visible = rows
    if (word) visible = rows.filter((row) => columns.some((c) => String(c.value(row) ?? '').toLowerCase().includes(word)))
    if (by >= 0) visible = [...visible].sort((a, b) => order(columns[by].value(a), columns[by].value(b)) * (descending ? -1 : 1))
    const keys = new Set(visible.map(key))
    for (const [k, row] of shown) {
      if (!keys.has(k)) {
        row.element.remove()
        shown.delete(k)
      }
    }
    visible.forEach((data, i) => {
      const row = shown.get(key(data)) ?? newRow(key(data))
      update(row, data)
      if (body.children[i] !== row.element) body.insertBefore(row.element, body.children[i] ?? null)
    })
    scroller.hidden = visible.length === 0
    nothing.hidden = visible.length !== 0
    setText(nothing, word ? `Nothing matches “${word}”.` : empty)
  }

  function newRow(k) {
    const cells = columns.map((c) => ({td: h('td', {class: [c.numeric && 'numeric', !c.title && 'actions-of', c.only].filter(Boolean).join(' ')}), value: undefined}))
    const row = {cells, element: h('tr', {}, cells.map((cell) => cell.td)), data: null}
    shown.set(k, row)
    return row
  }

  function update(row, data) {
    columns.forEach((column, i) => {
      const cell = row.cells[i], value = column.value(data)
      if (row.data !== null && cell.value === value) return
      cell.value = value
      const content = column.render ? column.render(data) : value
      cell.td.replaceChildren(content instanceof Node ? content : String(content ?? ''))
    })
    row.data = data
  }

  return {
    node: h('div', {class: 'tabular'}, input && h('div', {class: 'actions'}, input, beside), scroller, nothing),
    update(all) {
      rows = all
      draw()
    },
  }
}

// order puts numbers by value, texts by alphabet, and what is missing last.
function order(a, b) {
  if (a == null || b == null) return (a == null) - (b == null)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a).localeCompare(String(b), 'en', {numeric: true})
}
