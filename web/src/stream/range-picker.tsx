import { Button, Menu } from '@mantine/core'
import IconChevronDown from '@tabler/icons-react/icons/IconChevronDown'
import { Chip } from '../ui/chip.tsx'
import { presets } from './range.ts'
import type { PageRange } from './use-range.ts'

/** Chooses the window of a page, and whether it follows now. */
export function RangePicker({ page }: { readonly page: PageRange }) {
  const label = page.live ? page.preset.label : 'Custom'
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            size="compact-xs"
            rightSection={<IconChevronDown size={14} stroke={1.6} />}
            aria-label={`Range: ${label}`}
          >
            {label}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {presets.map((preset) => (
            <Menu.Item key={preset.key} onClick={() => page.choose(preset.key)}>
              {preset.label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Chip active={page.live} onClick={() => page.setLive(!page.live)}>
        Live
      </Chip>
    </>
  )
}
