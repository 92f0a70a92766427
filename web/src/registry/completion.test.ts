import { describe, expect, it } from 'vitest'
import { complete } from './completion.ts'

const facets = {
  status: [],
  alerts: [],
  type: [],
  site: [
    { value: 'dallas-2', label: 'Dallas 2', count: 9 },
    { value: 'reno-1', label: 'Reno 1', count: 3 },
  ],
  firmware: [{ value: '3.2.1', label: '3.2.1', count: 2 }],
}

const texts = (text: string) => complete(text, facets).map((offer) => offer.text)

describe('complete', () => {
  it('offers fields first, also behind a minus', () => {
    expect(texts('fi')).toEqual(['firmware:'])
    expect(texts('-st')).toEqual(['-status:'])
  })

  it('offers the values of a field by key or by name', () => {
    expect(texts('site:')).toEqual(['site:dallas-2', 'site:reno-1'])
    expect(texts('site:Dal')).toEqual(['site:dallas-2'])
    expect(texts('firmware:3')).toEqual(['firmware:3.2.1'])
    expect(texts('alert>=w')).toEqual(['alert>=warning'])
  })

  it('offers nothing where it knows nothing', () => {
    expect(texts('tag.env:')).toEqual([])
  })
})
