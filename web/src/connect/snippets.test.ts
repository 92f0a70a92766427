import { envelope } from '@pulse/contract'
import { describe, expect, it } from 'vitest'
import { snippetOf, snippetTabs } from './snippets.ts'

const input = {
  endpoints: {
    tenant: 'demo',
    mqtt: { host: '127.0.0.1', port: 1883 },
    mqtts: null,
    websocketUrl: null,
    ingestUrl: 'http://127.0.0.1:8080/v1/ingest',
  },
  device: 'bench-01',
  token: 'pulse_d_abc_def',
  metric: 'tempC',
}

describe('a snippet', () => {
  it.each(snippetTabs.map((tab) => tab.key))('for %s carries device and token', (key) => {
    const text = snippetOf(key, input)
    expect(text).toContain('pulse_d_abc_def')
    expect(key === 'curl' || text.includes('demo/bench-01')).toBe(true)
  })

  it.each(['mosquitto', 'curl'] as const)('for %s sends a message that fits', (key) => {
    const json = /'(\{.*\})'/.exec(snippetOf(key, input))?.[1] ?? ''
    expect(envelope.safeParse(JSON.parse(json)).success).toBe(true)
  })

  it('for Arduino escapes the quotes of the message', () => {
    expect(snippetOf('arduino', input)).toContain('\\"metrics\\":{\\"tempC\\":21.5}')
  })
})
