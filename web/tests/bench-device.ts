import type { Api } from './pulse.ts'

/** A device of a test's own, which sends by HTTP. */
export interface BenchDevice {
  readonly key: string
  readonly token: string
  /** Sends one telemetry message; `ts` in epoch milliseconds. */
  readonly send: (metrics: object, ts?: number) => Promise<void>
  /** Sends whatever is given, as it is. */
  readonly sendRaw: (body: string) => Promise<void>
}

let count = 0

/** Registers a device with a token. Keys differ from run to run. */
export async function benchDevice(
  api: Api,
  options: { readonly name?: string; readonly type?: string } = {},
): Promise<BenchDevice> {
  const { name = 'Bench device', type = 'ups' } = options
  const key = `bench-${Date.now().toString(36)}-${count++}`
  await api.post('/v1/devices', { key, name, type, site: 'reno-1' })
  const { token } = await api.post<{ token: string }>(`/v1/devices/${key}/tokens`, {})
  const sendRaw = async (body: string) => {
    await fetch(`${api.demo.url}/v1/ingest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
    })
  }
  const send = (metrics: object, ts = Date.now()) =>
    sendRaw(
      JSON.stringify({
        v: 1,
        type: 'telemetry',
        ts: new Date(ts).toISOString(),
        data: { metrics },
      }),
    )
  return { key, token, send, sendRaw }
}

/** Makes a UPS overheat for longer than its rule allows, with the past that led there. */
export async function overheat(device: BenchDevice) {
  const now = Date.now()
  for (let second = 120; second > 20; second -= 10) {
    await device.send({ internalTempC: 25 + (second % 3), loadPct: 40 }, now - second * 1000)
  }
  for (let second = 20; second >= 0; second -= 4) {
    await device.send({ internalTempC: 44 - second / 4, loadPct: 42 }, now - second * 1000)
  }
}
