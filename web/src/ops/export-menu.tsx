import { Button, Menu } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { saveFile } from '../ui/save-file.ts'
import { toastProblem } from '../ui/toast-problem.ts'
import type { AuditFilter } from './audit-filter.ts'
import { type AuditLog, exportAudit } from './queries.ts'

const formats = [
  { format: 'ndjson', title: 'NDJSON', what: 'a line of JSON for each entry, with its seal' },
  { format: 'csv', title: 'CSV', what: 'for a spreadsheet' },
] as const

interface ExportMenuProps {
  readonly log: AuditLog
  readonly filter: AuditFilter
}

/** Everything that the filters let through, as a file. */
export function ExportMenu({ log, filter }: ExportMenuProps) {
  const { mutate, isPending } = useMutation({
    mutationFn: (format: 'ndjson' | 'csv') => exportAudit(log, filter, format),
    onSuccess: (content, format) => {
      const day = new Date().toISOString().slice(0, 10)
      saveFile(`audit-${day}.${format}`, content)
    },
    onError: (error) => toastProblem(error, 'Not exported.'),
  })
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target>
        <Button loading={isPending}>Export ▾</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {formats.map(({ format, title, what }) => (
          <Menu.Item key={format} onClick={() => mutate(format)}>
            {title} <span className="muted">{what}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
