import {login} from './api.js'
import {h} from './dom.js'
import {form} from './form.js'

// showLogin asks who the user is, until the broker knows.
export function showLogin(main, problem, done) {
  const ask = form({
    fields: [
      {name: 'name', label: 'User', required: true, autocomplete: 'username'},
      {name: 'password', label: 'Password', type: 'password', required: true, autocomplete: 'current-password'},
    ],
    submit: 'Log in',
    act: async ({name, password}) => {
      try {
        await login(name, password)
      } catch (error) {
        if (error.status === 401) throw new Error('The broker does not know this user with this password.')
        throw error
      }
      done()
    },
  })
  if (problem) ask.querySelector('.problem').textContent = problem
  main.replaceChildren(h('div', {class: 'login'},
    h('img', {src: '/page/icon.svg', alt: '', width: 64, height: 64}), h('h1', {}, 'minirabbit'), ask,
    h('p', {class: 'quiet'}, 'A new broker has the user guest with the password guest.')))
  ask.querySelector('input').focus()
}
