import { type ReactNode, useId } from 'react'
import classes from './page.module.css'

interface PanelProps {
  readonly title?: ReactNode
  /** Greyed, beside the title. */
  readonly meta?: ReactNode
  /** At the right of the title line. */
  readonly actions?: ReactNode
  readonly children: ReactNode
  /** Adds padding around the content; leave out for tables and lists that bring their own. */
  readonly padded?: boolean
  /** Grows to the height that is left. */
  readonly fill?: boolean
  /** Name for assistive technology where there is no visible title. */
  readonly label?: string
  readonly className?: string | undefined
}

/** A bordered part of a page with an optional title line. Panels do not nest. */
export function Panel(props: PanelProps) {
  const { title, meta, actions, children, padded = false, fill = false, label } = props
  const id = useId()
  const frame = [classes.panel, fill && classes.fill, props.className].filter(Boolean).join(' ')
  return (
    <section
      className={frame}
      {...(title ? { 'aria-labelledby': id } : label ? { 'aria-label': label } : {})}
    >
      {title && (
        <div className={classes.panelHeader}>
          <h2 id={id}>{title}</h2>
          {meta && <span className={classes.panelMeta}>{meta}</span>}
          {actions && <div className={classes.panelActions}>{actions}</div>}
        </div>
      )}
      {padded ? <div className={classes.body}>{children}</div> : children}
    </section>
  )
}
