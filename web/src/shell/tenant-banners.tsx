import { useQuery } from '@tanstack/react-query'
import { sessionQuery } from '../session/queries.ts'
import { useTenant } from '../session/use-session.ts'
import classes from './banner.module.css'
import { EnteringBanner } from './entering-banner.tsx'

/** What one must know of the tenant on every page: it is suspended, or one is only visiting. */
export function TenantBanners() {
  const tenant = useTenant()
  const { data } = useQuery(sessionQuery())
  if (!tenant || !data) return null
  return (
    <>
      {tenant.entering && (
        <EnteringBanner tenant={tenant} person={data.person.id} entering={tenant.entering} />
      )}
      {tenant.suspended && (
        <div className={`${classes.banner} ${classes.warning}`} role="status">
          <b>{tenant.name} is suspended.</b>
          <span>
            You can read and export what is there. Devices cannot send, and nothing can be changed.
            Ask whoever runs Pulse for you to resume it.
          </span>
        </div>
      )}
    </>
  )
}
