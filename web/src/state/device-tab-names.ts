/** The parts of the device page, in the order of its tabs. */
export const deviceTabs = [
  { key: 'timeline', title: 'Timeline' },
  { key: 'metrics', title: 'Metrics' },
  { key: 'alerts', title: 'Alerts' },
  { key: 'commands', title: 'Commands' },
  { key: 'tail', title: 'Live tail' },
  { key: 'credentials', title: 'Credentials' },
  { key: 'messages', title: 'Messages' },
] as const
export type DeviceTab = (typeof deviceTabs)[number]['key']

/** The tab that the URL names; anything else is the timeline. */
export const tabOf = (value: unknown): DeviceTab =>
  deviceTabs.find((tab) => tab.key === value)?.key ?? 'timeline'
