import { Page, PageHeader } from '../ui/page-header.tsx'

export function DevicesPage() {
  return (
    <Page>
      <PageHeader title="Devices" />
    </Page>
  )
}
