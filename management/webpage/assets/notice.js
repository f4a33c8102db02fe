import {setText} from './dom.js'

// notice tells the user what was done, for some seconds.
export function notice(text) {
  const place = document.getElementById('notice')
  place.textContent = text
  place.classList.add('shown')
  clearTimeout(notice.timer)
  notice.timer = setTimeout(() => place.classList.remove('shown'), 4000)
}

// trouble says what is wrong at present; an empty text ends it.
export function trouble(text) {
  const place = document.getElementById('trouble')
  setText(place, text)
  place.hidden = text === ''
}
