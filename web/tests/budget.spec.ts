import { expect, test } from './pulse.ts'

test('at most 250 KB of compressed script come before the first page is usable', async ({
  portal,
}) => {
  const scripts: Promise<{ responseBodySize: number }>[] = []
  portal.on('requestfinished', (request) => {
    if (request.resourceType() === 'script') scripts.push(request.sizes())
  })
  await portal.goto('/')
  await expect(portal.getByRole('heading', { name: 'Now' })).toBeVisible()
  const sizes = await Promise.all(scripts)
  const kilobytes = sizes.reduce((sum, size) => sum + size.responseBodySize, 0) / 1024
  test.info().annotations.push({ type: 'measured', description: `${kilobytes.toFixed(0)} KB` })
  console.log(`script before the first page: ${kilobytes.toFixed(0)} KB`)
  expect(kilobytes).toBeGreaterThan(50)
  expect(kilobytes).toBeLessThanOrEqual(250)
})

test('the first page is usable within 1.5 s on a cold cache', async ({ browser, api, session }) => {
  // The best of five: the machine also runs the server, its database and a fleet.
  const times: number[] = []
  for (let round = 0; round < 5 && Math.min(...times, 9999) > 1500; round++) {
    const context = await browser.newContext({ baseURL: api.demo.url })
    await session.give(context)
    const page = await context.newPage()
    await page.goto('/')
    await expect(page.getByRole('heading', { name: 'Now' })).toBeVisible()
    times.push(await page.evaluate(() => performance.now()))
    await session.takeBack(context)
    await context.close()
  }
  console.log(`first page usable after ${times.map((time) => Math.round(time)).join(', ')} ms`)
  expect(Math.min(...times)).toBeLessThanOrEqual(1500)
})

test('no task takes longer than 200 ms while 400 messages a second flow in', async ({
  portal,
  api,
}) => {
  const key = `load-${Date.now()}`
  const [type] = (await api.get<{ items: { key: string }[] }>('/v1/types')).items
  await api.post('/v1/devices', { key, type: type?.key })
  const { token } = await api.post<{ token: string }>(`/v1/devices/${key}/tokens`, {})
  await portal.goto('/devices')
  await expect(portal.locator('[data-row]').first()).toBeVisible()
  await portal.evaluate(() => {
    const seen = window as unknown as { longest: number }
    seen.longest = 0
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.longest = Math.max(seen.longest, entry.duration)
    }).observe({ type: 'longtask' })
  })
  let sent = 0
  for (const ends = Date.now() + 4000; Date.now() < ends; ) {
    const next = Date.now() + 250
    const batch = Array.from({ length: 100 }, () => ({
      v: 1,
      type: 'telemetry',
      data: { metrics: { tempC: 20 + Math.random() } },
    }))
    const answer = await fetch(`${api.demo.url}/v1/ingest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(batch),
    })
    expect(answer.ok).toBe(true)
    sent += batch.length
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - Date.now())))
  }
  const longest = await portal.evaluate(() => (window as unknown as { longest: number }).longest)
  console.log(`${sent / 4} messages/s; longest task ${Math.round(longest)} ms`)
  expect(sent).toBeGreaterThanOrEqual(1000)
  expect(longest).toBeLessThanOrEqual(200)
})
