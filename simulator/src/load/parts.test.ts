import { describe, expect, test } from 'vitest'
import { createHistogram } from './histogram.ts'
import { InFlight } from './in-flight.ts'
import { readPackets } from './packets.ts'
import { createRanges, numbersOf } from './ranges.ts'

describe('ranges', () => {
  test.for<[what: string, added: number[], flat: number[]]>([
    ['joins a row', [1, 2, 3], [1, 3]],
    ['keeps a hole', [1, 2, 5], [1, 2, 5, 5]],
    ['closes a hole', [1, 3, 2], [1, 3]],
    ['grows downwards', [5, 4, 1], [1, 1, 4, 5]],
    ['takes a number once', [2, 3, 2, 3, 3], [2, 3]],
    ['inserts between', [1, 9, 5], [1, 1, 5, 5, 9, 9]],
  ])('%s', ([, added, flat]) => {
    const ranges = createRanges()
    for (const value of added) ranges.add(value)
    expect(ranges.flat()).toEqual(flat)
    expect([...numbersOf(ranges.flat())]).toEqual([...new Set(added)].sort((a, b) => a - b))
    expect(ranges.size()).toBe(new Set(added).size)
  })
})

describe('the histogram', () => {
  test('tells percentiles within one per cent', () => {
    const histogram = createHistogram()
    for (let value = 1; value <= 100_000; value++) histogram.record(value)
    const { p50, p90, p99, max, mean } = histogram.percentiles()
    expect(p50 / 50).toBeCloseTo(1, 2)
    expect(p90 / 90).toBeCloseTo(1, 2)
    expect(p99 / 99).toBeCloseTo(1, 2)
    expect(max).toBe(100)
    expect(mean).toBeCloseTo(50, 1)
  })

  test('takes what is out of range at its edge', () => {
    const histogram = createHistogram()
    histogram.record(-5)
    histogram.record(1e12)
    expect(histogram.percentiles()).toMatchObject({ count: 2, p50: 0, max: 0x7fff_ffff / 1000 })
  })
})

describe('messages in flight', () => {
  test('are found by packet id in any order, and outgrow their ring', () => {
    const inFlight = new InFlight(2)
    const sent = { n: 0, ts: 0, packetId: 0, startedAt: 0 }
    for (let n = 1; n <= 50; n++) inFlight.push(n, n * 10, n, n / 2)
    for (const n of [1, 7, 50, 2]) {
      expect(inFlight.take(n, sent)).toBe(true)
      expect(sent).toEqual({ n, ts: n * 10, packetId: n, startedAt: n / 2 })
    }
    expect(inFlight.take(7, sent)).toBe(false)
    const rest = Array.from({ length: inFlight.size }, (_, at) => {
      inFlight.read(at, sent)
      return sent.n
    })
    expect(rest).toEqual([...Array(47).keys()].map((at) => at + 3).filter((n) => n !== 7 && n < 50))
  })
})

test('packets that come in pieces wait for their end', () => {
  const bytes = Buffer.from([0x40, 2, 0, 1, 0x40, 3, 0, 2, 0x99, 0x40, 2, 0])
  const found: string[] = []
  const taken = readPackets(bytes, bytes.length, (header, body, start, end) => {
    found.push(`${header.toString(16)}:${body.subarray(start, end).toString('hex')}`)
  })
  expect(found).toEqual(['40:0001', '40:000299'])
  expect(taken).toBe(9)
})
