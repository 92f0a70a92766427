import { Button } from '@mantine/core'
import classes from './states.module.css'

interface MoreProps {
  /** A query that is read page by page. */
  readonly query: {
    readonly hasNextPage: boolean
    readonly isFetchingNextPage: boolean
    readonly fetchNextPage: () => unknown
  }
}

/** Fetches the next page of a list, where there is one. */
export function More({ query }: MoreProps) {
  if (!query.hasNextPage) return null
  return (
    <div className={classes.more}>
      <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        Show older
      </Button>
    </div>
  )
}
