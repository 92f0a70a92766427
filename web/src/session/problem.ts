import { type Problem, problem } from '@pulse/contract'

/** A refusal of the API, or what stands in for one when no answer came. */
export class ApiProblem extends Error {
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string | undefined
  readonly remedy: string
  readonly requestId: string
  readonly fields: readonly { readonly path: string; readonly message: string }[]

  constructor(said: Problem, options?: ErrorOptions) {
    super(said.detail ?? said.title, options)
    this.name = 'ApiProblem'
    this.title = said.title
    this.status = said.status
    this.code = said.code
    this.detail = said.detail
    this.remedy = said.remedy
    this.requestId = said.requestId
    this.fields = said.fields ?? []
  }

  /** Any error as a problem, so that a page can always say what and what to do. */
  static of(error: unknown): ApiProblem {
    if (error instanceof ApiProblem) return error
    const detail = error instanceof Error ? error.message : String(error)
    return local('portal.fault', 'The portal made a mistake.', {
      detail,
      remedy: 'Reload the page. If it happens again, report the code and what you did.',
      cause: error,
    })
  }
}

interface LocalProblem {
  readonly remedy: string
  readonly detail?: string
  readonly cause?: unknown
}

/** A problem found on this side of the wire. */
export function local(code: string, title: string, more: LocalProblem): ApiProblem {
  const { remedy, detail, cause } = more
  const said = { type: 'about:blank', title, status: 0, code, remedy, requestId: '' }
  return new ApiProblem(detail === undefined ? said : { ...said, detail }, { cause })
}

/** Reads the body of a refused request; anything but a problem (a proxy's page) becomes one. */
export async function readProblem(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => undefined)
  const parsed = problem.safeParse(body)
  if (parsed.success) return new ApiProblem(parsed.data)
  return local('portal.bad-answer', `The server answered ${response.status} without a reason.`, {
    remedy: 'Try again. If it happens again, look into the server’s log at this time.',
  })
}
