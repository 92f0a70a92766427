import { Page, PageHeader } from '../ui/page-header.tsx'

export function OverviewPage() {
  return (
    <Page>
      <PageHeader title="Overview" />
    </Page>
  )
}
