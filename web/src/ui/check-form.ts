import type { z } from 'zod'

export interface Checked<B> {
  /** A sentence per wrong field; the first of each. */
  readonly errors: Readonly<Record<string, string>>
  /** The request body; undefined while something is wrong. */
  readonly body: B | undefined
}

/**
 * Checks what one typed by the contract's schema. `words` says in plain words what a field needs,
 * instead of the schema's own message.
 */
export function checkForm<S extends z.ZodType>(
  schema: S,
  typed: unknown,
  words: Readonly<Record<string, string>> = {},
): Checked<z.output<S>> {
  const parsed = schema.safeParse(typed)
  if (parsed.success) return { errors: {}, body: parsed.data }
  const errors: Record<string, string> = {}
  for (const issue of parsed.error.issues) {
    const field = String(issue.path[0])
    errors[field] ??= words[field] ?? sentence(issue.message)
  }
  return { errors, body: undefined }
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

/** Puts the focus on the first field of a form that has an error. */
export function focusFirstError(form: HTMLFormElement, errors: Readonly<Record<string, string>>) {
  const fields = [...form.querySelectorAll<HTMLElement>('[name]')]
  fields.find((field) => errors[field.getAttribute('name') ?? ''] !== undefined)?.focus()
}
