import { Fragment, type ReactNode } from 'react'
import classes from './data-table.module.css'
import { ErrorState, Skeleton } from './states.tsx'
import { TableHead } from './table-head.tsx'
import { useRowCursor } from './use-row-cursor.ts'
import { ROW_HEIGHT, useRowWindow } from './use-row-window.ts'

/** A column: its title, and how a row's cell looks. */
export interface Column<Row> {
  readonly key: string
  readonly title: string
  readonly cell: (row: Row) => ReactNode
  /** Aligned at the end, for numbers. */
  readonly end?: boolean
  /** CSS width at least; columns without one share what is left. */
  readonly width?: string
  /** Takes what the others leave, and cuts its text rather than push them out. */
  readonly grow?: boolean
  /** Values of `sort` for rising and falling order; `down` may be left out. */
  readonly sort?: { readonly up: string; readonly down?: string }
  /** Left out below 900 px or below 640 px. */
  readonly hideBelow?: 900 | 640
}

/** Why there are no rows yet. Rows that are there are shown whatever this says. */
export interface TableSource {
  readonly isPending: boolean
  readonly error: Error | null
  readonly refetch: () => unknown
}

export interface DataTableProps<Row> {
  /** Name for assistive technology. */
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  /** Enter and click on a row; without it rows do nothing. */
  readonly onOpen?: (row: Row) => void
  /** Key of the row with the cursor; without it the table keeps its own. */
  readonly selected?: string | undefined
  readonly onSelect?: (row: Row) => void
  readonly sort?: string | undefined
  readonly onSort?: (sort: string) => void
  /** Shown when there is nothing. */
  readonly empty: ReactNode
  readonly source?: TableSource
  /** Draws a heading row above the first row of each group. */
  readonly groupOf?: (row: Row) => { readonly key: string; readonly title: ReactNode }
  /** How many grey rows stand for what loads; fewer where something stands below. */
  readonly skeletonRows?: number
  /** False where another table of the page has j, k and Enter. */
  readonly hotkeys?: boolean
}

/**
 * A table with sticky header, row cursor (j, k, Enter) and the states loading, empty and error.
 * Past 150 rows only what is near the viewport is drawn; rows are 36 px high.
 */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, source, skeletonRows = 12 } = props
  if (rows.length === 0 && source?.error) {
    return <ErrorState error={source.error} onRetry={() => void source.refetch()} />
  }
  const pending = rows.length === 0 && source?.isPending
  if (rows.length === 0 && !pending) return props.empty
  return (
    <div className={classes.scroll}>
      <table className={classes.table} aria-label={label} aria-busy={pending ? true : undefined}>
        <TableHead columns={columns} sort={props.sort} onSort={props.onSort} />
        {pending ? <SkeletonBody columns={columns} rows={skeletonRows} /> : <Body {...props} />}
      </table>
    </div>
  )
}

const hideClass = <Row,>(column: Column<Row>) =>
  column.hideBelow === 900 ? classes.wide : column.hideBelow === 640 ? classes.narrow : ''

interface SkeletonBodyProps<Row> {
  readonly columns: readonly Column<Row>[]
  readonly rows: number
}

function SkeletonBody<Row>({ columns, rows }: SkeletonBodyProps<Row>) {
  return (
    <tbody>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: grey rows have no identity
        <tr key={row}>
          {columns.map((column) => (
            <td key={column.key} className={hideClass(column)}>
              <Skeleton width={column.end ? 48 : `${45 + ((row * 13) % 40)}%`} />
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  )
}

function Body<Row>(props: DataTableProps<Row>) {
  const { columns, rows, rowKey, onOpen, groupOf } = props
  const cursor = useRowCursor(props)
  const shown = useRowWindow(rows.length, groupOf === undefined)
  return (
    <tbody ref={shown.ref}>
      <Spacer rows={shown.from} columns={columns.length} />
      {rows.slice(shown.from, shown.to).map((row, offset) => {
        const key = rowKey(row)
        const previous = rows[shown.from + offset - 1]
        const group = groupOf?.(row)
        const begins = group && (!previous || groupOf?.(previous).key !== group.key)
        const selected = key === cursor.key
        return (
          <Fragment key={key}>
            {begins && (
              <tr className={classes.group}>
                <td colSpan={columns.length}>{group.title}</td>
              </tr>
            )}
            <tr
              data-row={key}
              tabIndex={-1}
              aria-selected={selected || undefined}
              className={`${selected ? classes.selected : ''} ${onOpen ? classes.opens : ''}`}
              onClick={(event) => cursor.click(row, event)}
            >
              <Cells row={row} columns={columns} />
            </tr>
          </Fragment>
        )
      })}
      <Spacer rows={rows.length - shown.to} columns={columns.length} />
    </tbody>
  )
}

interface CellsProps<Row> {
  readonly row: Row
  readonly columns: readonly Column<Row>[]
}

function Cells<Row>({ row, columns }: CellsProps<Row>) {
  return columns.map((column) => {
    const names = [column.end && classes.end, column.grow && classes.grow, hideClass(column)]
    return (
      <td key={column.key} className={names.filter(Boolean).join(' ')}>
        {column.cell(row)}
      </td>
    )
  })
}

function Spacer({ rows, columns }: { readonly rows: number; readonly columns: number }) {
  if (rows <= 0) return null
  return (
    <tr className={classes.spacer}>
      <td colSpan={columns} style={{ height: rows * ROW_HEIGHT }} />
    </tr>
  )
}
