import { describe, expect, it } from 'vitest'
import { joinTerms, quoteValue, splitTerms, toggleFacet, withoutField } from './query-text.ts'

describe('splitTerms', () => {
  it('gives back what it read', () => {
    const text = 'status:offline site:"Dallas 2" -type:ups alert>=warning lastSeen<-1h rack*'
    expect(joinTerms(splitTerms(text) ?? [])).toBe(text)
  })

  it('leaves to text what chips cannot show', () => {
    expect(splitTerms('type:ups or type:rack')).toBeUndefined()
    expect(splitTerms('(status:')).toBeUndefined()
  })

  it('quotes bare words that would be read as something else', () => {
    for (const value of ['or', '-x', 'a:b', 'a<1']) {
      const text = joinTerms([{ op: 'term', field: 'text', cmp: ':', value, negated: false }])
      expect(splitTerms(text)).toMatchObject([{ field: 'text', value, negated: false }])
    }
  })

  it('quotes whatever would be read as something else', () => {
    for (const value of ['or', 'a b', '-x', 'say "so"', 'a(b', 'c\\d']) {
      const [term] = splitTerms(`name:${quoteValue(value)}`) ?? []
      expect(term?.value).toBe(value)
    }
  })
})

describe('toggleFacet', () => {
  it('narrows, replaces and takes back', () => {
    const narrowed = toggleFacet('rack', 'status', 'online')
    expect(narrowed).toBe('rack status:online')
    expect(toggleFacet(narrowed, 'status', 'stale')).toBe('rack status:stale')
    expect(toggleFacet(narrowed, 'status', 'online')).toBe('rack')
  })

  it('keeps a rich query whole', () => {
    expect(toggleFacet('a or b', 'type', 'ups')).toBe('(a or b) type:ups')
  })

  it('can ask for the other values of a field', () => {
    expect(withoutField('site:reno-1 type:ups', 'site')).toBe('type:ups')
  })
})
