import type { Facets } from '@pulse/contract'
import { quoteValue } from './query-text.ts'

/** One thing that the query bar offers: the text it leaves in the bar. */
export interface Offer {
  readonly text: string
  readonly note: string
  /** True when the term is complete and becomes a chip. */
  readonly complete: boolean
}

const fields = [
  { text: 'status:', note: 'online, stale, offline, never, maintenance' },
  { text: 'type:', note: 'device type' },
  { text: 'site:', note: 'where it stands' },
  { text: 'alert>=', note: 'has an open alert of at least' },
  { text: 'firmware:', note: 'version, or firmware<2.0' },
  { text: 'lastSeen<', note: 'silent for longer than, such as -1h' },
  { text: 'key:', note: 'key, such as ups-00*' },
  { text: 'name:', note: 'name, such as rack*' },
  { text: 'tag.', note: 'a tag, such as tag.env:prod' },
] as const

const severities = ['info', 'warning', 'critical', 'any', 'none'] as const
const ages = ['-5m', '-1h', '-1d', '-7d'] as const
const TERM = /^(-?)([A-Za-z][A-Za-z0-9_.-]*)(<=|>=|:|<|>)"?([^"]*)$/

/** What can follow the text of the unfinished term: fields first, then values of its field. */
export function complete(text: string, facets: Facets | undefined): readonly Offer[] {
  const match = TERM.exec(text)
  if (!match) {
    const begun = text.replace(/^-/, '')
    return fields
      .filter((field) => field.text.startsWith(begun))
      .map((field) => ({ ...field, text: keepSign(text) + field.text, complete: false }))
  }
  const [, sign = '', field = '', cmp = '', begun = ''] = match
  return valuesOf(field, facets)
    .filter(({ value, label }) => beginsWith(value, begun) || beginsWith(label, begun))
    .slice(0, 12)
    .map(({ value, label, note }) => ({
      text: `${sign}${field}${cmp}${quoteValue(value)}`,
      note: label === value ? note : `${label}${note && ` · ${note}`}`,
      complete: true,
    }))
}

const keepSign = (text: string) => (text.startsWith('-') ? '-' : '')
const beginsWith = (text: string, start: string) =>
  text.toLowerCase().startsWith(start.toLowerCase())

interface Value {
  readonly value: string
  readonly label: string
  readonly note: string
}

const plain = (values: readonly string[]) =>
  values.map((value) => ({ value, label: value, note: '' }))

function valuesOf(field: string, facets: Facets | undefined): readonly Value[] {
  if (field === 'alert') return plain(severities)
  if (field === 'lastSeen') return plain(ages)
  if (!facets || !(field in facets)) return []
  return facets[field as keyof Facets].map(({ value, label, count }) => ({
    value,
    label,
    note: String(count),
  }))
}
