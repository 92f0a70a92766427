import { Link } from '@tanstack/react-router'
import { Page, PageHeader } from '../ui/page-header.tsx'
import { ErrorState, Skeleton } from '../ui/states.tsx'

/** While the script of a page comes. */
export function PageLoading() {
  return (
    <Page>
      <Skeleton width={160} height={28} />
      <Skeleton height={320} />
    </Page>
  )
}

interface PageFaultProps {
  readonly error: unknown
  readonly reset: () => void
}

/** A page that failed while it was drawn. */
export function PageFault({ error, reset }: PageFaultProps) {
  return (
    <Page>
      <ErrorState error={error} onRetry={reset} />
    </Page>
  )
}

/** An address that leads nowhere. */
export function PageMissing() {
  return (
    <Page>
      <PageHeader title="There is no such page" />
      <p>The address may be mistyped, or what it showed is gone.</p>
      <p>
        <Link to="/">To the overview</Link>
      </p>
    </Page>
  )
}
