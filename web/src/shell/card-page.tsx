import type { ReactNode } from 'react'
import { ApiProblem } from '../session/problem.ts'
import classes from './card-page.module.css'
import { Logo } from './logo.tsx'

interface CardPageProps {
  readonly title: string
  readonly children: ReactNode
}

/** A page without the frame: for those who are not signed in yet. */
export function CardPage({ title, children }: CardPageProps) {
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <p className={classes.brand}>
          <Logo />
          Pulse
        </p>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  )
}

/** What went wrong on such a page, and what to do. */
export function CardProblem({ error }: { readonly error: unknown }) {
  const { title, detail, remedy, code, requestId } = ApiProblem.of(error)
  return (
    <div className={classes.refusal} role="alert">
      <p>
        <b>{title}</b>
      </p>
      {detail && <p>{detail}</p>}
      <p>{remedy}</p>
      <p className={`mono ${classes.code}`}>
        {code}
        {requestId && ` · request ${requestId}`}
      </p>
    </div>
  )
}
