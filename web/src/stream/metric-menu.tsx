import { Button, Menu } from '@mantine/core'
import IconChevronDown from '@tabler/icons-react/icons/IconChevronDown'
import type { MetricInfo } from './metric-lines.ts'

interface MetricMenuProps {
  readonly all: readonly MetricInfo[]
  readonly shown: readonly string[]
  readonly onChoose: (names: readonly string[]) => void
}

/**
 * Chooses the metrics of one chart. Metrics of the same unit can stand together; one of another
 * unit takes the place of all, since one axis cannot tell two units.
 */
export function MetricMenu({ all, shown, onChoose }: MetricMenuProps) {
  if (all.length < 2) return null
  const label = shown.length === 1 ? (titleOf(all, shown[0]) ?? '') : `${shown.length} metrics`
  const pick = (info: MetricInfo) => {
    const unit = all.find((each) => each.name === shown[0])?.unit
    if (shown.includes(info.name)) {
      if (shown.length > 1) onChoose(shown.filter((name) => name !== info.name))
      return
    }
    const together = unit !== undefined && unit === info.unit
    onChoose(together ? [...shown, info.name] : [info.name])
  }
  return (
    <Menu position="bottom-end" closeOnItemClick={false}>
      <Menu.Target>
        <Button
          size="compact-xs"
          rightSection={<IconChevronDown size={14} stroke={1.6} />}
          aria-label={`Metric: ${label}`}
        >
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflowY: 'auto' }}>
        {all.map((info) => (
          <Menu.CheckboxItem
            key={info.name}
            checked={shown.includes(info.name)}
            onChange={() => pick(info)}
            rightSection={<span className="muted">{info.unit}</span>}
          >
            {info.title}
          </Menu.CheckboxItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

const titleOf = (all: readonly MetricInfo[], name: string | undefined) =>
  all.find((info) => info.name === name)?.title
