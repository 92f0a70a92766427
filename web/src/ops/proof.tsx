import { Button } from '@mantine/core'
import type { AuditVerification, AuditVerificationAnswer } from '@pulse/contract'
import IconAlertTriangle from '@tabler/icons-react/icons/IconAlertTriangle'
import IconShieldCheck from '@tabler/icons-react/icons/IconShieldCheck'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CopyButton } from '../ui/copy-button.tsx'
import { formatCount, plural } from '../ui/format.ts'
import { Panel } from '../ui/panel.tsx'
import { QueryView, Skeleton } from '../ui/states.tsx'
import { TimeAgo } from '../ui/time-ago.tsx'
import { toastProblem } from '../ui/toast-problem.ts'
import classes from './audit.module.css'
import { CompareHead } from './compare-head.tsx'
import { FaultList } from './fault-list.tsx'
import { verificationQuery, verifyAnew } from './queries.ts'

/** Whether the log is as it was written: proven by its chain of seals, or where it is broken. */
export function Proof() {
  const query = useQuery(verificationQuery())
  return (
    <Panel label="Proof of the log">
      <QueryView query={query} skeleton={<ProofSkeleton />}>
        {(answer) => (
          <>
            <ProofLine answer={answer} />
            {answer.result && !answer.result.proven && <FaultList result={answer.result} />}
          </>
        )}
      </QueryView>
    </Panel>
  )
}

function ProofLine({ answer }: { readonly answer: AuditVerificationAnswer }) {
  const { state, result } = answer
  const client = useQueryClient()
  const { mutate, isPending } = useMutation({
    mutationFn: verifyAnew,
    onSuccess: (next) => client.setQueryData(verificationQuery().queryKey, next),
    onError: (error) => toastProblem(error, 'Not verified.'),
  })
  return (
    <div className={classes.proof} aria-live="polite">
      {result ? <Verdict result={result} /> : <Running answer={answer} />}
      <div className={classes.proofActions}>
        {result && (
          <span className="muted">
            verified <TimeAgo at={result.at} suffix="ago" />
          </span>
        )}
        <CompareHead />
        <Button loading={isPending || state === 'running'} onClick={() => mutate()}>
          Verify again
        </Button>
      </div>
    </div>
  )
}

function Running({ answer }: { readonly answer: AuditVerificationAnswer }) {
  return (
    <span className={`${classes.proofWord} ${classes.running}`}>
      Verifying: {formatCount(answer.checked)} of {formatCount(answer.total)} entries
    </span>
  )
}

function Verdict({ result }: { readonly result: AuditVerification }) {
  const { proven, checked, head } = result
  if (!proven) {
    const faults = result.faults.length + result.moreFaults
    return (
      <span className={`${classes.proofWord} ${classes.broken}`}>
        <IconAlertTriangle size={18} stroke={1.6} aria-hidden="true" />
        Not as it was written: {plural(faults, 'fault')} in{' '}
        {plural(checked, 'sealed entry', 'sealed entries')}
      </span>
    )
  }
  return (
    <>
      <span className={`${classes.proofWord} ${classes.proven}`}>
        <IconShieldCheck size={18} stroke={1.6} aria-hidden="true" />
        Proven: {plural(checked, 'entry', 'entries')}
      </span>
      <span>{tailWords(result)}</span>
      {head && (
        <>
          <span className={`mono ${classes.hash}`} title={head.hash}>
            head {head.hash.slice(0, 12)}…
          </span>
          <CopyButton text={`${head.hash}@${head.position}`} label="Copy the head" />
        </>
      )}
    </>
  )
}

/** What no seal proves yet. */
function tailWords({ unsealed }: AuditVerification): string {
  if (unsealed.rows === 0) return 'all sealed, nothing edited, missing or added'
  const age =
    unsealed.oldestAgeS === null ? '' : `, the oldest for ${unsealed.oldestAgeS.toFixed(1)} s`
  return `${plural(unsealed.rows, 'entry waits', 'entries wait')} for a seal${age}`
}

function ProofSkeleton() {
  return (
    <div className={classes.proof}>
      <Skeleton width={420} height={18} />
    </div>
  )
}
