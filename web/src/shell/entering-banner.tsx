import { Button } from '@mantine/core'
import type { Session } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useEffect } from 'react'
import { leaveTenant } from '../session/leave-tenant.ts'
import { formatDuration, formatExact } from '../ui/format.ts'
import { useNow } from '../ui/now.ts'
import { toastProblem } from '../ui/toast-problem.ts'
import classes from './banner.module.css'

type Tenant = Session['tenants'][number]

interface EnteringBannerProps {
  readonly tenant: Tenant
  /** Id of the operator. */
  readonly person: string
  readonly entering: NonNullable<Tenant['entering']>
}

/** An operator is in a tenant that is not theirs: why, for how long, and the way out. */
export function EnteringBanner({ tenant, person, entering }: EnteringBannerProps) {
  const now = useNow()
  const client = useQueryClient()
  const router = useRouter()
  const left = Date.parse(entering.until) - now
  const over = left <= 0
  const refetchSession = () => client.invalidateQueries({ queryKey: ['session'] })
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the time is over
  useEffect(() => {
    if (over) void refetchSession()
  }, [over])
  const { mutate, isPending } = useMutation({
    mutationFn: () => leaveTenant(tenant.key, person),
    onSuccess: async () => {
      router.history.push('/operator')
      await refetchSession()
    },
    onError: (error) => toastProblem(error, 'You are still in.'),
  })
  return (
    <section className={`${classes.banner} ${classes.visiting}`} aria-label="Visiting a tenant">
      <b>You are in {tenant.name} as an operator.</b>
      <span className={classes.reason}>“{entering.reason}”</span>
      <span title={formatExact(entering.until)}>
        {over ? 'The time is over.' : `${formatDuration(left)} left · everything is audited`}
      </span>
      <Button size="compact-sm" loading={isPending} onClick={() => mutate()}>
        Leave
      </Button>
    </section>
  )
}
