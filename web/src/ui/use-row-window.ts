import { useEffect, useRef, useState } from 'react'

/** Height of a table row in pixels; base of the windowing. */
export const ROW_HEIGHT = 36
const ALL_UP_TO = 150
const MARGIN_ROWS = 20

/**
 * Which rows of a long table to draw. Up to 150 rows it is all of them; past that, those near the
 * viewport of the scrolling element `[data-scroll]`.
 */
export function useRowWindow(count: number, enabled: boolean) {
  const ref = useRef<HTMLTableSectionElement>(null)
  const windowed = enabled && count > ALL_UP_TO
  const [range, setRange] = useState({ from: 0, to: ALL_UP_TO })

  useEffect(() => {
    const scroller = ref.current?.closest('[data-scroll]')
    if (!windowed || !scroller) return undefined
    const measure = () => {
      const body = ref.current?.getBoundingClientRect()
      if (!body) return
      const above = Math.floor(-body.top / ROW_HEIGHT) - MARGIN_ROWS
      const visible = Math.ceil(window.innerHeight / ROW_HEIGHT) + 2 * MARGIN_ROWS
      // Steps of ten, so that scrolling does not render at every pixel.
      const from = Math.max(0, Math.floor(above / 10) * 10)
      const to = Math.min(count, from + visible + 10)
      setRange((old) => (old.from === from && old.to === to ? old : { from, to }))
    }
    measure()
    scroller.addEventListener('scroll', measure, { passive: true })
    return () => scroller.removeEventListener('scroll', measure)
  }, [windowed, count])

  return windowed ? { ref, ...range } : { ref, from: 0, to: count }
}
