import { describe, expect, test } from 'vitest'
import { BAD_LENGTH, emptyFrame, Framer, TOO_LARGE } from './framing.ts'

/** Feeds bytes one by one; gives what the framer says to the last of them. */
function dribble(bytes: readonly number[], limit: number): number {
  const framer = new Framer()
  let said = 0
  for (const byte of bytes) said = framer.next(Buffer.from([byte]), 0, limit, emptyFrame())
  return said
}

describe('a packet', () => {
  test.for([
    ['that is too large', [0x30, 0xff, 0xff, 0xff, 0x7f], TOO_LARGE],
    ['that is one byte too large', [0x30, 99], TOO_LARGE],
    ['of a length without end', [0x30, 0x80, 0x80, 0x80, 0x80], BAD_LENGTH],
    ['of a length that is not the shortest', [0x30, 0x80, 0x00], BAD_LENGTH],
  ] as const)(
    '%s is refused as soon as its length is known, byte by byte or at once',
    ([, bytes, said]) => {
      expect(dribble(bytes, 100)).toBe(said)
      expect(new Framer().next(Buffer.from(bytes), 0, 100, emptyFrame())).toBe(said)
    },
  )

  test('of exactly the limit is taken', () => {
    const frame = emptyFrame()
    const bytes = Buffer.alloc(100)
    bytes[1] = 98
    expect(new Framer().next(bytes, 0, 100, frame)).toBe(100)
    expect([frame.start, frame.body, frame.end]).toEqual([0, 2, 100])
  })

  test('that is announced and does not come costs little', () => {
    const before = process.memoryUsage().arrayBuffers
    const framers = Array.from({ length: 1000 }, () => {
      const framer = new Framer()
      framer.next(Buffer.from([0x30, 0xff, 0xff, 0x0e, 0]), 0, 256 * 1024, emptyFrame())
      return framer
    })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * 1024 * 1024)
    expect(framers.every(({ empty }) => !empty)).toBe(true)
  })
})
