import { OperatorsOnly } from '../operator/operators-only.tsx'
import { AuditLogView } from '../ops/audit-log.tsx'
import { PageHeader } from '../ui/page-header.tsx'

/** What was done to the platform itself: tenants, operators, accounts. */
export function OperatorAuditPage() {
  return (
    <OperatorsOnly>
      <PageHeader
        title="Audit of the platform"
        meta="tenants, operators, accounts; what is done inside a tenant is in its own audit"
      />
      <AuditLogView log="/v1/operator/audit" />
    </OperatorsOnly>
  )
}
