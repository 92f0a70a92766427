import { asPipeline, type Clock, manualClock } from '#platform'
import { type TestDatabase, testLog, testTokens } from '../testing/index.ts'
import type { Act } from './act.ts'
import type { NewDevice } from './devices.ts'
import { createRegistry, type Registry, type RegistryDeps } from './registry.ts'

/** A registry over a test's database, as production wires it, with two tenants. */
export interface TestRegistry {
  readonly registry: Registry
  readonly demo: Act
  readonly other: Act
}

export const startMs = Date.parse('2026-11-23T20:00:00.000Z')

export async function testRegistry(
  db: TestDatabase,
  clock: Clock = manualClock(startMs),
  more: Partial<RegistryDeps> = {},
): Promise<TestRegistry> {
  const registry = createRegistry({
    app: db.as('pulse_app'),
    pipeline: asPipeline(db.as('pulse_pipeline')),
    clock,
    log: testLog,
    identity: testTokens(startMs),
    ...more,
  })
  const act = async (key: string): Promise<Act> => {
    const actor = { kind: 'system', id: 'test' } as const
    const { id } = await registry.tenants.createTenant({ key, name: `Tenant ${key}` }, actor)
    const made = { tenant: id, actor }
    await registry.devices.registerSite(made, {
      key: 'dal-2',
      name: 'Dallas 2',
      lat: 32.8,
      lon: -96.8,
    })
    await registry.devices.registerSite(made, { key: 'muc', name: 'MÜNCHEN', lat: null, lon: null })
    for (const [type, name] of [
      ['ups', 'UPS'],
      ['gateway', 'Gateway'],
    ] as const) {
      const metrics = [{ name: 'tempC', title: 'Temperature', unit: '°C' }]
      await registry.devices.registerType(made, {
        key: type,
        name,
        staleAfterS: 90,
        offlineAfterS: 300,
        metrics,
      })
    }
    return made
  }
  return { registry, demo: await act('demo'), other: await act('other') }
}

/** A device of a test: what is left out does not matter to it. */
export const aDevice = (key: string, facts: Partial<NewDevice> = {}): NewDevice => ({
  key,
  type: 'ups',
  ...facts,
})
