/** Fleet: the list, the device page, the timeline and the overview, composed of what lies below. */
export { createFleet, type Fleet, type FleetDeps } from './fleet.ts'
export { fleetRoutes } from './routes.ts'
export { type Sampler, startSampler } from './sampler.ts'
export type { DeliveryStats, DeviceRange, FleetSources, TrafficCount } from './sources.ts'
