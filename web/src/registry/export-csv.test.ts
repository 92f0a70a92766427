import { describe, expect, it } from 'vitest'
import { toCsv } from './export-csv.ts'

describe('toCsv', () => {
  it('disarms what a spreadsheet would run', () => {
    expect(toCsv([['=1+1', '@sum', '-2+3', '+1']])).toBe("'=1+1,'@sum,'-2+3,'+1\r\n")
  })

  it('leaves numbers with units alone', () => {
    expect(toCsv([['-4.5 °C', '-71 dBm', '12']])).toBe('-4.5 °C,-71 dBm,12\r\n')
  })

  it('quotes commas, quotes and line breaks', () => {
    expect(toCsv([['a,b', 'say "so"', 'x\ny']])).toBe('"a,b","say ""so""","x\ny"\r\n')
  })
})
