/** Text that is HTML already. Everything else is escaped when it is put into {@link html}. */
export interface Html {
  readonly markup: string
}

type Part = Html | string | number | undefined | false | readonly (Html | undefined)[]

/** HTML from a template: parts that are not {@link Html} are escaped, absent ones leave nothing. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const markup = texts.map((text, index) => text + asMarkup(parts[index])).join('')
  return { markup }
}

/** Joins pieces with a text between them. */
export const joined = (parts: readonly Html[], between: string): Html => ({
  markup: parts.map((part) => part.markup).join(escape(between)),
})

function asMarkup(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'string' || typeof part === 'number') return escape(String(part))
  return 'markup' in part ? part.markup : part.map(asMarkup).join('')
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
