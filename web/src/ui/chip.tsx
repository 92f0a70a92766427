import type { ReactNode } from 'react'
import classes from './chip.module.css'

interface ChipProps {
  readonly children: ReactNode
  readonly active?: boolean
  readonly tone?: 'online' | 'warning' | 'critical'
  /** Makes it a toggle button. */
  readonly onClick?: () => void
}

/** A small labelled pill; a toggle button when it can be clicked. */
export function Chip({ children, active = false, tone, onClick }: ChipProps) {
  const names = [classes.chip, active && classes.active, tone && classes[tone]]
  const className = names.filter(Boolean).join(' ')
  if (!onClick) return <span className={className}>{children}</span>
  return (
    <button type="button" className={className} aria-pressed={active} onClick={onClick}>
      {children}
    </button>
  )
}

/** A key of the keyboard. */
export function KeyHint({ children }: { readonly children: ReactNode }) {
  return <kbd className={classes.key}>{children}</kbd>
}
