// How numbers, times and tables are written.

const grouped = new Intl.NumberFormat('en', {maximumFractionDigits: 0})
const fine = new Intl.NumberFormat('en', {maximumFractionDigits: 1})

export function count(n) {
  return n == null ? '' : grouped.format(n)
}

// rate is how often something happens in a second; nothing if it never did.
export function rate(perSecond) {
  if (perSecond == null) return ''
  return perSecond >= 10 || perSecond === 0 ? `${grouped.format(perSecond)}/s` : `${fine.format(perSecond)}/s`
}

export function bytes(n) {
  if (n == null) return ''
  let unit = 0
  for (; n >= 1024 && unit < 4; unit++) n /= 1024
  return `${fine.format(n)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][unit]}`
}

export function byteRate(perSecond) {
  return perSecond == null ? '' : `${bytes(perSecond)}/s`
}

export function duration(milliseconds) {
  let seconds = Math.floor(milliseconds / 1000)
  const parts = []
  for (const [unit, size] of [['d', 86400], ['h', 3600], ['min', 60]]) {
    if (seconds >= size || parts.length) parts.push(`${Math.floor(seconds / size)} ${unit}`)
    seconds %= size
  }
  parts.push(`${seconds} s`)
  return parts.slice(0, 2).join(' ')
}

// clock is a time of the day, to the millisecond.
export function clock(milliseconds) {
  const t = new Date(milliseconds)
  const two = (n) => String(n).padStart(2, '0')
  return `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}.${String(t.getMilliseconds()).padStart(3, '0')}`
}

export function moment(milliseconds) {
  return milliseconds == null ? '' : new Date(milliseconds).toLocaleString()
}

// elapsed is a time since something, given in microseconds.
export function elapsed(microseconds) {
  if (microseconds < 1000) return `+${microseconds} µs`
  if (microseconds < 1_000_000) return `+${fine.format(microseconds / 1000)} ms`
  if (microseconds < 60_000_000) return `+${fine.format(microseconds / 1_000_000)} s`
  return `+${duration(microseconds / 1000)}`
}

// pairs writes a table of arguments, one a line, as parsePairs reads it.
export function pairs(table) {
  return Object.entries(table ?? {}).map(([name, value]) => `${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}`).join('\n')
}

// parsePairs reads a table from lines such as "x-message-ttl = 60000". A value is
// JSON if it can be read so, and else a text.
export function parsePairs(text) {
  const table = {}
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const at = line.indexOf('=')
    if (at < 1) throw new Error(`“${line.trim()}” is not of the form name = value`)
    table[line.slice(0, at).trim()] = parseValue(line.slice(at + 1).trim())
  }
  return table
}

function parseValue(text) {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

// statRate takes the rate of a count out of an object's message_stats.
export function statRate(object, name) {
  return object.message_stats?.[`${name}_details`]?.rate
}
