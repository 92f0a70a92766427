import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { z } from 'zod'

/**
 * A part of the URL's query as state, read by a schema that leaves nonsense out. Setting merges;
 * what is undefined leaves the URL. The step is not kept in the history: Back leaves the page.
 */
export function useSearchState<S extends z.ZodType<object>>(
  schema: S,
): readonly [z.output<S>, (patch: Partial<z.output<S>>) => void] {
  const raw: object = useSearch({ strict: false })
  const navigate = useNavigate()
  const state = useMemo(() => schema.parse(raw), [raw, schema])
  const set = useCallback(
    (patch: Partial<z.output<S>>) => {
      // The type of all searches at once is `never`; each route's schema checks what arrives.
      const search = ((old: object) => ({ ...old, ...patch })) as never
      void navigate({ to: '.', search, replace: true, resetScroll: false })
    },
    [navigate],
  )
  return [state, set]
}
