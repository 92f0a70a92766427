import { expect, test } from 'vitest'
import { curlOf } from './curl.ts'

test('the line reads something that the key may read', () => {
  expect(curlOf('https://p.example', 'pulse_k_1', ['rule.write', 'alert.read'])).toBe(
    "curl -H 'Authorization: Bearer pulse_k_1' \\\n  'https://p.example/v1/alerts?state=open'",
  )
})

test('a key that only writes gets no line', () => {
  expect(curlOf('https://p.example', 'pulse_k_1', ['rule.write'])).toBeUndefined()
})
