// The HTTP API, as the user who is logged in. The credentials live as long as the
// tab.

const KEPT = 'minirabbit.credentials'

export const session = {name: '', tags: [], authorization: sessionStorage.getItem(KEPT)}

// ApiError is an answer that is not a success.
export class ApiError extends Error {
  constructor(status, reason) {
    super(reason)
    this.status = status
  }
}

export const isAdministrator = () => session.tags.includes('administrator')
export const isMonitor = () => isAdministrator() || session.tags.includes('monitoring')

// login finds out who the user is. It fails with status 401 if it is nobody.
export async function login(name, password) {
  const bytes = new TextEncoder().encode(`${name}:${password}`)
  await resume(`Basic ${btoa(String.fromCharCode(...bytes))}`)
}

// resume goes on with credentials that are kept from before.
export async function resume(authorization = session.authorization) {
  session.authorization = authorization
  try {
    const user = await get('whoami')
    session.name = user.name
    session.tags = typeof user.tags === 'string' ? user.tags.split(',') : user.tags
    sessionStorage.setItem(KEPT, authorization)
  } catch (error) {
    if (error.status === 401) logout()
    throw error
  }
}

export function logout() {
  session.authorization = null
  sessionStorage.removeItem(KEPT)
}

export const get = (path, signal) => call('GET', path, undefined, {}, signal)
export const put = (path, body = {}) => call('PUT', path, body)
export const post = (path, body = {}) => call('POST', path, body)
export const del = (path, headers) => call('DELETE', path, undefined, headers)

// at joins the parts of a path: at('queues', '/', 'tasks') is queues/%2F/tasks.
export const at = (...parts) => parts.map(encodeURIComponent).join('/')

async function call(method, path, body, headers = {}, signal) {
  const response = await fetch(`/api/${path}`, {
    method, signal, credentials: 'omit', cache: 'no-store',
    headers: {Authorization: session.authorization, ...(body === undefined ? {} : {'Content-Type': 'application/json'}), ...headers},
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await response.text()
  const isJSON = response.headers.get('Content-Type')?.startsWith('application/json')
  const answer = isJSON && text !== '' ? JSON.parse(text) : null
  if (!response.ok) throw new ApiError(response.status, reasonOf(answer, response))
  return answer
}

function reasonOf(answer, response) {
  const reason = answer?.reason ?? answer?.error
  if (reason == null) return `The broker answered ${response.status} ${response.statusText}`
  return typeof reason === 'string' ? reason : JSON.stringify(reason)
}
