import type { DeviceType, RuleDocument, Site } from '@pulse/contract'

/** A device to be registered. */
export interface PlannedDevice {
  readonly key: string
  readonly name: string
  readonly type: string
  readonly site: string
  readonly tags: Readonly<Record<string, string>>
}

/** Everything that a demo tenant holds, as data: register it, then start the fleet on it. */
export interface FleetPlan {
  readonly sites: readonly Site[]
  readonly deviceTypes: readonly DeviceType[]
  readonly devices: readonly PlannedDevice[]
  readonly rules: readonly RuleDocument[]
  /** Where alerts go; its URL is that of whichever receiver runs. */
  readonly destination: { readonly key: string; readonly name: string; readonly kind: 'webhook' }
}

const sites: readonly Site[] = [
  { key: 'dallas-2', name: 'Dallas 2', lat: 32.9, lon: -96.95 },
  { key: 'reno-1', name: 'Reno 1', lat: 39.53, lon: -119.49 },
  { key: 'ashburn', name: 'Ashburn', lat: 39.04, lon: -77.49 },
]

const metric = (name: string, title: string, unit?: string) => ({
  name,
  title,
  ...(unit !== undefined && { unit }),
})

/** Short thresholds: the demo's devices report every few seconds. */
const patience = { staleAfterS: 30, offlineAfterS: 75 }

const deviceTypes: readonly DeviceType[] = [
  {
    key: 'ups',
    name: 'UPS',
    ...patience,
    metrics: [
      metric('internalTempC', 'Internal temperature', '°C'),
      metric('loadPct', 'Load', '%'),
      metric('batteryPct', 'Battery', '%'),
      metric('inputV', 'Input voltage', 'V'),
      metric('onBattery', 'On battery'),
      metric('runtimeS', 'Runtime left', 's'),
    ],
  },
  {
    key: 'rack',
    name: 'Rack sensor',
    ...patience,
    metrics: [
      metric('tempC', 'Temperature', '°C'),
      metric('humidityPct', 'Humidity', '%'),
      metric('airflowMs', 'Airflow', 'm/s'),
      metric('doorOpen', 'Door open'),
    ],
  },
  {
    key: 'gateway',
    name: 'Gateway',
    ...patience,
    metrics: [
      metric('cpuPct', 'CPU', '%'),
      metric('memPct', 'Memory', '%'),
      metric('uplinkRssiDbm', 'Uplink signal', 'dBm'),
      metric('queued', 'Queued readings'),
    ],
  },
  {
    key: 'environment',
    name: 'Environmental monitor',
    ...patience,
    metrics: [
      metric('tempC', 'Temperature', '°C'),
      metric('humidityPct', 'Humidity', '%'),
      metric('dewPointC', 'Dew point', '°C'),
      metric('leak', 'Leak'),
    ],
  },
  {
    key: 'meter',
    name: 'Utility meter',
    ...patience,
    metrics: [
      metric('kW', 'Power', 'kW'),
      metric('kWh', 'Energy', 'kWh'),
      metric('pf', 'Power factor'),
    ],
  },
  {
    key: 'machine',
    name: 'Machine',
    ...patience,
    metrics: [metric('temperature', 'Component temperature')],
  },
]

const place = (row: string, position: number) => ({ env: 'prod', row, rack: `${row}-${position}` })

const device = (
  site: string,
  type: string,
  [key, name]: readonly [string, string],
  tags: Readonly<Record<string, string>> = { env: 'prod' },
): PlannedDevice => ({ key, name, type, site, tags })

const devices: readonly PlannedDevice[] = [
  device('dallas-2', 'ups', ['ups-0041', 'UPS 41, row C'], place('C', 1)),
  device('dallas-2', 'ups', ['ups-0042', 'UPS 42, row C'], place('C', 14)),
  device('dallas-2', 'ups', ['ups-0043', 'UPS 43, row D'], place('D', 1)),
  device('dallas-2', 'rack', ['rack-0101', 'Rack C-2'], place('C', 2)),
  device('dallas-2', 'rack', ['rack-0102', 'Rack C-3'], place('C', 3)),
  device('dallas-2', 'rack', ['rack-0103', 'Rack C-4'], place('C', 4)),
  device('dallas-2', 'rack', ['rack-0104', 'Rack D-2'], place('D', 2)),
  device('dallas-2', 'rack', ['rack-0105', 'Rack D-3'], place('D', 3)),
  device('dallas-2', 'gateway', ['gw-0001', 'Gateway Dallas A']),
  device('dallas-2', 'gateway', ['gw-0002', 'Gateway Dallas B'], { env: 'staging' }),
  device('dallas-2', 'environment', ['env-0011', 'Cooling plant Dallas']),
  device('dallas-2', 'meter', ['meter-0001', 'Main feed Dallas']),
  device('reno-1', 'ups', ['ups-0012', 'UPS 12, row A'], place('A', 1)),
  device('reno-1', 'ups', ['ups-0013', 'UPS 13, row B'], place('B', 1)),
  device('reno-1', 'rack', ['rack-0106', 'Rack A-2'], place('A', 2)),
  device('reno-1', 'rack', ['rack-0107', 'Rack A-3'], place('A', 3)),
  device('reno-1', 'rack', ['rack-0108', 'Rack B-2'], place('B', 2)),
  device('reno-1', 'rack', ['rack-0109', 'Rack B-3'], place('B', 3)),
  device('reno-1', 'gateway', ['gw-0005', 'Gateway Reno, LTE-M']),
  device('reno-1', 'environment', ['env-0021', 'Hall monitor Reno']),
  device('reno-1', 'meter', ['meter-0002', 'Main feed Reno']),
  device('reno-1', 'machine', ['machine-01', 'Press 1'], { env: 'prod', line: '1' }),
  device('ashburn', 'ups', ['ups-0021', 'UPS 21, row A'], place('A', 1)),
  device('ashburn', 'ups', ['ups-0022', 'UPS 22, row A'], place('A', 9)),
  device('ashburn', 'rack', ['rack-0201', 'Rack A-2'], place('A', 2)),
  device('ashburn', 'rack', ['rack-0202', 'Rack A-3'], place('A', 3)),
  device('ashburn', 'rack', ['rack-0203', 'Rack A-4'], place('A', 4)),
  device('ashburn', 'rack', ['rack-0204', 'Rack A-5'], { ...place('A', 5), env: 'staging' }),
  device('ashburn', 'gateway', ['gw-0003', 'Gateway Ashburn']),
  device('ashburn', 'environment', ['env-0031', 'Hall monitor Ashburn']),
]

const destination = { key: 'ops-webhook', name: 'Operations webhook', kind: 'webhook' } as const

const common: Pick<RuleDocument, 'pulse' | 'notify'> = {
  pulse: 'rule/v1',
  notify: [destination.key],
}

const rules: readonly RuleDocument[] = [
  {
    ...common,
    key: 'ups-overheat',
    title: 'UPS overheats',
    severity: 'critical',
    kind: 'threshold',
    selector: 'type:ups',
    when: 'metrics.internalTempC > 36.0',
    forS: 5,
    clear: 'metrics.internalTempC < 32.0',
  },
  {
    ...common,
    key: 'ups-on-battery',
    title: 'UPS runs on its battery',
    severity: 'warning',
    kind: 'threshold',
    selector: 'type:ups',
    when: 'metrics.onBattery == true',
    forS: 3,
    clear: 'metrics.onBattery == false',
  },
  {
    ...common,
    key: 'ups-battery-low',
    title: 'UPS battery is low',
    severity: 'critical',
    kind: 'threshold',
    selector: 'type:ups',
    when: 'metrics.batteryPct < 65.0',
    clear: 'metrics.batteryPct > 75.0',
  },
  {
    ...common,
    key: 'silent',
    title: 'Device is silent',
    severity: 'warning',
    kind: 'absence',
    // Not whatever somebody connects to try Pulse out, and then puts away.
    selector: 'tag.env:prod',
    forS: 45,
  },
  {
    ...common,
    key: 'rack-hot',
    title: 'Rack is hot',
    severity: 'warning',
    kind: 'threshold',
    selector: 'type:rack',
    when: 'metrics.tempC > 32.0',
    forS: 10,
    clear: 'metrics.tempC < 29.0',
  },
  {
    ...common,
    key: 'leak',
    title: 'Water is leaking',
    severity: 'critical',
    kind: 'threshold',
    selector: 'type:environment',
    when: 'metrics.leak == true',
    clear: 'metrics.leak == false',
    clearForS: 10,
  },
  {
    ...common,
    key: 'machine-failure',
    title: 'Machine has failed',
    severity: 'critical',
    kind: 'threshold',
    selector: 'type:machine',
    when: 'metrics.temperature < 45.0',
    forS: 3,
    clear: 'metrics.temperature > 60.0',
  },
  {
    ...common,
    key: 'machine-cooling',
    title: 'Machine cools down',
    severity: 'info',
    kind: 'threshold',
    selector: 'type:machine',
    when: 'metrics.temperature < 55.0',
    forS: 3,
    clear: 'metrics.temperature > 65.0',
  },
]

/** The demo: thirty devices on three sites, what they measure, and the rules that watch them. */
export const demoFleet: FleetPlan = { sites, deviceTypes, devices, rules, destination }
