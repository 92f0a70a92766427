import { AuditLogView, useAuditFilter } from '../ops/audit-log.tsx'
import { ExportMenu } from '../ops/export-menu.tsx'
import { Proof } from '../ops/proof.tsx'
import { Need } from '../session/need.tsx'
import { useMay } from '../session/use-session.ts'
import { Page, PageHeader } from '../ui/page-header.tsx'

/** Every act in the tenant, and the proof that the log was not edited. */
export function AuditPage() {
  const may = useMay('audit.read')
  const { filter } = useAuditFilter()
  return (
    <Page>
      <PageHeader title="Audit" actions={may && <ExportMenu log="/v1/audit" filter={filter} />} />
      <Need permission="audit.read">
        <Proof />
        <AuditLogView log="/v1/audit" />
      </Need>
    </Page>
  )
}
