import { ApiProblem } from '../session/problem.ts'
import classes from './states.module.css'
import { problemWords } from './toast-problem.ts'

/** Why a form was refused, at its end: what, what to do, and the code. Nothing without an error. */
export function FormProblem({ error }: { readonly error: unknown }) {
  if (!error) return null
  return (
    <p role="alert" className={classes.problem}>
      {problemWords(error)} <span className="mono">{ApiProblem.of(error).code}</span>
    </p>
  )
}
