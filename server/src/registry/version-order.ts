const SHAPE = /^v?(\d+(?:\.\d+)*)(.*)$/i
const PART = /\d+|[a-z]+/g

/**
 * A text that sorts, byte by byte, as versions do: 2.9 < 2.10 < 2.10.1, 2.0-rc2 < 2.0-rc10 < 2.0,
 * and 2 = 2.0 = v2.0.0. What follows a `+` does not count. Anything that is no version sorts
 * before all versions, by itself.
 */
export function versionOrder(version: string): string {
  const [text = ''] = version.trim().split('+', 1)
  const match = SHAPE.exec(text)
  if (!match) return `!${text.toLowerCase()}`
  const numbers = (match[1] as string).split('.').map(withoutZeros)
  while (numbers.length > 1 && numbers.at(-1) === '0') numbers.pop()
  const core = numbers.map((digits) => measured(digits, 'a')).join('')
  const suffix = (match[2] as string).toLowerCase().match(PART)
  // A release comes after its candidates and before what adds a number: `!` < `0` < `a`.
  return suffix ? `${core}!${suffix.map(suffixPart).join('.')}` : `${core}0`
}

const withoutZeros = (digits: string): string => digits.replace(/^0+(?=\d)/, '')

/** A number with its length before it, so that more digits sort later. */
const measured = (digits: string, base: string): string =>
  String.fromCharCode(base.charCodeAt(0) + digits.length - 1) + digits

const suffixPart = (part: string): string =>
  /^\d/.test(part) ? measured(withoutZeros(part), '1') : part
