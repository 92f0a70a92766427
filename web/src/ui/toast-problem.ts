import { ApiProblem } from '../session/problem.ts'
import { toast } from './toast.ts'

/** What was refused, why in this case, and what to do, in one line. */
export function problemWords(error: unknown): string {
  const { title, detail, remedy } = ApiProblem.of(error)
  return [title, detail, remedy].filter((part) => part && part !== '').join(' ')
}

/** Says in a toast that something failed; `before` names what: "Not replayed." */
export const toastProblem = (error: unknown, before = '') =>
  toast({ tone: 'critical', text: `${before} ${problemWords(error)}`.trim() })
