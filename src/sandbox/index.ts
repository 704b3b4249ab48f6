export { integration, person } from './hubspot/direct.js';
export type { Fault } from './hubspot/faults.js';
export type { CommonEffect, CommonFault, Faults } from './kit/faults.js';
export type { HubSpotSandbox } from './hubspot/handle.js';
export { startHubSpotSandbox, type HubSpotSandboxOptions } from './hubspot/sandbox.js';
export { seedMessy } from './hubspot/seed/seed.js';
export { strangerOf, turnAway } from './kit/gate.js';
export { createRandom, type Random } from './kit/random.js';
export type * from './sandbox.js';
