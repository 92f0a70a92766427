import { describe, expect, it } from 'vitest'
import { agentWords } from './agent-words.ts'

describe('agentWords', () => {
  it('tells browser and system apart, whatever else the browser claims to be', () => {
    const like = 'AppleWebKit/537.36 (KHTML, like Gecko)'
    const told = (agent: string) => agentWords(`Mozilla/5.0 ${agent}`)
    expect(told(`(X11; Linux x86_64) ${like} HeadlessChrome/140.0 Safari/537.36`)).toBe(
      'Chrome on Linux',
    )
    expect(told(`(Windows NT 10.0; Win64) ${like} Chrome/140 Safari/537.36 Edg/140`)).toBe(
      'Edge on Windows',
    )
    expect(told('(Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/18 Safari/605')).toBe(
      'Safari on macOS',
    )
    expect(told('(Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0')).toBe(
      'Firefox on Android',
    )
  })

  it('says what it does not know by its own name', () => {
    expect(agentWords('curl/8.5.0')).toBe('curl/8.5.0')
    expect(agentWords(null)).toBe('Unknown browser')
  })
})
