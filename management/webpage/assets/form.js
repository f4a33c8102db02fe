import {h, button} from './dom.js'
import {notice} from './notice.js'

// form asks for values and does something with them. A field is
//
//   {name, label, type?, value?, options?, hint?, required?, placeholder?}
//
// whose type is text, number, password, checkbox, select, textarea or file. act is
// given an object of the values; what it throws is shown, what it returns is told
// as a notice.
export function form({fields, submit, act, kind = '', cancel}) {
  const inputs = new Map(fields.map((field) => [field.name, input(field)]))
  const problem = h('p', {class: 'problem', role: 'alert'})
  const send = h('button', {type: 'submit', class: `primary ${kind}`}, submit)
  const element = h('form', {novalidate: false, onsubmit}, fields.map((field) => row(field, inputs.get(field.name))), problem,
    h('div', {class: 'buttons'}, send, cancel))

  async function onsubmit(event) {
    event.preventDefault()
    problem.textContent = ''
    send.disabled = true
    try {
      const told = await act(read(fields, inputs))
      if (told) notice(told)
    } catch (error) {
      problem.textContent = error.message
    } finally {
      send.disabled = false
    }
  }
  return element
}

function read(fields, inputs) {
  const values = {}
  for (const {name, type} of fields) {
    const element = inputs.get(name)
    values[name] = type === 'checkbox' ? element.checked : type === 'file' ? element.files[0] : element.value
  }
  return values
}

let lastID = 0

function input(field) {
  const {type = 'text', value, options, required, placeholder} = field
  const attributes = {id: `field-${++lastID}`, name: field.name, required, placeholder, autocomplete: field.autocomplete ?? 'off', spellcheck: 'false',
    'aria-describedby': field.hint && `hint-${lastID}`}
  switch (type) {
    case 'select':
      return h('select', attributes, options.map((option) => {
        const [v, text] = Array.isArray(option) ? option : [option, option]
        return h('option', {value: v, selected: v === value}, text)
      }))
    case 'textarea': {
      const area = h('textarea', {...attributes, rows: field.rows ?? 3})
      area.value = value ?? ''
      return area
    }
    case 'checkbox':
      return h('input', {...attributes, type, checked: value})
    default:
      return h('input', {...attributes, type, value, min: field.min, accept: field.accept})
  }
}

function row(field, element) {
  const label = h('label', {for: element.id}, field.label)
  const hint = field.hint && h('small', {id: element.getAttribute('aria-describedby')}, field.hint)
  if (field.type === 'checkbox') return h('div', {class: 'field check'}, element, label, hint)
  return h('div', {class: 'field'}, label, element, hint)
}

// dialog shows a form over the page until it has been sent or is cancelled.
export function dialog({title, text, fields = [], submit, act, kind}) {
  const close = () => element.close()
  const element = h('dialog', {'aria-label': title, onclose: () => element.remove()},
    h('h2', {}, title), text && h('p', {}, text),
    form({fields, submit, kind, cancel: button('Cancel', close), act: async (values) => {
      const told = await act(values)
      close()
      return told
    }}))
  document.body.append(element)
  element.showModal()
}
