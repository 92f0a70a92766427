import IconArrowDown from '@tabler/icons-react/icons/IconArrowDown'
import IconArrowUp from '@tabler/icons-react/icons/IconArrowUp'
import classes from './data-table.module.css'
import type { Column } from './data-table.tsx'

interface TableHeadProps<Row> {
  readonly columns: readonly Column<Row>[]
  readonly sort: string | undefined
  readonly onSort: ((sort: string) => void) | undefined
}

/** The header of a table; columns that sort are buttons and say their order. */
export function TableHead<Row>({ columns, sort, onSort }: TableHeadProps<Row>) {
  return (
    <thead>
      <tr>
        {columns.map((column) => {
          const order = orderOf(column, sort)
          const names = [
            column.end && classes.end,
            column.hideBelow === 900 && classes.wide,
            column.hideBelow === 640 && classes.narrow,
          ]
          return (
            <th
              key={column.key}
              scope="col"
              className={names.filter(Boolean).join(' ')}
              style={column.width ? { width: column.width, minWidth: column.width } : undefined}
              aria-sort={order}
            >
              {column.sort && onSort ? (
                <SortButton column={column} order={order} onSort={onSort} />
              ) : (
                column.title
              )}
            </th>
          )
        })}
      </tr>
    </thead>
  )
}

type Order = 'ascending' | 'descending' | undefined

function orderOf<Row>(column: Column<Row>, sort: string | undefined): Order {
  if (!column.sort || sort === undefined) return undefined
  if (sort === column.sort.up) return 'ascending'
  return sort === column.sort.down ? 'descending' : undefined
}

interface SortButtonProps<Row> {
  readonly column: Column<Row>
  readonly order: Order
  readonly onSort: (sort: string) => void
}

function SortButton<Row>({ column, order, onSort }: SortButtonProps<Row>) {
  const { up = '', down } = column.sort ?? {}
  const next = order === 'ascending' && down !== undefined ? down : up
  const Arrow = order === 'descending' ? IconArrowDown : IconArrowUp
  return (
    <button
      type="button"
      className={`${classes.sort} ${order ? classes.sorted : ''}`}
      onClick={() => onSort(next)}
    >
      {column.title}
      {order && <Arrow size={12} stroke={1.6} aria-hidden="true" />}
    </button>
  )
}
