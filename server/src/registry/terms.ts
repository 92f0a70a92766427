const WORD = /[\p{L}\p{N}]+/gu
/** Longer words are found by their beginning. */
const MAX_WORD = 64

/** The words of a text, folded: how the index files them and how a search asks for them. */
export function wordsOf(text: string): string[] {
  return (fold(text).match(WORD) ?? []).map((word) => word.slice(0, MAX_WORD))
}

/** How names, keys and values are compared: without regard to case. */
export const fold = (text: string): string => text.normalize('NFKC').toLowerCase()

/** The term of a tag: its name as it is, its value folded. Words never begin with `#`. */
export const tagTerm = (name: string, value: string): string => `#${name}=${fold(value)}`

/** Every term under which a device is found: words of key and name, the whole key, its tags. */
export function termsOf(device: {
  readonly key: string
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
}): string[] {
  const tags = Object.entries(device.tags).map(([name, value]) => tagTerm(name, value))
  return [...new Set([fold(device.key), ...wordsOf(device.key), ...wordsOf(device.name), ...tags])]
}
