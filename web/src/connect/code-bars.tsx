import { formatCount } from '../ui/format.ts'
import { Panel } from '../ui/panel.tsx'
import { codeWords } from './rejection-words.ts'
import classes from './rejections.module.css'

interface CodeBarsProps {
  readonly counts: readonly { readonly code: string; readonly count: number }[]
  readonly selected: string | undefined
  readonly onSelect: (code: string | undefined) => void
}

/** How often each code was given in the last hour; a bar chooses its code for the list. */
export function CodeBars({ counts, selected, onSelect }: CodeBarsProps) {
  const sorted = counts.toSorted((a, b) => b.count - a.count)
  const most = sorted[0]?.count ?? 1
  const total = counts.reduce((sum, each) => sum + each.count, 0)
  return (
    <Panel title="Last hour" meta={`${formatCount(total)} refused`} padded>
      {sorted.length === 0 && <p className="muted">Nothing was refused in the last hour.</p>}
      <ul className={classes.bars}>
        {sorted.map(({ code, count }) => (
          <li key={code}>
            <button
              type="button"
              className={classes.bar}
              aria-pressed={code === selected}
              onClick={() => onSelect(code === selected ? undefined : code)}
            >
              <span className={`mono ${classes.code}`}>{code}</span>
              <span className={classes.words}>{codeWords(code)}</span>
              <span className={classes.track}>
                <span className={classes.fill} style={{ width: `${(100 * count) / most}%` }} />
              </span>
              <span className={classes.count}>{formatCount(count)}</span>
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
