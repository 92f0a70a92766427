import { expect, test } from 'vitest'
import { compileSelector } from './selector.ts'

const device = {
  key: 'ups-0041',
  name: 'Rack 4 UPS',
  type: 'ups',
  site: 'dal-2',
  tags: { env: 'prod' },
}

test.each<[string, boolean]>([
  ['', true],
  ['type:ups', true],
  ['type:UPS site:dal-2', true],
  ['type:ups site:sea-1', false],
  ['type:gateway or tag.env:prod', true],
  ['-type:ups', false],
  ['not (type:gateway or site:sea-1)', true],
  ['key:ups-00*', true],
  ['name:"rack 4*"', true],
  ['tag.floor:2', false],
  ['tag.constructor:x', false],
])('the selector "%s" is %s for the device', (text, expected) => {
  expect(compileSelector(text)(device)).toBe(expected)
})

test.each([
  ['status:offline'],
  ['lastSeen<-1h'],
  ['alert>=warning'],
  ['rack'],
  ['type>ups'],
  ['(type:ups'],
])('the selector "%s" is refused, since a replay would differ or nobody can read it', (text) => {
  expect(() => compileSelector(text)).toThrow(expect.objectContaining({ code: 'rules.bad-rule' }))
})
