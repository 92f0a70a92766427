import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AuditRow,
  canonicalJson,
  canonicalRow,
  digestOf,
  GENESIS,
  hashOf,
  type Seal,
} from './audit-canonical.ts'
import { chainVerifier, type Link, MAX_FAULTS, type Proof } from './audit-chain.ts'

const rowOf = (id: number): AuditRow => ({
  id,
  at: `2026-11-24T17:20:00.${String(id).padStart(6, '0')}Z`,
  actorKind: 'person',
  actor: 'pe_1',
  actorName: 'Ann',
  action: 'registry.site-registered',
  subject: `site:s-${id}`,
  before: null,
  after: `{"name": "Site ${id}"}`,
  requestId: `rq_${id}`,
  address: '192.0.2.7',
})

/** A chain as the sealer makes it. */
function chainOf(rows: readonly AuditRow[]): { seal: Seal; row: AuditRow }[] {
  let previous = GENESIS
  return rows.map((row, index) => {
    const seal = {
      position: index + 1,
      audit: row.id,
      digest: digestOf(row),
      previous,
      sealedAt: '2026-11-24T17:20:01.000000Z',
    }
    const hash = hashOf(seal)
    previous = hash
    return { seal: { ...seal, hash }, row }
  })
}

const chain = () => chainOf([11, 12, 14, 13, 15, 16].map(rowOf))

function verified(links: readonly Link[], options = {}): Proof {
  const verifier = chainVerifier(options)
  for (const link of links) verifier.take(link)
  return verifier.finish()
}

/** The chain with the link at `position` changed. */
const changed = (position: number, change: (link: Link) => Partial<Link>): Link[] =>
  chain().map((link) => (link.seal.position === position ? { ...link, ...change(link) } : link))

const kinds = (proof: Proof) => proof.faults.map(({ kind, position, id }) => [kind, position, id])

describe('a chain', () => {
  test('that is as it was written is proven, up to its head', () => {
    const { seal } = chain()[5] as Link
    expect(verified(chain())).toEqual({
      checked: 6,
      head: { position: 6, hash: seal.hash },
      faults: [],
      moreFaults: 0,
    })
  })

  test('without a link is proven and has no head', () => {
    expect(verified([])).toMatchObject({ checked: 0, head: undefined, faults: [] })
  })

  test.for<keyof AuditRow>([
    'at',
    'actorKind',
    'actor',
    'actorName',
    'action',
    'subject',
    'before',
    'after',
    'requestId',
    'address',
  ])('names a row whose %s was edited', (field) => {
    const links = changed(3, ({ row }) => ({ row: { ...(row as AuditRow), [field]: '"x"' } }))
    expect(kinds(verified(links))).toEqual([['edited', 3, 14]])
  })

  test('tells a row that was edited by its action and time, and says which check failed', () => {
    const links = changed(3, ({ row }) => ({ row: { ...(row as AuditRow), actor: 'pe_2' } }))
    expect(verified(links).faults).toEqual([
      {
        kind: 'edited',
        position: 3,
        id: 14,
        action: 'registry.site-registered',
        at: '2026-11-24T17:20:00.000014Z',
        text: 'Row 14 (registry.site-registered, 2026-11-24T17:20:00.000014Z) is not what was sealed at 3.',
      },
    ])
  })

  test('names a row that is gone', () => {
    expect(kinds(verified(changed(2, () => ({ row: undefined }))))).toEqual([['missing', 2, 12]])
  })

  test('names two rows that have changed places, whichever way', () => {
    const [, second, third] = chain() as Link[]
    const swap = (a: Partial<AuditRow>, b: Partial<AuditRow>) =>
      chain().map((link) => {
        if (link.seal.position === 2) return { ...link, row: { ...third?.row, ...a } as AuditRow }
        if (link.seal.position === 3) return { ...link, row: { ...second?.row, ...b } as AuditRow }
        return link
      })
    expect(kinds(verified(swap({ id: 12 }, { id: 14 })))).toEqual([
      ['reordered', 2, 12],
      ['reordered', 3, 14],
    ])
    expect(verified(swap({ id: 12 }, { id: 14 })).faults[0]?.text).toContain('sealed at 3')
  })

  test('names a seal that was edited', () => {
    const links = changed(4, ({ seal }) => ({
      seal: { ...seal, sealedAt: '2026-11-25T00:00:00Z' },
    }))
    expect(kinds(verified(links))).toEqual([['seal', 4, 13]])
  })

  test('names a row that was edited together with its seal, by the link that follows', () => {
    const links = changed(4, ({ seal, row }) => {
      const forged = { ...(row as AuditRow), actor: 'pe_2' }
      const made = { ...seal, digest: digestOf(forged) }
      return { row: forged, seal: { ...made, hash: hashOf(made) } }
    })
    expect(kinds(verified(links))).toEqual([['seal', 5, 15]])
  })

  test('names seals that are gone with their rows', () => {
    const links = chain().filter(({ seal }) => seal.position !== 3 && seal.position !== 4)
    const { faults } = verified(links)
    expect(faults).toMatchObject([{ kind: 'missing', position: 3, text: 'Seals 3 to 4 are gone.' }])
  })

  test('names links that stand in another order', () => {
    const [a, b, ...rest] = chain() as [Link, Link, ...Link[]]
    expect(verified([b, a, ...rest]).faults.length).toBeGreaterThan(0)
  })

  test('that was written anew without a row is caught by the head that somebody kept', () => {
    const kept = (chain()[3] as Link).seal
    const anew = chainOf([11, 12, 14, 15, 16].map(rowOf))
    expect(verified(anew).faults).toEqual([])
    expect(kinds(verified(anew, { expect: kept }))).toEqual([['anchor', 4, null]])
    expect(verified(chain(), { expect: kept }).faults).toEqual([])
  })

  test('that was cut off at its end is caught by the head that somebody kept', () => {
    const kept = (chain()[5] as Link).seal
    const proof = verified(chain().slice(0, 4), { expect: kept })
    expect(kinds(proof)).toEqual([['anchor', 6, null]])
  })

  test('of which a part is looked at may begin anywhere and leave positions out', () => {
    const part = chain().filter(({ seal }) => seal.position > 2 && seal.position !== 5)
    expect(verified(part, { partial: true }).faults).toEqual([])
    const [third, ...rest] = part as [Link, ...Link[]]
    const forged = { ...third, seal: { ...third.seal, digest: GENESIS } }
    expect(kinds(verified([forged, ...rest], { partial: true }))).toEqual([
      ['seal', 3, 14],
      ['edited', 3, 14],
    ])
  })

  test('with many faults names the first and counts the others', () => {
    const links = chainOf(Array.from({ length: 3 * MAX_FAULTS }, (_, index) => rowOf(index + 1)))
    const proof = verified(links.map((link) => ({ ...link, row: undefined })))
    expect(proof.faults).toHaveLength(MAX_FAULTS)
    expect(proof.moreFaults).toBe(2 * MAX_FAULTS)
  })

  test('does not stay proven, whatever single thing is changed', () => {
    const fields = ['position', 'audit', 'digest', 'previous', 'hash', 'sealedAt'] as const
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(...fields),
        fc.nat(),
        (at, field, noise) => {
          const links = changed(at, ({ seal }) => {
            const value = seal[field]
            const other = typeof value === 'number' ? value + 1 + (noise % 9) : `${value}${noise}`
            return { seal: { ...seal, [field]: other } }
          })
          expect(verified(links).faults).not.toEqual([])
        },
      ),
    )
  })
})

describe('the canonical text of a row', () => {
  test('is the documented one', () => {
    expect(
      canonicalRow({ ...rowOf(7), before: '{"b": [1, null], "a": "é\\"x"}', actorName: null }),
    ).toBe(
      '["pulse-audit-row/1","2026-11-24T17:20:00.000007Z","person","pe_1",null,"registry.site-registered","site:s-7",{"a":"é\\"x","b":[1,null]},{"name":"Site 7"},"rq_7","192.0.2.7"]',
    )
    expect(digestOf(rowOf(7))).toBe(
      'f695c4e49548b01f76f2d50e595dac4d1490a75718fe94a1ab397f14d60999c2',
    )
  })

  test('does not depend on the order of names', () => {
    const shuffled = (value: unknown): string =>
      Array.isArray(value)
        ? `[${value.map(shuffled).join(' , ')}]`
        : typeof value === 'object' && value !== null
          ? `{${Object.entries(value)
              .reverse()
              .map(([name, field]) => `${JSON.stringify(name)} : ${shuffled(field)}`)
              .join(',')}}`
          : JSON.stringify(value)
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(JSON.stringify(value)))
        expect(JSON.parse(canonicalJson(JSON.stringify(value)))).toEqual(
          JSON.parse(JSON.stringify(value)),
        )
      }),
    )
  })

  test.for([
    ['{"b":1,"a":2}', '{"a":2,"b":1}'],
    ['30.0', '30.0'],
    ['18446744073709551616', '18446744073709551616'],
    ['{"__proto__":{"x":1},"a":[]}', '{"__proto__":{"x":1},"a":[]}'],
    ['{"Z":1,"a":2,"aa":3,"":4}', '{"":4,"Z":1,"a":2,"aa":3}'],
    ['{"10":1,"9":2}', '{"10":1,"9":2}'],
  ])('of %s is %s', ([text = '', canonical]) => {
    expect(canonicalJson(text)).toBe(canonical)
  })
})
