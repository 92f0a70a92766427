import { describe, expect, it } from 'vitest'
import { checkDraft } from './command-draft.ts'

const draft = { name: 'reboot', payload: '', ttlS: 60 }

describe('a draft of a command', () => {
  it('can be sent with a name alone', () => {
    expect(checkDraft(draft).body).toEqual({ name: 'reboot', ttlS: 60 })
  })

  it('carries its payload as JSON', () => {
    expect(checkDraft({ ...draft, payload: '{"a":[1]}' }).body?.payload).toEqual({ a: [1] })
  })

  it('says that a payload is not JSON yet, and cannot be sent', () => {
    const checked = checkDraft({ ...draft, payload: '{"a":' })
    expect(checked.payloadError).toMatch(/not JSON/)
    expect(checked.body).toBeUndefined()
  })

  it('needs a name', () => {
    expect(checkDraft({ ...draft, name: '  ' }).nameError).toMatch(/name/)
  })
})
