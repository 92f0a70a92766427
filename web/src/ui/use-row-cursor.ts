import { type MouseEvent, useState } from 'react'
import type { DataTableProps } from './data-table.tsx'
import { useHotkeys } from './hotkeys.ts'

interface RowCursor<Row> {
  readonly key: string | undefined
  readonly click: (row: Row, event: MouseEvent) => void
}

/** The row cursor of a table: j and k move it, Enter opens its row. */
export function useRowCursor<Row>(props: DataTableProps<Row>): RowCursor<Row> {
  const { rows, rowKey, onOpen, onSelect, hotkeys = true } = props
  const [own, setOwn] = useState<string>()
  const key = props.onSelect ? props.selected : own
  const index = rows.findIndex((row) => rowKey(row) === key)

  const select = (row: Row) => {
    setOwn(rowKey(row))
    onSelect?.(row)
  }
  const move = (step: number) => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, index + step))]
    if (next === undefined) return
    select(next)
    focusRow(rowKey(next))
  }
  const open = () => {
    const row = rows[index]
    if (row !== undefined) onOpen?.(row)
  }
  const keys = [
    { keys: 'j', label: 'Next row', run: () => move(1) },
    { keys: 'k', label: 'Previous row', run: () => move(-1) },
    ...(onOpen ? [{ keys: 'Enter', label: 'Open the row', run: open }] : []),
  ]
  useHotkeys(hotkeys ? keys : [])

  const click = (row: Row, event: MouseEvent) => {
    if ((event.target as Element).closest('a, button, input, label')) return
    if (window.getSelection()?.type === 'Range') return
    if (onSelect) onSelect(row)
    else setOwn(rowKey(row))
    onOpen?.(row)
  }
  return { key, click }
}

function focusRow(key: string) {
  const row = document.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"]`)
  row?.focus({ preventScroll: true })
  row?.scrollIntoView({ block: 'nearest' })
}
