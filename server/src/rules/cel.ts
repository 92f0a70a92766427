import { type ASTNode, Environment } from '@marcbachmann/cel-js'
import { refuse } from './errors.ts'

/** A node of a checked expression. */
export type Ast = ASTNode

// The library computes an int with an int only; here numbers mix, so its checker is told that
// these exist. Its evaluator is never run: see compile.ts.
const neverRun = () => {
  throw new Error('conditions are compiled, not interpreted')
}

function environment(): Environment {
  const env = new Environment({
    homogeneousAggregateLiterals: false,
    limits: {
      maxAstNodes: 200,
      maxDepth: 24,
      maxListElements: 64,
      maxMapEntries: 0,
      maxCallArguments: 2,
    },
  })
  for (const op of ['+', '-', '*', '/', '%']) {
    env.registerOperator(`int ${op} double`, neverRun)
    env.registerOperator(`double ${op} int`, neverRun)
  }
  env.registerOperator('double % double', neverRun)
  env.registerOperator('int == double', neverRun)
  return env.registerVariable('metrics', 'map').registerVariable('device', 'map')
}

const env = environment()

/**
 * Reads and checks a condition: CEL over `metrics` and `device`, bounded in size and depth.
 * @throws `rules.bad-rule` that names `field` and what is wrong with it
 */
export function parseCondition(text: string, field: string): Ast {
  let type: string | undefined
  let ast: Ast
  try {
    const parsed = env.parse(text)
    const checked = parsed.check()
    if (!checked.valid) throw checked.error ?? new Error('it does not type-check')
    ast = parsed.ast
    type = checked.type
  } catch (error) {
    throw refuse.badRule({ detail: `${field}: ${summary(error)}.`, cause: error })
  }
  if (type !== 'bool' && type !== 'dyn') {
    throw refuse.badRule({ detail: `${field}: a condition is true or false, this one is ${type}.` })
  }
  return ast
}

// The first line: the library draws the place under it, which needs a fixed-width font.
function summary(error: unknown): string {
  const { summary, message } = error as { summary?: string; message?: string }
  return (summary ?? message ?? 'it cannot be read').split('\n', 1)[0] as string
}
