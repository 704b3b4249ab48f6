export { createRandom, type Random } from './random.js';
export { integration, person, type DirectMutation, type TrueLink, type TrueRecord } from './hubspot/direct.js';
export type { Fault } from './hubspot/faults.js';
export type { HubSpotSandbox } from './hubspot/handle.js';
export { startHubSpotSandbox, type HubSpotSandboxOptions } from './hubspot/sandbox.js';
export { seedMessy, type SeededIds } from './hubspot/seed/seed.js';
