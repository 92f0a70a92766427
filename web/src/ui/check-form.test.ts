import { expect, test } from 'vitest'
import { z } from 'zod'
import { checkForm } from './check-form.ts'

const schema = z.strictObject({
  name: z.string().min(1, 'is needed').max(3, 'is too long'),
  role: z.string(),
})

test('what fits is the body of the request', () => {
  expect(checkForm(schema, { name: 'a', role: 'viewer' })).toEqual({
    errors: {},
    body: { name: 'a', role: 'viewer' },
  })
})

test('a wrong field says so in a sentence, or in the words that the form has for it', () => {
  const typed = { name: '', role: 'viewer' }
  expect(checkForm(schema, typed).errors).toEqual({ name: 'Is needed.' })
  expect(checkForm(schema, typed, { name: 'Give a name.' })).toEqual({
    errors: { name: 'Give a name.' },
    body: undefined,
  })
})
