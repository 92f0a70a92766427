import { refusals } from '@pulse/contract'

const table: Readonly<Record<string, Readonly<Record<string, { readonly text: string }>>>> =
  refusals

/** What a refusal code means, one sentence; unknown codes speak for themselves. */
export function codeWords(code: string): string {
  const [module = '', name = ''] = code.split('.')
  return table[module]?.[name]?.text ?? code
}
