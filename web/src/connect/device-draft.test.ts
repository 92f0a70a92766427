import { describe, expect, it } from 'vitest'
import { checkDevice } from './device-draft.ts'

const draft = { key: 'bench-01', name: '', type: 'ups', site: '' }

describe('a draft of a device', () => {
  it('leaves out what was left empty', () => {
    expect(checkDevice(draft).body).toEqual({ key: 'bench-01', type: 'ups' })
  })

  it('says which characters a key may have', () => {
    const { errors, body } = checkDevice({ ...draft, key: 'bench 01' })
    expect(errors.key).toBe('Use 1 to 128 of A-Za-z0-9_:-.')
    expect(body).toBeUndefined()
  })

  it('asks for what is missing', () => {
    const { errors } = checkDevice({ ...draft, key: '', type: '' })
    expect(Object.keys(errors).toSorted()).toEqual(['key', 'type'])
  })
})
