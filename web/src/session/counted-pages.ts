import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query'
import type { z } from 'zod'
import { api, type Params } from './api.ts'

/** A page of a list, with the counts of all that the list could show. */
interface CountedPage {
  readonly items: readonly unknown[]
  readonly counts: unknown
  readonly next?: string | undefined
}

interface CountedList<P extends CountedPage> {
  readonly queryKey: readonly unknown[]
  readonly path: string
  readonly schema: z.ZodType<P>
  readonly filter: Params
  /** Rows of a page. */
  readonly limit: number
}

/** A list that comes page by page, newest first, as one list of rows beside the counts of all. */
export const countedPagesQuery = <P extends CountedPage>(list: CountedList<P>) =>
  infiniteQueryOptions({
    queryKey: list.queryKey,
    queryFn: ({ pageParam, signal }): Promise<P> => {
      const params = { ...list.filter, cursor: pageParam, limit: list.limit }
      return api.get(list.path, list.schema, { params, signal })
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next,
    select: ({ pages }) => ({
      items: pages.flatMap((page): readonly P['items'][number][] => page.items),
      counts: pages[0]?.counts as P['counts'] | undefined,
    }),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  })
