/** Text that is HTML already. Only {@link html} makes it. */
export interface Html {
  readonly html: string
}

type Part = Html | readonly Html[] | string | number | undefined | false

/** A template of HTML: what is put in is escaped, unless it is HTML itself. Nothing for undefined. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let out = texts[0] ?? ''
  parts.forEach((part, index) => {
    out += textOf(part) + (texts[index + 1] ?? '')
  })
  return { html: out }
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part))
  return 'html' in part ? part.html : part.map((each) => each.html).join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => entities[char] ?? '')

/** What the provider library made and escaped itself. */
export const foreignHtml = (text: string): Html => ({ html: text })
