import { describe, expect, it } from 'vitest'
import { createEventParser } from './sse.ts'

describe('createEventParser', () => {
  it('reads an event wherever the chunks are cut', () => {
    const text = 'event: rate\ndata: {"a":1}\n\n: beat\n\nevent: gap\ndata: {"dropped":2}\n\n'
    for (let cut = 0; cut <= text.length; cut++) {
      const parse = createEventParser()
      const events = [...parse(text.slice(0, cut)), ...parse(text.slice(cut))]
      expect(events).toEqual([
        { type: 'rate', data: '{"a":1}' },
        { type: 'gap', data: '{"dropped":2}' },
      ])
    }
  })

  it('joins the lines of data', () => {
    expect(createEventParser()('data: a\ndata: b\n\n')).toEqual([{ type: 'message', data: 'a\nb' }])
  })
})
