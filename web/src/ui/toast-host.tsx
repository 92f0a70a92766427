import { Button, CloseButton } from '@mantine/core'
import { useSyncExternalStore } from 'react'
import { dismissToast, toastStore } from './toast.ts'
import classes from './toast-host.module.css'

/** Where toasts appear; one per page, a polite live region. */
export function ToastHost() {
  const toasts = useSyncExternalStore(toastStore.subscribe, toastStore.get)
  return (
    <div className={classes.host} role="status">
      {toasts.map((each) => (
        <div
          key={each.id}
          className={`${classes.toast} ${each.tone === 'critical' ? classes.critical : ''}`}
        >
          <span>{each.text}</span>
          {each.undo && <Button onClick={() => dismissToast(each.id, true)}>Undo</Button>}
          <CloseButton size="sm" aria-label="Dismiss" onClick={() => dismissToast(each.id)} />
        </div>
      ))}
    </div>
  )
}
