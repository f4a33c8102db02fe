// Elements, made from what they are to hold. Data only ever becomes text: nothing
// here or elsewhere parses it as HTML.

const SVG = 'http://www.w3.org/2000/svg'

// h makes an element: h('a', {href: '#/', class: 'quiet'}, 'Overview'). An
// attribute that is a function listens, one that is true is set without a value,
// and one that is false, null or undefined is left out; so are such children.
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children)
}

// s makes an element of a drawing.
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children)
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      element.addEventListener(name.slice(2), value)
    } else if (value === true) {
      element.setAttribute(name, '')
    } else if (value !== false && value != null) {
      element.setAttribute(name, value)
    }
  }
  element.append(...children.flat().filter((child) => child != null && child !== false))
  return element
}

// link leads to a view: link(['queues', '/', 'tasks'], 'tasks').
export function link(path, ...children) {
  return h('a', {href: hash(path)}, ...children)
}

// hash is the address of a view.
export function hash(path, query) {
  const address = '#/' + path.map(encodeURIComponent).join('/')
  return query ? `${address}?${new URLSearchParams(query)}` : address
}

// button does something when it is pressed.
export function button(text, onclick, kind = '') {
  return h('button', {type: 'button', class: kind, onclick}, text)
}

// section is a part of a view under a heading; what follows the heading on its
// line comes in actions.
export function section(title, actions, ...children) {
  return h('section', {}, h('div', {class: 'heading'}, h('h2', {}, title), ...(actions ?? [])), ...children)
}

// setText changes a text only if it is another, so that a screen reader does not
// hear the same again.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

// facts is a list of names and values, which update replaces.
export function facts() {
  const list = h('dl', {class: 'facts'})
  let shown = ''
  return {
    node: list,
    update(pairs) {
      const present = pairs.filter(([, value]) => value != null && value !== '')
      const now = JSON.stringify(present.map(([name, value]) => [name, value instanceof Node ? value.textContent : value]))
      if (now === shown) return
      shown = now
      list.replaceChildren(...present.map(([name, value]) =>
        h('div', {}, h('dt', {}, name), h('dd', {}, value instanceof Node ? value : String(value)))))
    },
  }
}
