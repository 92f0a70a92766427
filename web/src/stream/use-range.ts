import type { Series } from '@pulse/contract'
import { useCallback, useMemo } from 'react'
import type { TimeRange } from '../ui/chart/index.ts'
import { useNow } from '../ui/now.ts'
import { useSearchState } from '../ui/use-search-state.ts'
import {
  fixedRange,
  isLive,
  type PresetKey,
  presetOf,
  rangeSearch,
  resolveRange,
  trimToData,
} from './range.ts'

/** The range of a page, held in its URL. */
export interface PageRange {
  readonly range: TimeRange
  readonly live: boolean
  /** True when nobody chose a window: then it may shrink to the data. */
  readonly usual: boolean
  readonly preset: ReturnType<typeof presetOf>
  readonly choose: (preset: PresetKey) => void
  /** Fixes a dragged window; null goes back to the window that follows now. */
  readonly drag: (range: TimeRange | null) => void
  readonly setLive: (live: boolean) => void
}

export function usePageRange(): PageRange {
  const [search, setSearch] = useSearchState(rangeSearch)
  const now = useNow()
  const { from, to } = resolveRange(search, now)
  const range = useMemo(() => ({ from, to }), [from, to])
  const drag = useCallback(
    (dragged: TimeRange | null) =>
      setSearch(dragged ? fixedRange(dragged) : { from: undefined, to: undefined }),
    [setSearch],
  )
  return {
    range,
    live: isLive(search),
    usual: isLive(search) && search.range === undefined,
    preset: presetOf(search),
    choose: (preset) => setSearch({ range: preset, from: undefined, to: undefined }),
    drag,
    setLive: (live) => drag(live ? null : range),
  }
}

/** The range, begun where the data begins; as it is without series. */
export function useTrimmed(range: TimeRange, series: readonly Series[] | undefined): TimeRange {
  const { from, to } = series ? trimToData(range, series) : range
  return useMemo(() => ({ from, to }), [from, to])
}
