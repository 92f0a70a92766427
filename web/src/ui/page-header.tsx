import type { ReactNode } from 'react'
import classes from './page.module.css'

interface PageProps {
  readonly children: ReactNode
}

/** The frame of a page: padding and the gaps between its parts. */
export function Page({ children }: PageProps) {
  return <div className={classes.page}>{children}</div>
}

interface PageHeaderProps {
  readonly title: ReactNode
  /** Beside the title: counts, status, chips. */
  readonly meta?: ReactNode
  /** Buttons at the right. */
  readonly actions?: ReactNode
  /** Links above the title, such as Devices › Dallas 2. */
  readonly crumbs?: ReactNode
}

/** Title line of a page; holds its only `h1`. */
export function PageHeader({ title, meta, actions, crumbs }: PageHeaderProps) {
  return (
    <header>
      {crumbs && (
        <nav aria-label="Breadcrumb" className={classes.crumbs}>
          {crumbs}
        </nav>
      )}
      <div className={classes.header}>
        <h1>{title}</h1>
        {meta && <div className={classes.meta}>{meta}</div>}
        {actions && <div className={classes.actions}>{actions}</div>}
      </div>
    </header>
  )
}
