import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { CopyButton } from '../ui/copy-button.tsx'
import { Panel } from '../ui/panel.tsx'
import { Skeleton } from '../ui/states.tsx'
import { toast } from '../ui/toast.ts'
import { toastProblem } from '../ui/toast-problem.ts'
import classes from './account.module.css'
import { CodeForm } from './code-form.tsx'
import { confirmSecondFactor, offerSecondFactor, removeSecondFactor } from './queries.ts'

const QrCode = lazy(() => import('./qr-code.tsx').then((found) => ({ default: found.QrCode })))

/** An authenticator beside the password: enrol one by a code, or take it away by one. */
export function SecondFactorPanel({ enrolled }: { readonly enrolled: boolean }) {
  return (
    <Panel
      title="Second factor"
      meta={enrolled ? 'on: signing in asks for a code too' : 'off'}
      padded
    >
      {enrolled ? <Remove /> : <Enrol />}
    </Panel>
  )
}

function useSettled(words: string) {
  const client = useQueryClient()
  return () => {
    toast({ text: words })
    void client.invalidateQueries({ queryKey: ['account'] })
  }
}

function Enrol() {
  const offer = useMutation({
    mutationFn: offerSecondFactor,
    onError: (error) => toastProblem(error),
  })
  const onDone = useSettled('From now on signing in asks for a code of your authenticator.')
  if (!offer.data) {
    return (
      <div className={classes.stack}>
        <p>
          An app on your phone shows a new code every 30 seconds. Whoever learns your password still
          needs the phone.
        </p>
        <div className={classes.buttons}>
          <Button loading={offer.isPending} onClick={() => offer.mutate()}>
            Set up an authenticator
          </Button>
        </div>
      </div>
    )
  }
  const { secret, uri } = offer.data
  return (
    <div className={classes.enrol}>
      <Suspense fallback={<Skeleton width={176} height={176} />}>
        <QrCode text={uri} label="QR code of the new second factor" />
      </Suspense>
      <div>
        <p>Scan this with your authenticator, or type the key:</p>
        <code className={classes.secret}>{secret}</code>
        <div className={classes.buttons}>
          <CopyButton text={secret} label="Copy the key" />
        </div>
        <CodeForm
          label="Code that it shows now"
          act="Turn it on"
          onCode={confirmSecondFactor}
          onDone={onDone}
          onCancel={offer.reset}
        />
      </div>
    </div>
  )
}

function Remove() {
  const [asked, setAsked] = useState(false)
  const onDone = useSettled('The second factor is off: your password alone signs you in.')
  if (!asked) {
    return (
      <div className={classes.buttons}>
        <Button onClick={() => setAsked(true)}>Turn it off…</Button>
      </div>
    )
  }
  return (
    <div className={`${classes.stack} ${classes.narrow}`}>
      <p>Without it, whoever learns your password can sign in as you.</p>
      <CodeForm
        label="Code that your authenticator shows now"
        act="Turn it off"
        onCode={removeSecondFactor}
        onDone={onDone}
        onCancel={() => setAsked(false)}
      />
    </div>
  )
}
