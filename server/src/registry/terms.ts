const WORD = /[\p{L}\p{N}]+/gu
/** Longer words are found by their beginning. */
const MAX_WORD = 64

/** The words of a text, folded: how the index files them and how a search asks for them. */
export function wordsOf(text: string): string[] {
  return (text.normalize('NFKC').toLowerCase().match(WORD) ?? []).map((word) => word.slice(0, MAX_WORD))
}

/** The term of a tag. Words never begin with `#`. */
export const tagTerm = (name: string, value: string): string => `#${name}=${value}`

/** Every term under which a device is found: words of key and name, the whole key, its tags. */
export function termsOf(device: {
  readonly key: string
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
}): string[] {
  const tags = Object.entries(device.tags).map(([name, value]) => tagTerm(name, value))
  return [
    ...new Set([device.key.toLowerCase(), ...wordsOf(device.key), ...wordsOf(device.name), ...tags]),
  ]
}
